import { Job, type StoreOperation } from './job.ts';

export interface TemporariesParts {
  /** Brings a job to the volatile lane. */
  readonly add: (job: Job) => void;
  /** The queue is there again. */
  readonly onMade: (queue: string) => void;
}

/** Queues made by one script: each of them is looked for at every node. */
const PIECE = 64;

/**
 * The temporary queues of this node. They go with the member it was and with the process that held them, so they are made
 * anew for each: as long as they are away, whoever sends to them is told nothing and heard by nobody. That has no deadline,
 * and what is refused is asked for again with the next beat.
 */
export class Temporaries {
  readonly #parts: TemporariesParts;
  readonly #queues = new Set<string>();
  /** Those that were to be made anew, and could not be. */
  readonly #refused = new Set<string>();
  #round = 0;

  constructor(parts: TemporariesParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#queues.size;
  }

  add(queue: string): void {
    this.#queues.add(queue);
  }

  delete(queue: string): void {
    this.#queues.delete(queue);
    this.#refused.delete(queue);
  }

  /** What they held is lost; whoever sends from now on is heard again. */
  remake(): void {
    this.#round++;
    this.#refused.clear();
    this.#make([...this.#queues]);
  }

  /** Once more, those that were refused. */
  remakeRefused(): void {
    const queues = [...this.#refused];
    this.#refused.clear();
    this.#make(queues);
  }

  #make(queues: readonly string[]): void {
    const round = this.#round;
    for (let from = 0; from < queues.length; from += PIECE) {
      const piece = queues.slice(from, from + PIECE);
      const operations = piece.flatMap((queue): StoreOperation[] => [{ kind: 'drop', queue }, { kind: 'create', queue }]);
      const job = new Job({ operations, lane: 'volatile' }, Infinity, ({ ok }) => {
        for (const queue of piece) {
          if (ok) this.#parts.onMade(queue);
          // The next round has them all: to drop them again would lose what they got since.
          else if (round === this.#round && this.#queues.has(queue)) this.#refused.add(queue);
        }
      });
      this.#parts.add(job);
    }
  }
}
