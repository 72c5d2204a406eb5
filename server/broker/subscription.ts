import type { AckMode } from './ack-mode.ts';
import type { Delivery } from './delivery.ts';
import { Inflight } from './inflight.ts';
import type { MessageFilter } from './message-filter.ts';
import type { MessageFrame } from './message-frame.ts';
import type { Message } from './message.ts';
import type { QueueBrowser } from './queue-browser.ts';
import type { QueueDispatcher } from './queue-dispatcher.ts';
import type { Session } from './session.ts';
import { TopicCredit } from './topic-credit.ts';

export interface SubscriptionOptions {
  readonly session: Session;
  /** Unique in its session, never used again: part of each delivery's `ack` value. */
  readonly number: number;
  /** The client's id; undefined for a STOMP 1.0 subscription without one. */
  readonly id: string | undefined;
  readonly destinationText: string;
  readonly ackMode: AckMode;
  /** Deliveries it may have in flight. */
  readonly prefetch: number;
  /** Whether the client asked for that prefetch itself. */
  readonly isPrefetchAsked: boolean;
  /** Undefined = all messages. */
  readonly filter?: MessageFilter | undefined;
}

/** Where a subscription's messages come from; a composite destination has several. */
export type Source =
  | { readonly kind: 'topic'; readonly name: string; readonly isPattern: boolean }
  /** The dispatcher is there from when it is attached. */
  | { readonly kind: 'queue'; readonly queue: string; dispatcher?: QueueDispatcher }
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
  readonly inflight = new Inflight();
  readonly sources: Source[] = [];
  credit: number;
  /** False once it was unsubscribed or its session ended: what arrives for it now goes back. */
  isLive = true;
  readonly #isPrefetchAsked: boolean;
  #topicCredit: TopicCredit | undefined;

  constructor(options: SubscriptionOptions) {
    this.session = options.session;
    this.number = options.number;
    this.id = options.id;
    this.destinationText = options.destinationText;
    this.ackMode = options.ackMode;
    this.filter = options.filter;
    this.credit = options.prefetch;
    this.#isPrefetchAsked = options.isPrefetchAsked;
  }

  /** What the client calls it: the id, or in STOMP 1.0 the destination. */
  get key(): string {
    return subscriptionKey(this.id, this.destinationText);
  }

  /** Can what was claimed for it be sent? */
  get isOpen(): boolean {
    return this.isLive && this.session.state === 'connected';
  }

  /** May a queue claim for it now? */
  get isReady(): boolean {
    return this.isLive && this.credit > 0 && this.session.takesMore;
  }

  /** A topic's message, for a subscription that acks. */
  offerCredited(message: Message, frame: MessageFrame): void {
    this.#topicCredit ??= new TopicCredit(this, this.#isPrefetchAsked);
    this.#topicCredit.offer(message, frame);
  }

  /** Remembers a queue's delivery until it is settled. */
  track(delivery: Delivery): void {
    this.inflight.add(delivery);
    this.credit--;
  }

  /** For a copy on its way; and when an aborted transaction gave back a delivery that had freed its credit early. */
  takeCredit(): void {
    this.credit--;
  }

  /** Gives back credit for settled deliveries and lets the sources go on. */
  restoreCredit(count: number): void {
    this.credit += count;
    if (!this.isLive) return;
    this.#topicCredit?.goOn();
    this.pumpQueues();
  }

  pumpQueues(): void {
    for (const source of this.sources) {
      if (source.kind === 'queue') source.dispatcher?.pumpSoon();
      else if (source.kind === 'browser') source.browser?.pumpSoon();
    }
  }
}

/** Ids and the destinations that stand in for missing ones never meet: each has its own prefix. */
export const subscriptionKey = (id: string | undefined, destinationText: string): string =>
  id === undefined ? `to ${destinationText}` : `id ${id}`;
