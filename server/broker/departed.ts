import type { Delivery } from './delivery.ts';
import type { AckMode } from './ack-mode.ts';
import type { QueueDispatcher } from './queue-dispatcher.ts';

/** A delivery whose subscription ended, or lost patience, before it was acked: its message went back to its queue. */
export interface DepartedDelivery {
  readonly number: number;
  /** The number of its subscription, and how that acked. */
  readonly subscriptionNumber: number;
  readonly ackMode: AckMode;
  readonly messageId: string;
  readonly dispatcher: QueueDispatcher;
  readonly seq: number;
}

const MEMORY = 1024;

/**
 * A short memory of departed deliveries. Clients often ack right after UNSUBSCRIBE (Spring and stompjs do): such a late
 * ACK settles the message if nobody else has it yet, instead of ending the connection.
 */
export class Departed {
  readonly #byNumber = new Map<number, DepartedDelivery>();

  add(deliveries: readonly Delivery[]): void {
    for (const { number, subscription, messageId, dispatcher, seq } of deliveries.slice(-MEMORY)) {
      if (!dispatcher) continue;
      const { number: subscriptionNumber, ackMode } = subscription;
      this.#byNumber.set(number, { number, subscriptionNumber, ackMode, messageId, dispatcher, seq });
    }
    for (const number of this.#byNumber.keys()) {
      if (this.#byNumber.size <= MEMORY) return;
      this.#byNumber.delete(number);
    }
  }

  take(number: number): DepartedDelivery | undefined {
    const departed = this.#byNumber.get(number);
    this.#byNumber.delete(number);
    return departed;
  }

  /** All of one subscription that were sent before that number: a cumulative ACK means them as well. */
  takeBefore(subscriptionNumber: number, number: number): DepartedDelivery[] {
    const before = [...this.#byNumber.values()].filter((each) => each.subscriptionNumber === subscriptionNumber && each.number < number);
    for (const each of before) this.#byNumber.delete(each.number);
    return before;
  }

  takeMessage(messageId: string): DepartedDelivery | undefined {
    for (const departed of this.#byNumber.values()) {
      if (departed.messageId === messageId) return this.take(departed.number);
    }
    return undefined;
  }
}
