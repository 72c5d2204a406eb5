import type { Frame, Headers } from '../protocol/frame.ts';
import { HEADER } from '../protocol/header-names.ts';
import type { ProtocolError } from '../protocol/protocol-error.ts';
import type { Delivery } from './delivery.ts';
import type { DepartedDelivery } from './departed.ts';
import { messageNotFound, missingHeader, subscriptionNotFound } from './errors.ts';
import type { Session } from './session.ts';
import { subscriptionKey } from './subscription.ts';

type Found = Delivery | DepartedDelivery | ProtocolError;

/**
 * Which delivery an ACK or NACK means. 1.2: `id` is the MESSAGE's `ack` value (or, as RabbitMQ's and Artemis' clients
 * have it, an unambiguous message id). 1.1: `message-id` and `subscription`, the latter optional while unambiguous.
 * 1.0: `message-id`, the oldest delivery of it; `subscription` only where it names one, for 1.0 does not know it and
 * stomp-client writes `subscription:undefined`.
 */
export function findDelivery(session: Session, frame: Frame): Found {
  const { headers, command } = frame;
  const id = headers.get(HEADER.id);
  const messageId = headers.get(HEADER.messageId);
  if (session.version === '1.2') return id === undefined ? missingHeader(command, HEADER.id) : byAckValue(session, command, id);
  if (messageId !== undefined) return byMessageId(session, command, messageId, namedSubscription(session, headers));
  return id === undefined ? missingHeader(command, HEADER.messageId) : byAckValue(session, command, id);
}

function namedSubscription(session: Session, headers: Headers): string | undefined {
  const id = headers.get(HEADER.subscription);
  if (id === undefined || session.version !== '1.0') return id;
  return session.subscriptions.find(subscriptionKey(id, '')) ? id : undefined;
}

function byAckValue(session: Session, command: string, value: string): Found {
  const numbers = readAckValue(session.id, value);
  if (!numbers) return byMessageId(session, command, value, undefined);
  const [subscriptionNumber, number] = numbers;
  const { subscriptions } = session;
  const subscription = subscriptions.findNumber(subscriptionNumber);
  const found = subscription?.inflight.get(number) ?? subscriptions.departed.take(number);
  return found ?? messageNotFound('not-in-flight', `${command}: '${value}' was settled already, or was never sent`);
}

/** `<session>.<subscription>.<delivery>`, base 36; undefined when this session never wrote such a value. */
function readAckValue(sessionId: string, value: string): [number, number] | undefined {
  const from = sessionId.length + 1;
  if (!value.startsWith(sessionId) || value[from - 1] !== '.') return undefined;
  const dot = value.indexOf('.', from);
  const subscription = readBase36(value, from, dot);
  const delivery = readBase36(value, dot + 1, value.length);
  return subscription < 0 || delivery < 0 ? undefined : [subscription, delivery];
}

/** At most ten digits, small letters only: every ACK comes by here. -1 for anything else. */
function readBase36(text: string, from: number, to: number): number {
  if (to <= from || to - from > 10) return -1;
  let number = 0;
  for (let i = from; i < to; i++) {
    const octet = text.charCodeAt(i);
    if (octet >= 0x30 && octet <= 0x39) number = number * 36 + octet - 0x30;
    else if (octet >= 0x61 && octet <= 0x7a) number = number * 36 + octet - 0x61 + 10;
    else return -1;
  }
  return number;
}

function byMessageId(session: Session, command: string, messageId: string, subscriptionId: string | undefined): Found {
  const { subscriptions } = session;
  if (subscriptionId !== undefined) {
    const subscription = subscriptions.find(subscriptionKey(subscriptionId, ''));
    const found = subscription?.inflight.findMessage(messageId) ?? subscriptions.departed.takeMessage(messageId);
    if (found) return found;
    return subscription ? notFound(command, messageId) : subscriptionNotFound(subscriptionId);
  }
  const candidates: Delivery[] = [];
  for (const subscription of subscriptions.all()) {
    const delivery = subscription.inflight.findMessage(messageId);
    if (delivery) candidates.push(delivery);
  }
  const [oldest] = candidates.sort((a, b) => a.number - b.number);
  if (oldest && (candidates.length === 1 || session.version === '1.0')) return oldest;
  if (oldest) return messageNotFound('ambiguous', `${command}: message '${messageId}' is in flight on several subscriptions; name one`);
  return subscriptions.departed.takeMessage(messageId) ?? notFound(command, messageId);
}

const notFound = (command: string, messageId: string): ProtocolError =>
  messageNotFound('not-in-flight', `${command}: message '${messageId}' is not in flight on this connection`);
