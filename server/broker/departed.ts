import type { Delivery } from './delivery.ts';
import type { QueueDispatcher } from './queue-dispatcher.ts';

/** A delivery whose subscription ended before it was acked: its message went back to its queue. */
export interface DepartedDelivery {
  readonly number: number;
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
    for (const { number, messageId, dispatcher, seq } of deliveries.slice(-MEMORY)) {
      if (dispatcher) this.#byNumber.set(number, { number, messageId, dispatcher, seq });
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

  takeMessage(messageId: string): DepartedDelivery | undefined {
    for (const departed of this.#byNumber.values()) {
      if (departed.messageId === messageId) return this.take(departed.number);
    }
    return undefined;
  }
}
