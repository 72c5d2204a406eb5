import type { ProtocolError } from '../protocol/protocol-error.ts';
import type { Action } from './access.ts';
import type { Destination } from './destination.ts';
import { accessRefused } from './errors.ts';
import type { Session } from './session.ts';

type Refusal = ProtocolError | undefined;

/**
 * Asks the authorizer about each destination; the first refusal counts. A session's own temporaries and the reply
 * addresses others gave out are open: who knows such an address was given it. Immediate unless a verdict is promised.
 */
export function refusedDestination(session: Session, action: Action, destinations: readonly Destination[]): Refusal | Promise<Refusal> {
  const { identity, broker } = session;
  if (!identity) throw new Error('Expected a session that is connected');
  let promised: Promise<Refusal> | undefined;
  for (const { kind, canonical } of destinations) {
    if (kind !== 'queue' && kind !== 'topic') continue;
    const verdict = broker.authorizer.authorize(identity, action, canonical);
    if (verdict === true) continue;
    const refusal = accessRefused(action, canonical);
    if (verdict === false) return refusal;
    const own = verdict.then((isAllowed) => (isAllowed ? undefined : refusal));
    promised = promised ? promised.then((earlier) => earlier ?? own) : own;
  }
  return promised;
}
