import type { Headers } from '../protocol/frame.ts';
import { HEADER } from '../protocol/header-names.ts';
import type { ProtocolError } from '../protocol/protocol-error.ts';
import { badHeader } from './errors.ts';

/** The first that is present wins: ActiveMQ's two, Artemis', and that of RabbitMQ's plugin. */
const DELAYS = [
  { name: HEADER.AMQ_SCHEDULED_DELAY, isMoment: false },
  { name: HEADER.AMQ_SCHEDULED_TIME, isMoment: true },
  { name: HEADER._AMQ_SCHED_DELIVERY, isMoment: true },
  { name: HEADER.xDelay, isMoment: false },
] as const;

/** When a message is to be sent, ms since the epoch; 0 = at once, which is also what a moment that has passed says. */
export function readDueAt(headers: Headers, now: number): number | ProtocolError {
  for (const { name, isMoment } of DELAYS) {
    const text = headers.get(name);
    if (text === undefined) continue;
    // A message that was to wait and cannot tell how long must not be sent at once.
    if (!/^\s*\d{1,15}\s*$/.test(text)) return badHeader('SEND', name, isMoment ? 'ms since the epoch' : 'ms from 0 up', text);
    const dueAt = Number(text) + (isMoment ? 0 : now);
    return dueAt > now ? dueAt : 0;
  }
  return 0;
}
