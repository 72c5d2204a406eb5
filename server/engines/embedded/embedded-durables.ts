import { EngineError, type DurableTerms, type Failure, type HoldOutcome, type HoldRefusal } from '../../broker/engine.ts';
import type { Message } from '../../broker/message.ts';
import type { DurableSubscription } from '../state/durable/durable-subscription.ts';
import type { Kept } from '../state/durable/kept.ts';
import { Pulling } from '../state/durable/pulling.ts';
import { UnusedWatch } from '../state/durable/unused-watch.ts';
import { DropQueueJob, forgetEntries } from './drop-queue-job.ts';
import { PullJob } from './pull-job.ts';
import type { Stored } from './resident-messages.ts';
import type { Store } from './store.ts';
import { SubscriptionJob } from './subscription-job.ts';

/** The durable subscriptions of a store on the disk: each change of theirs is written down before anybody is told of it. */
export class EmbeddedDurables {
  readonly pulling: Pulling<Stored>;
  readonly #store: Store;
  readonly #unused: UnusedWatch;

  constructor(store: Store, read: (page: readonly Kept<Stored>[]) => Promise<readonly Message[] | undefined>) {
    const { durables } = store.state;
    this.#store = store;
    this.pulling = new Pulling({
      durables,
      read,
      write: (pull) => new Promise((resolve) => store.commits.add(new PullJob(store, pull, resolve))),
    });
    this.#unused = new UnusedWatch(
      () => durables.untilNextEnd,
      () => {
        // One that finds no room for its end is there again after a restart, unused as before.
        for (const name of durables.expired()) this.#remove(name).catch(() => undefined);
      },
    );
    this.#unused.look();
  }

  async hold(queue: string, terms: DurableTerms, holder: string, evicted: string | undefined): Promise<HoldOutcome> {
    const { durables } = this.#store.state;
    const held = durables.hold(queue, terms, holder, evicted);
    if (!held.ok) return held;
    const { subscription, isNew, replaced } = held;
    if (replaced) await this.#letGo(replaced);
    const failure = await this.#write(subscription, isNew);
    if (!failure) return { ok: true, isNew };
    if (isNew && durables.get(queue) === subscription) durables.remove(queue);
    else durables.endHold(queue, holder);
    throw new EngineError(failure);
  }

  endHold(queue: string, holder: string): void {
    const subscription = this.#store.state.durables.endHold(queue, holder);
    if (!subscription) return;
    this.#unused.look();
    // Where that cannot be noted it has been used a little longer.
    void this.#write(subscription, false);
  }

  async unsubscribe(queue: string, holder: string): Promise<boolean | HoldRefusal> {
    return this.#store.state.durables.refusalToRemove(queue, holder) ?? (await this.#remove(queue));
  }

  close(): void {
    this.#unused.close();
  }

  async #remove(queue: string): Promise<boolean> {
    const removed = this.#store.state.durables.remove(queue);
    if (!removed) return false;
    await this.#letGo(removed);
    return true;
  }

  #letGo({ queue }: DurableSubscription<Stored>): Promise<void> {
    const { commits, records } = this.#store;
    forgetEntries(this.#store, queue);
    records.gone(queue.name);
    return new Promise((resolve, reject) => commits.add(new DropQueueJob(queue.name, resolve, reject)));
  }

  #write(subscription: DurableSubscription<Stored>, isNew: boolean): Promise<Failure | undefined> {
    return new Promise((resolve) => this.#store.commits.add(new SubscriptionJob(this.#store, subscription, isNew, resolve)));
  }
}
