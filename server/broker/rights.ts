import type { ProtocolError } from '../protocol/protocol-error.ts';
import type { Action } from './access.ts';
import type { Destination } from './destination.ts';
import { accessRefused, unknownDestination } from './errors.ts';
import { missingQueue } from './existing-queue.ts';
import type { Session } from './session.ts';

type Refusal = ProtocolError | undefined;

/**
 * May the session use these destinations, and are those there that have to be? Rights come first, or anyone could find
 * out what there is. Immediate unless something has to be waited for.
 */
export function refusedDestination(session: Session, action: Action, destinations: readonly Destination[]): Refusal | Promise<Refusal> {
  const refusal = refusedByRights(session, action, destinations);
  if (!destinations.some(({ mustExist }) => mustExist)) return refusal;
  if (refusal instanceof Promise) return refusal.then((refused) => refused ?? missingQueue(session.broker, destinations));
  return refusal ?? missingQueue(session.broker, destinations);
}

/**
 * Asks the authorizer about each destination; the first refusal counts. A session's own temporaries and the reply
 * addresses others gave out are open: who knows such an address was given it.
 */
function refusedByRights(session: Session, action: Action, destinations: readonly Destination[]): Refusal | Promise<Refusal> {
  const { identity, broker } = session;
  if (!identity) throw new Error('Expected a session that is connected');
  let promised: Promise<Refusal> | undefined;
  for (const { kind, canonical, text, isAdvisory } of destinations) {
    if (kind !== 'queue' && kind !== 'topic') continue;
    if (isAdvisory && action === 'send') return accessRefused(action, canonical);
    if (isAdvisory && !broker.advisories) return unknownDestination('advisories-off', text, 'this node tells nothing there; its option advisories is false');
    const verdict = broker.authorizer.authorize(identity, action, canonical);
    if (verdict === true) continue;
    const refusal = accessRefused(action, canonical);
    if (verdict === false) return refusal;
    const own = verdict.then((isAllowed) => (isAllowed ? undefined : refusal));
    promised = promised ? promised.then((earlier) => earlier ?? own) : own;
  }
  return promised;
}
