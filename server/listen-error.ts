/** sysexits' EX_UNAVAILABLE: the port is taken, the address is not ours. */
export const EXIT_UNAVAILABLE = 69;

/** A port or address that cannot be had, with a sentence for the operator. */
export class ListenError extends Error {
  readonly exitCode = EXIT_UNAVAILABLE;
}

/** Why listening failed, in words; what is no such failure is thrown on as it is. */
export function explainListenFailure(error: unknown, what: string, host: string, port: number): never {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const reason = typeof code === 'string' ? REASONS[code] : undefined;
  if (!reason) throw error;
  throw new ListenError(`${what} cannot listen on ${host}:${port}: ${reason}`, { cause: error });
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use by another process; end that one, or choose another port',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'the system does not allow this port to this user',
  ENOTFOUND: 'the host name has no address',
};
