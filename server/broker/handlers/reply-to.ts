import type { ProtocolError } from '../../protocol/protocol-error.ts';
import { PLAIN_CONSUMER } from '../consumer-terms.ts';
import type { Destination } from '../destination.ts';
import { limitExceeded } from '../errors.ts';
import type { Session } from '../session.ts';
import { Subscription, subscriptionKey } from '../subscription.ts';
import type { Temporary } from '../temporaries.ts';

/**
 * Brings the temporaries that a SEND names into being: the ones in its destination, and the one in its `reply-to`, for
 * which RabbitMQ's convention adds a subscription of its own name unless there is one. Resolves to the opaque address
 * that replaces `reply-to`, or to a refusal.
 */
export async function openReplyTo(
  session: Session,
  replyTo: string | undefined,
  destinations: readonly Destination[],
): Promise<string | undefined | ProtocolError> {
  for (const { kind, name } of destinations) {
    if (kind === 'temp-queue' || kind === 'temp-topic') {
      const own = kind === 'temp-queue' ? 'queue' : 'topic';
      const refusal = tooManyTemporaries(session, own, name);
      if (refusal) return refusal;
      await session.temporaries.open(own, name).created;
    }
  }
  if (!replyTo?.startsWith('/temp-')) return undefined;
  const parsed = session.broker.destinations.parse(replyTo);
  if ('code' in parsed) return parsed;
  const [destination] = parsed;
  if (destination?.kind !== 'temp-queue' && destination?.kind !== 'temp-topic') return undefined;
  const kind = destination.kind === 'temp-queue' ? 'queue' : 'topic';
  const refusal = tooManyTemporaries(session, kind, destination.name);
  if (refusal) return refusal;
  const { temporary, created } = session.temporaries.open(kind, destination.name);
  await created;
  if (kind === 'queue' && session.state === 'connected') subscribeImplicitly(session, replyTo, temporary.name);
  return temporary.address;
}

export function tooManyTemporaries(session: Session, kind: Temporary['kind'], word: string): ProtocolError | undefined {
  const { maxSubscriptions } = session.broker.limits;
  if (session.temporaries.has(kind, word) || session.temporaries.count < maxSubscriptions) return undefined;
  return limitExceeded('too-many-temporaries', `expected at most ${maxSubscriptions} temporary destinations on a connection`);
}

/** RabbitMQ: replies arrive on a subscription whose id is the temporary's own name. */
function subscribeImplicitly(session: Session, text: string, queue: string): void {
  const { subscriptions } = session;
  for (const subscription of subscriptions.all()) {
    if (subscription.sources.some((source) => source.kind === 'queue' && source.queue === queue)) return;
  }
  if (subscriptions.find(subscriptionKey(text, text))) return;
  const { broker } = session;
  const subscription = new Subscription({
    session,
    number: subscriptions.nextNumber(),
    id: text,
    destinationText: text,
    ackMode: 'auto',
    prefetch: { count: broker.limits.defaultPrefetch, bytes: Infinity, isAsked: false },
    terms: PLAIN_CONSUMER,
  });
  subscription.sources.push({ kind: 'queue', queue });
  subscriptions.register(subscription);
  subscriptions.attach(subscription);
}
