import type { ProtocolError } from '../protocol/protocol-error.ts';
import type { Destination } from './destination.ts';
import { virtualTopicOf } from './durable-name.ts';
import type { DurableRequest } from './durable-request.ts';
import { DEFAULT_DURABLE_POLICY, ENDS_UNUSED_MS } from './durable-terms.ts';
import type { DurableTerms } from './engine.ts';
import { durableInUse } from './errors.ts';
import type { MessageFilter } from './message-filter.ts';
import type { Policies } from './policies.ts';
import type { Session } from './session.ts';
import type { Source, Subscription } from './subscription.ts';

/** What a subscription to a topic is to be durable as. */
export function durableTerms(policies: Policies, topic: string, given: Partial<DurableTerms> & { readonly endsUnused?: boolean }): DurableTerms {
  const { maxMessages, maxBytes, maxAgeMs, expireAfterMs } = { ...DEFAULT_DURABLE_POLICY, ...policies.of(`/topic/${topic}`).durable };
  const { endsUnused = false, ...terms } = given;
  const bounds = { maxMessages, maxBytes, maxAgeMs };
  return { pattern: topic, selector: '', noLocal: '', isShared: true, bounds, expireAfterMs: endsUnused ? ENDS_UNUSED_MS : expireAfterMs, ...terms };
}

/** Holds the durable subscription for a client; whatever anyone publishes from then on is kept for it. */
export function openDurable(session: Session, subscription: Subscription, destination: Destination, request: DurableRequest, filter: MessageFilter | undefined): Promise<Source | ProtocolError> {
  const { policies } = session.broker;
  const { isShared, endsUnused } = request;
  const selector = filter?.selector?.text ?? '';
  const noLocal = filter?.isNoLocal ? session.origin : '';
  const terms = durableTerms(policies, destination.name, { isShared, endsUnused, selector, noLocal });
  return hold(session, subscription, request.queue, terms, request);
}

/** ActiveMQ: the queue of a group gets what is published to the virtual topic, from when somebody first consumes from it. */
export async function openVirtual(session: Session, subscription: Subscription, queue: string): Promise<Source | ProtocolError> {
  const topic = virtualTopicOf(queue);
  if (topic === undefined) return { kind: 'queue', queue };
  const terms = { ...durableTerms(session.broker.policies, topic, {}), expireAfterMs: 0 };
  return hold(session, subscription, queue, terms, { client: session.identity?.user ?? '', name: queue });
}

async function hold(session: Session, { number }: Subscription, queue: string, terms: DurableTerms, who: Pick<DurableRequest, 'client' | 'name'>): Promise<Source | ProtocolError> {
  const { engine, holders } = session.broker;
  const holder = `${session.id}.${number.toString(36)}`;
  let outcome = await engine.hold(queue, terms, holder);
  if (!outcome.ok && outcome.refusal.reason === 'held' && (await holders.isGone(outcome.refusal))) {
    outcome = await engine.hold(queue, terms, holder, outcome.refusal.holder);
  }
  if (!outcome.ok) return durableInUse(who, outcome.refusal);
  holders.add(holder, session, queue);
  return { kind: 'queue', queue, hold: { holder, topic: terms.pattern } };
}
