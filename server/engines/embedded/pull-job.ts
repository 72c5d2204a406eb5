import type { StagedPull } from '../state/durable/durable-subscriptions.ts';
import type { BatchWriter } from './batch-writer.ts';
import type { Job } from './job.ts';
import type { Stored } from './resident-messages.ts';
import type { Store } from './store.ts';

/** What a durable subscription takes out of its log: written before anybody gets it, so that nobody gets it again unmarked. */
export class PullJob implements Job {
  readonly bytes: number;
  readonly grows = false;
  readonly isVoid = false;
  readonly chain = undefined;
  readonly #store: Store;
  readonly #pull: StagedPull<Stored>;
  readonly #resolve: (isDone: boolean) => void;

  constructor(store: Store, pull: StagedPull<Stored>, resolve: (isDone: boolean) => void) {
    this.bytes = 64 + 24 * pull.taken.length;
    this.#store = store;
    this.#pull = pull;
    this.#resolve = resolve;
  }

  write(batch: BatchWriter): void {
    batch.pull(this.#pull);
  }

  committed(): void {
    this.#store.state.commitPull(this.#pull);
    this.#resolve(true);
  }

  refused(): void {
    this.#store.state.durables.undoPull(this.#pull);
    this.#resolve(false);
  }
}
