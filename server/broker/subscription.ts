import type { AckMode } from './ack-mode.ts';
import type { Delivery } from './delivery.ts';
import type { Destination } from './destination.ts';
import { Inflight } from './inflight.ts';
import type { QueueDispatcher } from './queue-dispatcher.ts';
import type { Session } from './session.ts';

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
}

/** Where a subscription's messages come from; a composite destination has several. */
export type Source =
  | { readonly kind: 'topic'; readonly name: string; readonly isPattern: boolean }
  | { readonly kind: 'queue'; readonly dispatcher: QueueDispatcher };

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
  readonly prefetch: number;
  readonly inflight = new Inflight();
  readonly sources: Source[] = [];
  credit: number;
  /** False once it was unsubscribed or its session ended: what arrives for it now goes back. */
  isLive = true;

  constructor(options: SubscriptionOptions) {
    this.session = options.session;
    this.number = options.number;
    this.id = options.id;
    this.destinationText = options.destinationText;
    this.ackMode = options.ackMode;
    this.prefetch = options.prefetch;
    this.credit = options.prefetch;
  }

  /** What the client calls it: the id, or in STOMP 1.0 the destination. */
  get key(): string {
    return subscriptionKey(this.id, this.destinationText);
  }

  /** May a queue claim for it now? */
  get isReady(): boolean {
    return this.isLive && this.credit > 0 && this.session.takesMore;
  }

  /** Gives back credit for settled deliveries and lets the queues go on. */
  restoreCredit(count: number): void {
    this.credit += count;
    if (!this.isLive) return;
    for (const source of this.sources) if (source.kind === 'queue') source.dispatcher.pump();
  }

  /** Remembers a delivery until it is settled. */
  track(delivery: Delivery): void {
    this.inflight.add(delivery);
    this.credit--;
  }
}

/** Ids and the destinations that stand in for missing ones never meet: an id is prefixed. */
export const subscriptionKey = (id: string | undefined, destinationText: string): string =>
  id === undefined ? `to ${destinationText}` : `id ${id}`;
