import type { Headers } from '../protocol/frame.ts';
import { HEADER } from '../protocol/header-names.ts';
import type { ProtocolError } from '../protocol/protocol-error.ts';
import { badHeader } from './errors.ts';
import type { BrokerLimits } from './limits.ts';

export interface Prefetch {
  readonly count: number;
  /** The client named it itself. */
  readonly isAsked: boolean;
}

/** `prefetch-count` (RabbitMQ) or `activemq.prefetchSize`: deliveries in flight; 0 = as many as the node grants. */
export function readPrefetch(headers: Headers, limits: BrokerLimits): Prefetch | ProtocolError {
  for (const name of [HEADER.prefetchCount, HEADER.activemqPrefetchSize]) {
    const text = headers.get(name);
    if (text === undefined) continue;
    if (!/^\s*\d{1,9}\s*$/.test(text)) return badHeader('SUBSCRIBE', name, 'a whole number from 0 up', text);
    const asked = Number(text);
    return { count: asked === 0 ? limits.maxPrefetch : Math.min(asked, limits.maxPrefetch), isAsked: asked > 0 };
  }
  return { count: limits.defaultPrefetch, isAsked: false };
}
