import type { BrokerContext } from './broker-context.ts';
import type { Destination } from './destination.ts';
import type { Operation } from './engine.ts';
import type { Message } from './message.ts';

/** Gives a message to a topic, and to its log where a policy keeps one. */
export function publishOperation({ policies }: BrokerContext, { name, canonical }: Destination, message: Message): Operation {
  const { log } = policies.of(canonical);
  return log ? { kind: 'publish', topic: name, message, log } : { kind: 'publish', topic: name, message };
}
