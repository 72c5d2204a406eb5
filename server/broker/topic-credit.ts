import { Fifo } from '../lib/fifo.ts';
import type { Delivery } from './delivery.ts';
import { messageBytes, type Message } from './message.ts';
import { MessageFrame } from './message-frame.ts';
import type { Subscription } from './subscription.ts';

/**
 * A topic under an ack mode of `client` or `client-individual`: acks free credit and nothing is redelivered. Where the
 * client asked for a prefetch, messages beyond it wait here, bounded by the bytes a slow consumer may have waiting;
 * where it did not, all are sent, as RabbitMQ does.
 */
export class TopicCredit {
  readonly #subscription: Subscription;
  readonly #isBounded: boolean;
  readonly #waiting = new Fifo<Message>();
  #waitingBytes = 0;

  constructor(subscription: Subscription, isBounded: boolean) {
    this.#subscription = subscription;
    this.#isBounded = isBounded;
  }

  offer(message: Message, frame: MessageFrame): void {
    const subscription = this.#subscription;
    if (!this.#isBounded || subscription.credit > 0) {
      this.#deliver(message, frame);
      return;
    }
    const { session } = subscription;
    const { maxLiveBytes } = session.broker.limits;
    const bytes = messageBytes(message);
    if (this.#waitingBytes > 0 && this.#waitingBytes + bytes > maxLiveBytes) {
      session.failSlow(`more than ${maxLiveBytes} octets waited for acks of subscription '${subscription.id ?? ''}'`);
      return;
    }
    this.#waiting.push(message);
    this.#waitingBytes += bytes;
  }

  /** Credit came back. */
  goOn(): void {
    while (this.#subscription.credit > 0) {
      const message = this.#waiting.shift();
      if (!message) return;
      this.#waitingBytes -= messageBytes(message);
      this.#deliver(message, new MessageFrame(message));
    }
  }

  #deliver(message: Message, frame: MessageFrame): void {
    const subscription = this.#subscription;
    const { session, inflight } = subscription;
    const delivery: Delivery = {
      number: session.nextDeliveryNumber(),
      subscription,
      messageId: message.id,
      dispatcher: undefined,
      seq: 0,
      failures: 0,
      recoveries: 0,
      transaction: undefined,
    };
    // Without a prefetch a client that never acks would be remembered for ever: the oldest is forgotten.
    const oldest = inflight.count >= session.broker.limits.maxPrefetch ? inflight.oldest() : undefined;
    if (oldest) inflight.delete(oldest);
    else subscription.credit--;
    inflight.add(delivery);
    session.offerOwnFrame(frame.delivery(session.version, subscription.id, session.ackValue(delivery), 1), message.origin);
  }
}
