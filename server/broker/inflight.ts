import type { Delivery } from './delivery.ts';

/**
 * The deliveries of one subscription that await settlement, in the order they were sent. Owned by the subscription, so
 * that a cumulative ack can never reach beyond it (STOMP 1.2, SUBSCRIBE: "any messages sent to the subscription").
 */
export class Inflight {
  readonly #deliveries = new Map<number, Delivery>();

  get count(): number {
    return this.#deliveries.size;
  }

  add(delivery: Delivery): void {
    this.#deliveries.set(delivery.number, delivery);
  }

  get(number: number): Delivery | undefined {
    return this.#deliveries.get(number);
  }

  delete(delivery: Delivery): boolean {
    return this.#deliveries.delete(delivery.number);
  }

  /** The oldest delivery of that message. Clients ack the oldest first, so the search is short. */
  findMessage(messageId: string): Delivery | undefined {
    for (const delivery of this.#deliveries.values()) {
      if (delivery.messageId === messageId) return delivery;
    }
    return undefined;
  }

  /** In the order they were sent. */
  all(): Iterable<Delivery> {
    return this.#deliveries.values();
  }

  oldest(): Delivery | undefined {
    return this.#deliveries.values().next().value;
  }

  /** This delivery and all that were sent before it. */
  through(last: Delivery): Delivery[] {
    const through: Delivery[] = [];
    for (const delivery of this.#deliveries.values()) {
      through.push(delivery);
      if (delivery === last) break;
    }
    return through;
  }

  /** Takes out everything, oldest first. */
  drain(): Delivery[] {
    const all = [...this.#deliveries.values()];
    this.#deliveries.clear();
    return all;
  }
}
