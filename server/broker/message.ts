/**
 * What was sent: immutable, independent of any subscriber, of STOMP's octets and of the engine that keeps it.
 */
export interface Message {
  /** Unique in the cluster, stable over redelivery, restart and dead-lettering (JMSMessageID). */
  readonly id: string;
  /** The concrete destination in canonical text, e.g. `/queue/orders`. */
  readonly destination: string;
  /** The sender's own headers, decoded, flat `[name, value, …]`; broker headers are not among them. */
  readonly headers: readonly string[];
  readonly body: Buffer;
  /** Whether the body is valid UTF-8; found out once, needed for each WebSocket receiver. */
  readonly isText: boolean;
  /** When the broker accepted it, ms since the epoch. */
  readonly timestamp: number;
  /** 0 to 9, 4 unless the sender says otherwise: a queue gives the higher ones first. */
  readonly priority: number;
  /** Ms since the epoch from which on it is not given out of a queue any more; 0 = never. What is in flight by then goes on. */
  readonly expiresAt: number;
  /** Ms since the epoch before which nobody gets it from a queue; 0 = at once. Then it stands where it would have stood. */
  readonly dueAt: number;
  /** Messages of one group keep their order and go to one consumer at a time; '' = none. */
  readonly group: string;
  /** In a queue at most one message with the same key is at rest, the newest; '' = it stands for itself. */
  readonly lastValue: string;
  /** The session that sent it; '' = the broker itself. Its own copy waits for its RECEIPT, and no-local reads it. */
  readonly origin: string;
}

/** JMS: 0 is low, 9 is high. */
export const DEFAULT_PRIORITY = 4;

/** What a message takes besides its body and texts: objects, their fields, the place in a queue. Measured, rounded. */
export const OBJECT_BYTES = 400;

/** Rough octets a message holds in memory: what all byte caps count. */
export function messageBytes(message: Message): number {
  let bytes = message.body.length + OBJECT_BYTES;
  for (const text of message.headers) bytes += text.length;
  return bytes;
}
