import type { Headers } from '../protocol/frame.ts';
import { HEADER } from '../protocol/header-names.ts';
import type { ProtocolError } from '../protocol/protocol-error.ts';
import { badHeader } from './errors.ts';

/** What a consumer asks of its queues, beside messages. */
export interface ConsumerTerms {
  /** Those of a higher one are served first. */
  readonly priority: number;
}

export const PLAIN_CONSUMER: ConsumerTerms = Object.freeze({ priority: 0 });

export function readConsumerTerms(headers: Headers): ConsumerTerms | ProtocolError {
  const priority = readPriority(headers);
  return typeof priority === 'object' ? priority : { priority };
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
