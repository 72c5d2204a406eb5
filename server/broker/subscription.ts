import type { AckMode } from './ack-mode.ts';
import { AckTimeout } from './ack-timeout.ts';
import type { ConsumerTerms } from './consumer-terms.ts';
import type { Delivery } from './delivery.ts';
import type { ConsumerWant } from './engine.ts';
import { Inflight } from './inflight.ts';
import type { MessageFilter } from './message-filter.ts';
import type { MessageFrame } from './message-frame.ts';
import type { Message } from './message.ts';
import type { Prefetch } from './prefetch.ts';
import type { QueueBrowser } from './queue-browser.ts';
import type { QueueDispatcher } from './queue-dispatcher.ts';
import type { Session } from './session.ts';
import { CUT_OFF, type SlowConsumerTerms } from './slow-consumer.ts';
import { TopicFlow } from './topic-flow.ts';

export interface SubscriptionOptions {
  readonly session: Session;
  /** Unique in its session, never used again: part of each delivery's `ack` value. */
  readonly number: number;
  /** The client's id; undefined for a STOMP 1.0 subscription without one. */
  readonly id: string | undefined;
  readonly destinationText: string;
  readonly ackMode: AckMode;
  /** What it may have in flight. */
  readonly prefetch: Prefetch;
  /** Undefined = all messages. */
  readonly filter?: MessageFilter | undefined;
  /** Undefined = it is cut off. */
  readonly slowConsumer?: SlowConsumerTerms;
  readonly terms: ConsumerTerms;
}

/** A durable subscription is held for it. */
export interface DurableHold {
  readonly holder: string;
  /** Or pattern. */
  readonly topic: string;
}

/** Where a subscription's messages come from; a composite destination has several. */
export type Source =
  | { readonly kind: 'topic'; readonly name: string; readonly isPattern: boolean }
  /** The dispatcher is there from when it is attached. */
  | { readonly kind: 'queue'; readonly queue: string; dispatcher?: QueueDispatcher; readonly hold?: DurableHold }
  /** A queue that is only looked through; so is the browser. */
  | { readonly kind: 'browser'; readonly queue: string; browser?: QueueBrowser }
  /** Refusals of this very session. */
  | { readonly kind: 'soft-errors' };

/**
 * A session's standing wish for one destination (or a composite of them). Credit falls by each delivery and rises by its
 * settlement; queues stop claiming for a subscription without credit.
 */
export class Subscription {
  readonly session: Session;
  readonly number: number;
  readonly id: string | undefined;
  readonly destinationText: string;
  readonly ackMode: AckMode;
  readonly filter: MessageFilter | undefined;
  readonly terms: ConsumerTerms;
  readonly inflight = new Inflight();
  readonly sources: Source[] = [];
  #credit: number;
  #creditBytes: number;
  /** False once it was unsubscribed or its session ended: what arrives for it now goes back. */
  isLive = true;
  readonly #isBounded: boolean;
  readonly #slowConsumer: SlowConsumerTerms;
  #topicFlow: TopicFlow | undefined;
  #ackTimeout: AckTimeout | undefined;

  constructor(options: SubscriptionOptions) {
    this.session = options.session;
    this.number = options.number;
    this.id = options.id;
    this.destinationText = options.destinationText;
    this.ackMode = options.ackMode;
    this.filter = options.filter;
    this.#credit = options.prefetch.count;
    this.#creditBytes = options.prefetch.bytes;
    this.#isBounded = options.prefetch.isAsked;
    this.#slowConsumer = options.slowConsumer ?? CUT_OFF;
    this.terms = options.terms;
  }

  /** What the client calls it: the id, or in STOMP 1.0 the destination. */
  get key(): string {
    return subscriptionKey(this.id, this.destinationText);
  }

  /** What the engine calls it as the consumer of a queue. */
  get consumer(): string {
    return `${this.session.id}.${this.number}`;
  }

  /** As the consumer of a queue: what it takes now. */
  get want(): ConsumerWant {
    const want = { consumer: this.consumer, credit: this.credit, priority: this.terms.priority };
    const selector = this.filter?.selector;
    return selector ? { ...want, selector } : want;
  }

  /** Can what was claimed for it be sent? */
  get isOpen(): boolean {
    return this.isLive && this.session.state === 'connected';
  }

  /** Messages it may have in flight besides those that are. */
  get credit(): number {
    return this.#credit;
  }

  /** Octets, where the client asked for a window of them; else infinity. */
  get creditBytes(): number {
    return this.#creditBytes;
  }

  get hasCredit(): boolean {
    return this.#credit > 0 && this.#creditBytes > 0;
  }

  /** May a queue claim for it now? */
  get isReady(): boolean {
    return this.isLive && this.hasCredit && this.session.takesMore;
  }

  /** Does it get a topic's messages just as they come? */
  get flowsFreely(): boolean {
    return this.ackMode === 'auto' && this.#slowConsumer.way === 'disconnect';
  }

  /** A topic's message, for a subscription that acks or may miss some. */
  offerFlow(message: Message, frame: MessageFrame): void {
    this.#topicFlow ??= new TopicFlow(this, { isBounded: this.#isBounded, slowConsumer: this.#slowConsumer });
    this.#topicFlow.offer(message, frame);
  }

  /** Remembers a queue's delivery until it is settled. */
  track(delivery: Delivery): void {
    this.inflight.add(delivery);
    this.takeCredit(1, delivery.bytes);
  }

  /** The delivery goes back if it has no ACK by then. */
  lapseAfter(delivery: Delivery, ms: number): void {
    this.#ackTimeout ??= new AckTimeout(this);
    this.#ackTimeout.watch(delivery, ms);
  }

  /** No message comes any more. */
  end(): void {
    this.isLive = false;
    this.#ackTimeout?.close();
  }

  /** For a copy on its way; and when an aborted transaction gave back a delivery that had freed its credit early. */
  takeCredit(count: number, bytes: number): void {
    this.#credit -= count;
    this.#creditBytes -= bytes;
  }

  /** Gives back credit for settled deliveries and lets the sources go on. */
  restoreCredit(count: number, bytes: number): void {
    this.#credit += count;
    this.#creditBytes += bytes;
    if (this.isLive) this.goOn();
  }

  /** There is credit, or room in the socket. */
  goOn(): void {
    this.#topicFlow?.goOn();
    for (const source of this.sources) {
      if (source.kind === 'queue') source.dispatcher?.pumpSoon();
      else if (source.kind === 'browser') source.browser?.pumpSoon();
    }
  }
}

/** Ids and the destinations that stand in for missing ones never meet: each has its own prefix. */
export const subscriptionKey = (id: string | undefined, destinationText: string): string =>
  id === undefined ? `to ${destinationText}` : `id ${id}`;
