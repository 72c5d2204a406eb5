/**
 * A message's origin: the session that sent it, and behind an `@` the client id it gave, if it gave one, which other
 * connections of the same client share. Ids of sessions have no `@`.
 */
export const originOf = (session: string, clientId: string | undefined): string => (clientId === undefined ? session : `${session}@${clientId}`);

/** JMS, noLocal: neither what its own connection sent nor what others with the same client id did. */
export function isOwnMessage(origin: string, own: string): boolean {
  if (origin === own) return true;
  const client = clientOf(own);
  return client !== undefined && client === clientOf(origin);
}

function clientOf(origin: string): string | undefined {
  const at = origin.indexOf('@');
  return at === -1 ? undefined : origin.slice(at + 1);
}
