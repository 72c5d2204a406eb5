import { HEADER } from '../protocol/header-names.ts';
import { attemptOf, type Delivery } from './delivery.ts';
import type { DeadReason } from './engine.ts';
import type { Message } from './message.ts';

/** When a message is given up. */
export interface RedeliveryPolicy {
  /** Deliveries a message may have that end in a NACK; the last of them dead-letters it. */
  readonly maxAttempts: number;
  /** Deliveries whose holder (consumer or node) may vanish; higher, since that is seldom the message's fault. */
  readonly maxRecoveries: number;
  /** How long a message waits after its first NACK; 0 = it does not. */
  readonly delayMs: number;
  /** By how much longer after each further one, up to the longest. */
  readonly backOffMultiplier: number;
  readonly maxDelayMs: number;
}

export const DEFAULT_REDELIVERY_POLICY: RedeliveryPolicy = Object.freeze({
  maxAttempts: 6,
  maxRecoveries: 100,
  delayMs: 0,
  backOffMultiplier: 2,
  maxDelayMs: 60_000,
});

/** Why a message was given up; the words are RabbitMQ's, and `schema` is ours: it was never let in. */
export type DeathReason = 'rejected' | 'delivery_limit' | 'schema' | DeadReason;

/** A message's end. */
export interface Death {
  readonly reason: DeathReason;
  /** For people, `dlqDeliveryFailureCause`. */
  readonly cause: string;
}

/** How a delivered message came to its end; `words` are those of the client that gave it up. */
export function deathOf(reason: 'rejected' | 'delivery_limit', counters: { failures: number; recoveries: number }, words = ''): Death {
  const attempt = attemptOf(counters);
  const told = `${reason} after ${attempt} ${attempt === 1 ? 'delivery' : 'deliveries'}`;
  return { reason, cause: words === '' ? told : `${told}: ${words}` };
}

/** How a message came to its end while nobody held it. */
export function deathInQueue(reason: DeadReason, { expiresAt }: Message, { failures, recoveries }: { failures: number; recoveries: number }): Death {
  const told = reason === 'expired' ? `expired at ${new Date(expiresAt).toISOString()}` : 'maxlen: the queue had no room for it';
  const deliveries = failures + recoveries;
  return { reason, cause: deliveries === 0 ? told : `${told}, after ${deliveries} ${deliveries === 1 ? 'delivery' : 'deliveries'}` };
}

/** Is this NACK one too many? */
export const isLastAttempt = ({ failures, subscription }: Delivery, { maxAttempts }: RedeliveryPolicy): boolean =>
  failures + 1 >= Math.min(maxAttempts, subscription.terms.deliveryLimit);

/** How long a message waits after a NACK that others came before. */
export const redeliveryDelay = (failures: number, { delayMs, backOffMultiplier, maxDelayMs }: RedeliveryPolicy): number =>
  delayMs === 0 ? 0 : Math.min(maxDelayMs, delayMs * backOffMultiplier ** failures);

/**
 * The message as it lies in the dead-letter queue: same id, same body, and headers that say where it came from and why,
 * in the words of ActiveMQ (`original-destination`), Artemis (`_AMQ_ORIG_*`) and RabbitMQ (`x-first-death-*`). The first
 * death is kept, should it die again. It lives for ever from now on, and is there at once; when it expired, or would have, is said
 * in Artemis' `_AMQ_ACTUAL_EXPIRY`. `name`: of the queue or topic it was for.
 */
export function asDeadLetter(message: Message, name: string, deadLetters: string, { reason, cause }: Death): Message {
  const headers = [...message.headers];
  const has = (header: string) => headers.some((text, i) => i % 2 === 0 && text === header);
  const set = (header: string, value: string) => {
    const at = headers.findIndex((text, i) => i % 2 === 0 && text === header);
    if (at === -1) headers.push(header, value);
    else headers[at + 1] = value;
  };
  if (!has(HEADER.xFirstDeathQueue)) {
    set(HEADER.originalDestination, message.destination);
    set(HEADER.xFirstDeathQueue, name);
    set(HEADER.xFirstDeathReason, reason);
    set(HEADER._AMQ_ORIG_ADDRESS, message.destination);
    set(HEADER._AMQ_ORIG_QUEUE, name);
    set(HEADER._AMQ_ORIG_MESSAGE_ID, message.id);
  }
  set(HEADER.xLastDeathQueue, name);
  set(HEADER.xLastDeathReason, reason);
  set(HEADER.dlqDeliveryFailureCause, cause);
  if (message.expiresAt !== 0) set(HEADER._AMQ_ACTUAL_EXPIRY, String(message.expiresAt));
  return { ...message, destination: `/queue/${deadLetters}`, headers, origin: '', expiresAt: 0, dueAt: 0, lastValue: '' };
}
