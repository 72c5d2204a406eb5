import type { Headers } from '../protocol/frame.ts';
import { HEADER } from '../protocol/header-names.ts';
import type { ProtocolError } from '../protocol/protocol-error.ts';
import type { Destination } from './destination.ts';
import { badHeader } from './errors.ts';
import type { Policies } from './policies.ts';

/**
 * What becomes of a subscriber that takes a topic's messages more slowly than they come: it is cut off, or it misses the
 * oldest, or of each topic all but the newest. What it missed is told (`x-dropped`).
 */
export const SLOW_CONSUMER_WAYS = ['disconnect', 'drop-oldest', 'conflate'] as const;

export type SlowConsumerWay = (typeof SLOW_CONSUMER_WAYS)[number];

/** What holds for one subscription that falls behind. */
export interface SlowConsumerTerms {
  readonly way: SlowConsumerWay;
  /** Messages that may wait for it; infinity = as many as the octets of a connection allow. */
  readonly maxPending: number;
}

/** Without a policy and without a wish. */
export const CUT_OFF: SlowConsumerTerms = Object.freeze({ way: 'disconnect', maxPending: Infinity });

/**
 * ActiveMQ's `activemq.maximumPendingMessageLimit` (-1 = none), and the policy of the first destination that has one; for
 * a pattern that is the first policy which meets it. Who names a limit wants to miss messages rather than be cut off.
 */
export function readSlowConsumerTerms(headers: Headers, destinations: readonly Destination[], policies: Policies): SlowConsumerTerms | ProtocolError {
  const name = HEADER.activemqMaximumPendingMessageLimit;
  const text = headers.get(name);
  if (text !== undefined && !/^\s*(-1|\d{1,9})\s*$/.test(text)) return badHeader('SUBSCRIBE', name, 'a whole number from -1 up', text);
  const limit = text === undefined ? -1 : Number(text);
  let way: SlowConsumerWay | undefined;
  for (const { kind, canonical } of destinations) {
    if (way === undefined && kind === 'topic') way = policies.of(canonical).slowConsumer;
  }
  if (limit >= 0) return { way: way === 'conflate' ? way : 'drop-oldest', maxPending: limit };
  return way === undefined ? CUT_OFF : { way, maxPending: Infinity };
}
