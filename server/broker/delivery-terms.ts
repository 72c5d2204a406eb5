import type { Headers } from '../protocol/frame.ts';
import { HEADER } from '../protocol/header-names.ts';
import type { ProtocolError } from '../protocol/protocol-error.ts';
import { badHeader } from './errors.ts';
import { DEFAULT_PRIORITY } from './message.ts';

/** What a sender asks of the delivery, beside when it is to begin (`readDueAt`); stored with the message. */
export interface DeliveryTerms {
  readonly priority: number;
  readonly expiresAt: number;
  readonly group: string;
}

const PLAIN: DeliveryTerms = Object.freeze({ priority: DEFAULT_PRIORITY, expiresAt: 0, group: '' });

/** How long to live, in ms: RabbitMQ's name, and ActiveMQ's. */
const LIFETIMES = [HEADER.expiration, HEADER.JMSTimeToLive] as const;

/** All that is read here but for the group, whose value goes on as it is. */
const NUMBERS = [HEADER.priority, ...LIFETIMES, HEADER.expires] as const;

/** Further away than any clock: what sums to more is never. */
const LAST_MOMENT = 8.64e15;

/** `now` is ms since the epoch. Of several ends the earliest counts. */
export function readDeliveryTerms(headers: Headers, now: number): DeliveryTerms | ProtocolError {
  const group = headers.get(HEADER.JMSXGroupID) ?? headers.get(HEADER._AMQ_GROUP_ID) ?? headers.get(HEADER.xPartitionKey) ?? '';
  if (!NUMBERS.some((name) => headers.get(name) !== undefined)) return group === '' ? PLAIN : { ...PLAIN, group };
  for (const name of NUMBERS) {
    const text = headers.get(name);
    if (name !== HEADER.priority && text !== undefined && !isCount(text)) return badHeader('SEND', name, 'a number of ms, decimal and not below 0', text);
  }
  return { group, priority: readPriority(headers.get(HEADER.priority)), expiresAt: readEnd(headers, now) };
}

/** JMS: 0 to 9, 4 by default; what is outside is brought in, what is no number is ignored. */
function readPriority(text: string | undefined): number {
  const number = Number.parseInt(text ?? '', 10);
  return Number.isNaN(number) ? DEFAULT_PRIORITY : Math.min(9, Math.max(0, number));
}

function readEnd(headers: Headers, now: number): number {
  let end = Infinity;
  for (const name of LIFETIMES) {
    const text = headers.get(name);
    if (text !== undefined) end = Math.min(end, now + Number(text));
  }
  const expires = Number(headers.get(HEADER.expires) ?? 0);
  if (expires !== 0) end = Math.min(end, expires);
  return end <= LAST_MOMENT ? end : 0;
}

const isCount = (text: string): boolean => /^\d{1,16}$/.test(text);
