import type { Headers } from '../protocol/frame.ts';
import { HEADER } from '../protocol/header-names.ts';
import { parseBoolean } from './boolean-header.ts';

/**
 * Headers of a SEND that are for the broker, and headers that only the broker may write. All others are the sender's own
 * and reach every receiver (STOMP 1.2, SEND: "any number of user defined headers").
 */
const KEPT_BACK: ReadonlySet<string> = new Set([
  HEADER.destination,
  HEADER.AMQ_SCHEDULED_DELAY,
  HEADER.AMQ_SCHEDULED_TIME,
  HEADER.AMQ_SCHEDULED_PERIOD,
  HEADER.AMQ_SCHEDULED_REPEAT,
  HEADER.AMQ_SCHEDULED_CRON,
  HEADER._AMQ_SCHED_DELIVERY,
  HEADER.xDelay,
  HEADER.receipt,
  HEADER.transaction,
  HEADER.contentLength,
  HEADER.messageId,
  HEADER.subscription,
  HEADER.ack,
  HEADER.redelivered,
  HEADER.timestamp,
  HEADER.browser,
  HEADER.JMSXDeliveryCount,
  HEADER.JMSXUserID,
  HEADER.JMSXGroupFirstForConsumer,
  HEADER.xDeliveryCount,
  HEADER.originalDestination,
  HEADER.xStreamOffset,
  HEADER.xStreamEpoch,
  HEADER.scheduledJobId,
  HEADER.xDropped,
  HEADER.xGap,
  HEADER.xFirstDeathQueue,
  HEADER.xFirstDeathReason,
  HEADER.xFirstDeathExchange,
  HEADER.xLastDeathQueue,
  HEADER.xLastDeathReason,
  HEADER.xLastDeathExchange,
  HEADER._AMQ_ORIG_ADDRESS,
  HEADER._AMQ_ORIG_QUEUE,
  HEADER._AMQ_ORIG_MESSAGE_ID,
  HEADER._AMQ_ACTUAL_EXPIRY,
  HEADER.dlqDeliveryFailureCause,
  HEADER.expires,
  HEADER.priority,
]);

/** Who sent a message. */
export interface Sender {
  /** Takes the place of a `reply-to` that only its sender understands. */
  readonly replyTo?: string | undefined;
  /** As the broker knows him; undefined for the embedding application. */
  readonly user?: string;
}

/** The sender's own headers as they go on, and who he is. */
export function passedHeaders(headers: Headers, { replyTo, user }: Sender): string[] {
  const passed: string[] = [];
  const { pairs } = headers;
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const name = pairs[i] ?? '';
    if (KEPT_BACK.has(name)) continue;
    const value = pairs[i + 1] ?? '';
    // All peers say it only of messages that are.
    if (name === HEADER.persistent && !parseBoolean(value)) continue;
    passed.push(name, replyTo !== undefined && name === HEADER.replyTo ? replyTo : value);
  }
  if (user !== undefined) passed.push(HEADER.JMSXUserID, user);
  return passed;
}
