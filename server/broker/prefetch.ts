import type { Headers } from '../protocol/frame.ts';
import { HEADER } from '../protocol/header-names.ts';
import type { ProtocolError } from '../protocol/protocol-error.ts';
import { badHeader } from './errors.ts';
import type { BrokerLimits } from './limits.ts';

/** What a subscription may have in flight. */
export interface Prefetch {
  readonly count: number;
  /** Octets; the message that goes beyond them is still sent. Infinity = they do not count. */
  readonly bytes: number;
  /** The client named a bound itself. */
  readonly isAsked: boolean;
}

/**
 * `prefetch-count` (RabbitMQ) or `activemq.prefetchSize`: deliveries; 0 = as many as the node grants. And
 * `consumer-window-size` (Artemis): octets; 0 = one message at a time, -1 = no bound.
 */
export function readPrefetch(headers: Headers, limits: BrokerLimits): Prefetch | ProtocolError {
  const window = readWindow(headers);
  if (typeof window === 'object') return window;
  const bytes = window === undefined || window <= 0 ? Infinity : window;
  const isWindowAsked = window !== undefined && window >= 0;
  const most = window === 0 ? 1 : limits.maxPrefetch;
  for (const name of [HEADER.prefetchCount, HEADER.activemqPrefetchSize]) {
    const text = headers.get(name);
    if (text === undefined) continue;
    if (!/^\s*\d{1,9}\s*$/.test(text)) return badHeader('SUBSCRIBE', name, 'a whole number from 0 up', text);
    const asked = Number(text);
    return { count: asked === 0 ? most : Math.min(asked, most), bytes, isAsked: asked > 0 || isWindowAsked };
  }
  // A window bounds by itself; without one, and without a wish, the node's own bound holds.
  return { count: window === undefined ? limits.defaultPrefetch : most, bytes, isAsked: isWindowAsked };
}

function readWindow(headers: Headers): number | undefined | ProtocolError {
  const name = HEADER.consumerWindowSize;
  const text = headers.get(name);
  if (text === undefined) return undefined;
  return /^\s*(-1|\d{1,12})\s*$/.test(text) ? Number(text) : badHeader('SUBSCRIBE', name, 'a number of octets, or -1', text);
}
