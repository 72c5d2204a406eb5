import type { Timer } from '../lib/timers.ts';
import type { Delivery } from './delivery.ts';
import type { Subscription } from './subscription.ts';

/**
 * Takes messages back from a consumer that keeps them too long without an ACK: they return to their places, which counts
 * as a recovery, and its late ACK is treated as after an UNSUBSCRIBE. Its credit comes back as well, since it may simply
 * have lost them. What an open transaction is to settle is its own.
 *
 * One timer a subscription, set for the first that lapses of what was in flight when it was set.
 */
export class AckTimeout {
  readonly #subscription: Subscription;
  #timer: Timer | undefined;
  #wakesAt = Infinity;

  constructor(subscription: Subscription) {
    this.#subscription = subscription;
  }

  watch(delivery: Delivery, ms: number): void {
    delivery.lapsesAt = this.#now() + ms;
    if (delivery.lapsesAt < this.#wakesAt) this.#wakeAt(delivery.lapsesAt);
  }

  close(): void {
    this.#timer?.cancel();
  }

  #wakeAt(at: number): void {
    this.#timer?.cancel();
    this.#wakesAt = at;
    this.#timer = this.#subscription.session.broker.timers.after(at - this.#now(), this.#look);
  }

  readonly #look = (): void => {
    const subscription = this.#subscription;
    this.#wakesAt = Infinity;
    if (!subscription.isOpen) return;
    const now = this.#now();
    const lapsed: Delivery[] = [];
    let next = Infinity;
    for (const delivery of subscription.inflight.all()) {
      if (delivery.lapsesAt > now) next = Math.min(next, delivery.lapsesAt);
      // An open transaction may still be aborted, and then this one is due.
      else if (delivery.transaction !== undefined) next = Math.min(next, now + RETRY_MS);
      else lapsed.push(delivery);
    }
    if (next < Infinity) this.#wakeAt(next);
    if (lapsed.length > 0) subscription.session.subscriptions.lapse(subscription, lapsed);
  };

  #now(): number {
    return this.#subscription.session.broker.clock.monotonic();
  }
}

const RETRY_MS = 1_000;
