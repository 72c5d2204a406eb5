import type { Headers } from '../protocol/frame.ts';
import { HEADER } from '../protocol/header-names.ts';
import type { ProtocolError } from '../protocol/protocol-error.ts';
import { badHeader } from './errors.ts';

/** What a consumer asks of its queues, beside messages. */
export interface ConsumerTerms {
  /** Those of a higher one are served first. */
  readonly priority: number;
  /** Deliveries to it that end in a NACK after which a message is given up, if its queue has more patience. */
  readonly deliveryLimit: number;
  /** How long it may keep a message without an ACK, if its queue has more patience. */
  readonly ackTimeoutMs: number;
}

export const PLAIN_CONSUMER: ConsumerTerms = Object.freeze({ priority: 0, deliveryLimit: Infinity, ackTimeoutMs: Infinity });

export function readConsumerTerms(headers: Headers): ConsumerTerms | ProtocolError {
  const priority = readPriority(headers);
  if (typeof priority === 'object') return priority;
  const deliveryLimit = readBound(headers, HEADER.xDeliveryLimit, 'a whole number from 1 up');
  if (typeof deliveryLimit === 'object') return deliveryLimit;
  const ackTimeoutMs = readBound(headers, HEADER.xAckTimeout, 'ms from 1 up');
  return typeof ackTimeoutMs === 'object' ? ackTimeoutMs : { priority, deliveryLimit, ackTimeoutMs };
}

/** Infinity where there is none. */
function readBound(headers: Headers, name: string, expected: string): number | ProtocolError {
  const text = headers.get(name);
  if (text === undefined) return Infinity;
  return /^\s*0*[1-9]\d{0,9}\s*$/.test(text) ? Number(text) : badHeader('SUBSCRIBE', name, expected, text);
}

/** `x-priority` (RabbitMQ: an octet with a sign) or `activemq.priority` (from 0 up). */
function readPriority(headers: Headers): number | ProtocolError {
  for (const [name, lowest] of [[HEADER.xPriority, -128], [HEADER.activemqPriority, 0]] as const) {
    const text = headers.get(name);
    if (text === undefined) continue;
    const number = Number(text);
    if (/^\s*-?\d{1,3}\s*$/.test(text) && number >= lowest && number <= 127) return number;
    return badHeader('SUBSCRIBE', name, `a whole number from ${lowest} to 127`, text);
  }
  return 0;
}
