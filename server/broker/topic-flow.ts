import { Backlog } from './backlog.ts';
import type { Delivery } from './delivery.ts';
import { messageBytes, type Message } from './message.ts';
import { MessageFrame } from './message-frame.ts';
import type { SlowConsumerTerms } from './slow-consumer.ts';
import type { Subscription } from './subscription.ts';

export interface TopicFlowOptions {
  /** Whether the client asked for a bound on what is in flight. */
  readonly isBounded: boolean;
  readonly slowConsumer: SlowConsumerTerms;
}

/**
 * A topic's messages on their way to a subscription that does not simply get all of them:
 *
 * - under an ack mode of `client` or `client-individual`: acks free credit and nothing is redelivered. Where the client
 *   asked for a prefetch, messages beyond it wait; where it did not, all are sent, as RabbitMQ does.
 * - where a slow subscriber is to miss messages rather than be cut off: they wait as long as its socket has no room.
 *
 * What waits does so in a `Backlog`, bounded by the octets a slow consumer may have waiting.
 */
export class TopicFlow {
  readonly #subscription: Subscription;
  readonly #isBounded: boolean;
  readonly #canMiss: boolean;
  readonly #backlog: Backlog;

  constructor(subscription: Subscription, { isBounded, slowConsumer }: TopicFlowOptions) {
    this.#subscription = subscription;
    this.#isBounded = isBounded;
    this.#canMiss = slowConsumer.way !== 'disconnect';
    this.#backlog = new Backlog(slowConsumer, subscription.session.broker.limits.maxLiveBytes);
  }

  offer(message: Message, frame: MessageFrame): void {
    if (this.#backlog.length === 0 && this.#hasRoom()) {
      const marked = this.#backlog.mark(message);
      this.#deliver(marked, marked === message ? frame : new MessageFrame(marked));
      return;
    }
    if (this.#backlog.add(message)) return;
    const { session, id } = this.#subscription;
    session.failSlow(`more than ${session.broker.limits.maxLiveBytes} octets waited for acks of subscription '${id ?? ''}'`);
  }

  /** Credit came back, or the socket has room. */
  goOn(): void {
    while (this.#backlog.length > 0 && this.#hasRoom()) {
      const message = this.#backlog.take();
      if (message) this.#deliver(message, new MessageFrame(message));
    }
  }

  #hasRoom(): boolean {
    const subscription = this.#subscription;
    if (this.#isBounded && !subscription.hasCredit) return false;
    return !this.#canMiss || subscription.session.hasRoom();
  }

  #deliver(message: Message, frame: MessageFrame): void {
    const { session, id, ackMode } = this.#subscription;
    const own = ackMode === 'auto' ? frame.shared(session.version, id) : this.#tracked(message, frame);
    // Octets that the socket had room for are no sign of a slow reader, whom this way would cut off.
    if (this.#canMiss) session.deliver(own, message.origin, undefined);
    else session.offerOwnFrame(own, message.origin);
  }

  /** A delivery whose ACK frees credit. */
  #tracked(message: Message, frame: MessageFrame) {
    const subscription = this.#subscription;
    const { session, inflight } = subscription;
    const delivery: Delivery = {
      number: session.nextDeliveryNumber(),
      subscription,
      messageId: message.id,
      dispatcher: undefined,
      seq: 0,
      bytes: messageBytes(message),
      failures: 0,
      recoveries: 0,
      lapsesAt: Infinity,
      transaction: undefined,
    };
    // Without a prefetch a client that never acks would be remembered for ever: the oldest is forgotten.
    const oldest = inflight.count >= session.broker.limits.maxPrefetch ? inflight.oldest() : undefined;
    if (oldest) {
      inflight.delete(oldest);
      subscription.takeCredit(0, delivery.bytes - oldest.bytes);
    } else {
      subscription.takeCredit(1, delivery.bytes);
    }
    inflight.add(delivery);
    return frame.delivery(session.version, subscription.id, session.ackValue(delivery), 1);
  }
}
