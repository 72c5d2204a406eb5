/** What a client may say. */
export const CLIENT_COMMANDS = [
  'CONNECT',
  'STOMP',
  'SEND',
  'SUBSCRIBE',
  'UNSUBSCRIBE',
  'ACK',
  'NACK',
  'BEGIN',
  'COMMIT',
  'ABORT',
  'DISCONNECT',
] as const;

export type ClientCommand = (typeof CLIENT_COMMANDS)[number];

/** What a server may say. */
export const SERVER_COMMANDS = ['CONNECTED', 'MESSAGE', 'RECEIPT', 'ERROR'] as const;

export type ServerCommand = (typeof SERVER_COMMANDS)[number];

/** Octets of the longest word a client can start a frame with. */
export const LONGEST_CLIENT_COMMAND = Math.max(...CLIENT_COMMANDS.map((command) => command.length));

/** By length, so that one or two comparisons decide. */
const byLength: ReadonlyArray<readonly ClientCommand[]> = Array.from(
  { length: LONGEST_CLIENT_COMMAND + 1 },
  (_, length) => CLIENT_COMMANDS.filter((command) => command.length === length),
);

/**
 * The client command that stands in exactly these octets, upper case only (STOMP 1.2, STOMP Frames), or undefined.
 * Compares octets: no text is made of what a stranger sent.
 */
export function clientCommandAt(bytes: Buffer, start: number, end: number): ClientCommand | undefined {
  const candidates = byLength[end - start];
  if (candidates === undefined) return undefined;
  for (const command of candidates) {
    let i = 0;
    while (i < command.length && bytes[start + i] === command.charCodeAt(i)) i++;
    if (i === command.length && i > 0) return command;
  }
  return undefined;
}
