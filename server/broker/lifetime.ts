import type { BrokerContext } from './broker-context.ts';
import type { Message } from './message.ts';

/** The message as it goes to a queue: it lives for as long as its sender and the queue's policy let it, whichever is less. */
export function withLifetime({ policies }: Pick<BrokerContext, 'policies'>, queue: string, message: Message): Message {
  const expiresAt = policies.expiresAt(queue, message.expiresAt, message.timestamp);
  return expiresAt === message.expiresAt ? message : { ...message, expiresAt };
}
