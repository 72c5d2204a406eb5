import type { Headers } from '../protocol/frame.ts';
import { HEADER } from '../protocol/header-names.ts';

/**
 * Headers of a SEND that are for the broker, and headers that only the broker may write. All others are the sender's own
 * and reach every receiver (STOMP 1.2, SEND: "any number of user defined headers").
 */
const KEPT_BACK: ReadonlySet<string> = new Set([
  HEADER.destination,
  HEADER.receipt,
  HEADER.transaction,
  HEADER.contentLength,
  HEADER.messageId,
  HEADER.subscription,
  HEADER.ack,
  HEADER.redelivered,
  HEADER.timestamp,
  HEADER.JMSXDeliveryCount,
  HEADER.JMSXUserID,
  HEADER.xDeliveryCount,
  HEADER.originalDestination,
  HEADER.xStreamOffset,
  HEADER.xDropped,
  HEADER.xGap,
  HEADER.xFirstDeathQueue,
  HEADER.xFirstDeathReason,
  HEADER.xLastDeathQueue,
  HEADER.xLastDeathReason,
  HEADER._AMQ_ORIG_ADDRESS,
  HEADER._AMQ_ORIG_QUEUE,
  HEADER._AMQ_ORIG_MESSAGE_ID,
  HEADER.dlqDeliveryFailureCause,
]);

/** The sender's own headers as they go on; `replyTo` takes the place of a `reply-to` that only its sender understands. */
export function passedHeaders(headers: Headers, replyTo: string | undefined): string[] {
  const passed: string[] = [];
  const { pairs } = headers;
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const name = pairs[i] ?? '';
    if (KEPT_BACK.has(name)) continue;
    passed.push(name, replyTo !== undefined && name === HEADER.replyTo ? replyTo : (pairs[i + 1] ?? ''));
  }
  return passed;
}
