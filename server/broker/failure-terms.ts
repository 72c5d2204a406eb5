import { isTemporaryQueue } from './engine.ts';
import type { NackWay } from './nack.ts';
import type { Policy } from './policies.ts';
import type { RedeliveryPolicy } from './redelivery.ts';

/** What holds for the messages of one queue that fail. */
export interface FailureTerms extends RedeliveryPolicy {
  /** What a NACK does that says nothing of it. */
  readonly nack: NackWay;
  /** How long a delivery may wait for its ACK; infinity = as long as it takes. */
  readonly ackTimeoutMs: number;
  readonly fate: Fate;
}

/** What becomes of a message that is given up: it moves to another queue, is dropped, or it is never given up. */
export type Fate = { readonly kind: 'move'; readonly to: string } | { readonly kind: 'drop' } | { readonly kind: 'keep' };

/** In a `deadLetter` of a policy: the queue (or topic) that the message was for. */
export const QUEUE_IN_NAME = '{queue}';

/** As a `deadLetter`: there is none, what is given up is dropped. */
export const NO_DEAD_LETTER = 'none';

export const DEFAULT_DEAD_LETTER = `DLQ.${QUEUE_IN_NAME}`;

/** Where the dead letters of a queue or topic of that name go. */
export const deadLetterQueue = (name: string, deadLetter: string = DEFAULT_DEAD_LETTER): string =>
  // A function, since `$` in a name is no pattern.
  deadLetter.replace(QUEUE_IN_NAME, () => name);

/**
 * Knows all queues that dead letters go to. None of them gives a message up, or letters could travel in circles, and
 * the last one would be lost.
 */
export class DeadLetterQueues {
  readonly #names = new Set<string>();
  /** What stands before and after the name of the destination. */
  readonly #templates: (readonly [before: string, after: string])[] = [];

  constructor(policies: readonly Policy[]) {
    for (const name of new Set([DEFAULT_DEAD_LETTER, ...policies.map(({ deadLetter }) => deadLetter)])) {
      if (name === undefined || name === NO_DEAD_LETTER) continue;
      const [before, after] = name.split(QUEUE_IN_NAME, 2);
      if (before !== undefined && after !== undefined) this.#templates.push([before, after]);
      else this.#names.add(name);
    }
  }

  has(queue: string): boolean {
    return this.#names.has(queue) || this.#templates.some(([before, after]) => isBetween(queue, before, after));
  }
}

const isBetween = (queue: string, before: string, after: string): boolean =>
  queue.length > before.length + after.length && queue.startsWith(before) && queue.endsWith(after);

/** The terms of a queue, from its policy and from what holds for all. */
export function failureTerms(queue: string, policy: Policy, general: RedeliveryPolicy, deadLetterQueues: DeadLetterQueues): FailureTerms {
  return {
    ...general,
    ...policy.redelivery,
    nack: policy.nack ?? 'requeue',
    ackTimeoutMs: policy.ackTimeoutMs ?? Infinity,
    fate: fateOf(queue, policy, deadLetterQueues),
  };
}

function fateOf(queue: string, { deadLetter }: Policy, deadLetterQueues: DeadLetterQueues): Fate {
  if (isTemporaryQueue(queue)) return { kind: 'drop' };
  if (deadLetterQueues.has(queue)) return { kind: 'keep' };
  if (deadLetter === NO_DEAD_LETTER) return { kind: 'drop' };
  return { kind: 'move', to: deadLetterQueue(queue, deadLetter) };
}
