import { cut } from '../lib/cut.ts';
import type { Headers } from '../protocol/frame.ts';
import { HEADER } from '../protocol/header-names.ts';
import type { ProtocolError } from '../protocol/protocol-error.ts';
import { readBoolean } from './boolean-header.ts';
import { badHeader } from './errors.ts';

/** What a NACK can do to a message: RabbitMQ's way, ActiveMQ's, and Artemis', for which a NACK is an ACK. */
export const NACK_WAYS = ['requeue', 'dead-letter', 'discard'] as const;

export type NackWay = (typeof NACK_WAYS)[number];

/** What a NACK frame says of it; what it leaves open is for the queue's policy. */
export interface NackWish {
  readonly requeue: boolean | undefined;
  readonly deadLetter: boolean | undefined;
  /** How long it waits before it is delivered again; undefined = as the policy says. */
  readonly delayMs: number | undefined;
  /** The client's own words, '' = none; they go into the dead letter. */
  readonly cause: string;
}

/** A cause is cut to so many characters: it is stored with the message, and people paste stack traces. */
const MAX_CAUSE_LENGTH = 1024;

/** `requeue` is RabbitMQ's header, `delay`, `dead-letter` and `reason` are ours. */
export function readNackWish(headers: Headers): NackWish | ProtocolError {
  const requeue = readBoolean('NACK', headers, HEADER.requeue);
  if (typeof requeue === 'object') return requeue;
  const deadLetter = readBoolean('NACK', headers, HEADER.deadLetter);
  if (typeof deadLetter === 'object') return deadLetter;
  if (requeue && deadLetter) return badHeader('NACK', HEADER.deadLetter, `absent or false beside '${HEADER.requeue}:true'`, 'true');
  const delay = headers.get(HEADER.delay);
  if (delay !== undefined && !/^\s*\d{1,12}\s*$/.test(delay)) return badHeader('NACK', HEADER.delay, 'ms from 0 up', delay);
  return { requeue, deadLetter, delayMs: delay === undefined ? undefined : Number(delay), cause: cut(headers.get(HEADER.reason) ?? '', MAX_CAUSE_LENGTH) };
}

/** The frame's word comes first, then the queue's policy. Giving up without a dead letter is dropping. */
export function nackWay({ requeue, deadLetter }: NackWish, byPolicy: NackWay): NackWay {
  if (deadLetter) return 'dead-letter';
  if (requeue === undefined) return deadLetter === false && byPolicy === 'dead-letter' ? 'requeue' : byPolicy;
  if (requeue) return 'requeue';
  return deadLetter === false ? 'discard' : 'dead-letter';
}
