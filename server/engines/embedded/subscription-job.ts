import type { Failure } from '../../broker/engine.ts';
import type { DurableSubscription } from '../state/durable/durable-subscription.ts';
import type { BatchWriter } from './batch-writer.ts';
import { recordOf } from './durable-records.ts';
import type { Job } from './job.ts';
import type { Place } from './journal/place.ts';
import type { Stored } from './resident-messages.ts';
import type { Store } from './store.ts';

/** A durable subscription that came into being, or whose terms or use have changed. */
export class SubscriptionJob implements Job {
  readonly bytes = 512;
  readonly grows: boolean;
  readonly isVoid = false;
  readonly chain = undefined;
  readonly #store: Store;
  readonly #subscription: DurableSubscription<Stored>;
  readonly #resolve: (failure: Failure | undefined) => void;
  #written = { at: 0, bytes: 0 };

  /** `isNew`: there is no record of it yet. It resolves with the failure, if there is one. */
  constructor(store: Store, subscription: DurableSubscription<Stored>, isNew: boolean, resolve: (failure: Failure | undefined) => void) {
    this.#store = store;
    this.#subscription = subscription;
    this.grows = isNew;
    this.#resolve = resolve;
  }

  write(batch: BatchWriter): void {
    this.#written = batch.subscription(this.#subscription.name, recordOf(this.#subscription));
  }

  committed(record: Place): void {
    const { state, records } = this.#store;
    const { name } = this.#subscription;
    if (this.grows && state.durables.get(name) === this.#subscription) records.written(name, record + this.#written.at, this.#written.bytes);
    this.#resolve(undefined);
  }

  refused(failure: Failure): void {
    this.#resolve(failure);
  }
}
