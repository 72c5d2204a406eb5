import { attemptOf, type Delivery } from './delivery.ts';
import type { Message } from './message.ts';

/** When a message is given up. */
export interface RedeliveryPolicy {
  /** Deliveries a message may have that end in a NACK; the last of them dead-letters it. */
  readonly maxAttempts: number;
  /** Deliveries whose holder (consumer or node) may vanish; higher, since that is seldom the message's fault. */
  readonly maxRecoveries: number;
}

export const DEFAULT_REDELIVERY_POLICY: RedeliveryPolicy = Object.freeze({ maxAttempts: 6, maxRecoveries: 100 });

/** Why a message was given up; the words are RabbitMQ's. */
export type DeathReason = 'rejected' | 'delivery_limit';

const DEAD_LETTER_PREFIX = 'DLQ.';

/** Where a queue's dead letters go; undefined for a dead-letter queue itself, which never gives a message up. */
export function deadLetterQueue(queue: string): string | undefined {
  return queue.startsWith(DEAD_LETTER_PREFIX) ? undefined : DEAD_LETTER_PREFIX + queue;
}

/** Is this NACK one too many? */
export const isLastAttempt = (delivery: Delivery, policy: RedeliveryPolicy): boolean =>
  delivery.failures + 1 >= policy.maxAttempts;

/**
 * The message as it lies in the dead-letter queue: same id, same body, and headers that say where it came from and why,
 * in the words of ActiveMQ (`original-destination`), Artemis (`_AMQ_ORIG_*`) and RabbitMQ (`x-first-death-*`). The first
 * death is kept, should it die again.
 */
export function asDeadLetter(
  message: Message,
  queue: string,
  deadLetters: string,
  reason: DeathReason,
  counters: { readonly failures: number; readonly recoveries: number },
): Message {
  const headers = [...message.headers];
  const has = (name: string) => headers.some((text, i) => i % 2 === 0 && text === name);
  const set = (name: string, value: string) => {
    const at = headers.findIndex((text, i) => i % 2 === 0 && text === name);
    if (at === -1) headers.push(name, value);
    else headers[at + 1] = value;
  };
  if (!has('x-first-death-queue')) {
    set('original-destination', message.destination);
    set('x-first-death-queue', queue);
    set('x-first-death-reason', reason);
    set('_AMQ_ORIG_ADDRESS', message.destination);
    set('_AMQ_ORIG_QUEUE', queue);
    set('_AMQ_ORIG_MESSAGE_ID', message.id);
  }
  set('x-last-death-queue', queue);
  set('x-last-death-reason', reason);
  set('dlqDeliveryFailureCause', `${reason} after ${attemptOf(counters)} deliveries`);
  return { ...message, destination: `/queue/${deadLetters}`, headers, origin: '' };
}
