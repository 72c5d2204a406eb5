import type { BrokerContext } from './broker-context.ts';
import type { Destination } from './destination.ts';
import type { Operation } from './engine.ts';
import type { Message } from './message.ts';

/** Gives a message to a topic, to its log where a policy keeps one, and to its durable subscriptions. */
export function publishOperation({ engine, policies }: BrokerContext, { name, canonical }: Destination, message: Message): Operation {
  const { log } = policies.of(canonical);
  const operation = { kind: 'publish', topic: name, message, ...(log && { log }) } as const;
  return engine.keeps(name) ? { ...operation, isKept: true } : operation;
}
