import type { Outcome } from '../../broker/engine.ts';
import type { StoreOperation } from './job.ts';

/**
 * Messages on their way back to their queues. Claims go by another connection than what gives back, and must not overtake
 * it: whoever comes after a consumer that left would get what stands behind its messages before these.
 */
export class Returns {
  /** By queue: the last that was given back there and is not yet answered. */
  readonly #last = new Map<string, Promise<unknown>>();

  note(operations: readonly StoreOperation[], outcome: Promise<Outcome>): void {
    for (const operation of operations) {
      if (operation.kind !== 'release' || this.#last.get(operation.queue) === outcome) continue;
      const { queue } = operation;
      this.#last.set(queue, outcome);
      void outcome.then(() => {
        if (this.#last.get(queue) === outcome) this.#last.delete(queue);
      });
    }
  }

  /** Resolves when everything given back to the queue so far is there, or never will be; undefined if it is. */
  settled(queue: string): Promise<unknown> | undefined {
    return this.#last.get(queue);
  }
}
