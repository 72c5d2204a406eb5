import type { QueueDispatcher } from './queue-dispatcher.ts';
import type { Subscription } from './subscription.ts';

/**
 * One message handed to one subscription once. Its number is unique within the session and goes into the `ack` header.
 * A delivery of a queue has a dispatcher and a `seq` there; one of a plain topic has none: its ACK only frees credit.
 */
export interface Delivery {
  readonly number: number;
  readonly subscription: Subscription;
  readonly messageId: string;
  readonly dispatcher: QueueDispatcher | undefined;
  readonly seq: number;
  /** What it takes of a window of octets. */
  readonly bytes: number;
  /** Times it was nacked before this delivery, and times its holder vanished. */
  readonly failures: number;
  readonly recoveries: number;
  /** On the monotonic clock: if it has no ACK by then, its message goes back. Infinity = it waits for ever. */
  lapsesAt: number;
  /** The open transaction that will settle it. */
  transaction: string | undefined;
}

/** What deliveries take of a window together. */
export const bytesOf = (deliveries: readonly Delivery[]): number => deliveries.reduce((sum, { bytes }) => sum + bytes, 0);

/** 1 for the first delivery of a message: JMSXDeliveryCount. */
export const attemptOf = (delivery: { readonly failures: number; readonly recoveries: number }): number =>
  delivery.failures + delivery.recoveries + 1;
