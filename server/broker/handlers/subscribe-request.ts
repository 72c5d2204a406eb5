import type { Frame, Headers } from '../../protocol/frame.ts';
import { HEADER } from '../../protocol/header-names.ts';
import type { ProtocolError } from '../../protocol/protocol-error.ts';
import { parseAckMode, type AckMode } from '../ack-mode.ts';
import { readBoolean } from '../boolean-header.ts';
import { readConsumerTerms } from '../consumer-terms.ts';
import type { Destination } from '../destination.ts';
import { namesDurable, readDurable, type DurableRequest } from '../durable-request.ts';
import { virtualTopicOf } from '../durable-name.ts';
import { badHeader, duplicatedSubscription, limitExceeded, missingDestination, missingHeader, notDurable } from '../errors.ts';
import { readMessageFilter, readNoLocal, type MessageFilter } from '../message-filter.ts';
import { readPrefetch } from '../prefetch.ts';
import { readRoutingType } from '../routing-type.ts';
import type { Session } from '../session.ts';
import { readSlowConsumerTerms } from '../slow-consumer.ts';
import { SOFT_ERRORS_DESTINATION } from '../soft-errors.ts';
import { Subscription, subscriptionKey } from '../subscription.ts';

/** What a SUBSCRIBE asks for, as far as its headers tell. */
export interface SubscribeRequest {
  readonly subscription: Subscription;
  /** What is to be opened for it; none for its own session's soft errors. */
  readonly destinations: readonly Destination[];
  /** Wants copies of what is in a queue now. */
  readonly isBrowser: boolean;
  /** As what durable subscription. */
  readonly durable: DurableRequest | undefined;
  readonly filter: MessageFilter | undefined;
}

export function readSubscribeRequest(session: Session, frame: Frame): SubscribeRequest | ProtocolError {
  const { headers } = frame;
  const { broker, subscriptions, version } = session;
  const text = headers.get(HEADER.destination);
  if (text === undefined) return missingDestination('SUBSCRIBE');
  const id = headers.get(HEADER.id);
  // STOMP 1.1 and 1.2, SUBSCRIBE id Header: must be included; in 1.0 the destination identifies it.
  if (id === undefined && version !== '1.0') return missingHeader('SUBSCRIBE', HEADER.id);
  const isBrowser = readBoolean('SUBSCRIBE', headers, HEADER.browser) ?? false;
  if (typeof isBrowser === 'object') return isBrowser;
  const canReplace = isImplicit(id, text) && !isBrowser;
  if (subscriptions.find(subscriptionKey(id, text)) && !canReplace) return duplicatedSubscription(id ?? text);
  const ackMode = parseAckMode(headers.get(HEADER.ack));
  if (!ackMode) return badHeader('SUBSCRIBE', HEADER.ack, 'auto, client or client-individual', headers.get(HEADER.ack) ?? '');
  const filter = readMessageFilter(headers, broker.selectors);
  if (filter && 'code' in filter) return filter;
  const prefetch = readPrefetch(headers, broker.limits);
  if ('code' in prefetch) return prefetch;
  const terms = readConsumerTerms(headers);
  if ('code' in terms) return terms;
  const { maxSubscriptions } = broker.limits;
  if (subscriptions.count >= maxSubscriptions) {
    return limitExceeded('too-many-subscriptions', `expected at most ${maxSubscriptions} subscriptions on a connection`);
  }
  const isForErrors = session.softErrors !== undefined && text === SOFT_ERRORS_DESTINATION;
  const bare = readRoutingType('SUBSCRIBE', headers);
  if (typeof bare === 'object') return bare;
  const destinations = isForErrors ? [] : broker.destinations.parse(text, bare);
  if ('code' in destinations) return destinations;
  const slowConsumer = readSlowConsumerTerms(headers, destinations, broker.policies);
  if ('code' in slowConsumer) return slowConsumer;
  const misfit = isBrowser ? browserMisfit(destinations, ackMode) : isForErrors ? errorsMisfit(filter, ackMode) : selectorMisfit(destinations, filter);
  if (misfit) return misfit;
  const durable = isBrowser || isForErrors ? undefined : durableOf(session, headers, destinations);
  if (durable && 'code' in durable) return durable;
  const subscription = new Subscription({
    session,
    number: subscriptions.nextNumber(),
    id,
    destinationText: text,
    ackMode,
    prefetch,
    filter,
    slowConsumer,
    terms,
  });
  if (isForErrors) subscription.sources.push({ kind: 'soft-errors' });
  return { subscription, destinations, isBrowser, durable, filter };
}

/** A durable subscription is to one topic. What RabbitMQ's clients say of a queue is true of every queue here. */
function durableOf(session: Session, headers: Headers, destinations: readonly Destination[]): DurableRequest | undefined | ProtocolError {
  const [first, second] = destinations;
  const isTopic = first?.kind === 'topic' && !first.isAdvisory && !second;
  if (isTopic) return withoutShares(readDurable('SUBSCRIBE', session, headers, first), headers);
  const text = destinations.map((each) => each.text).join();
  if (namesDurable(headers)) return notDurable('SUBSCRIBE', text, 'expected one topic for a durable subscription');
  return destinations.some(({ subscription }) => subscription !== undefined) ? notDurable('SUBSCRIBE', text, 'expected one topic to share a subscription of') : undefined;
}

/** Whose messages would not be told to whom, if several share them? */
function withoutShares(durable: DurableRequest | undefined | ProtocolError, headers: Headers): DurableRequest | undefined | ProtocolError {
  const isNoLocal = readNoLocal(headers);
  if (!durable || 'code' in durable || !durable.isShared || isNoLocal !== true) return durable;
  return badHeader('SUBSCRIBE', HEADER.noLocal, 'absent or false for a subscription that several share', 'true');
}

/** What cannot be browsed. Copies are never acked: a mode that asks for it would be a misunderstanding. */
function browserMisfit(destinations: readonly Destination[], ackMode: AckMode): ProtocolError | undefined {
  if (destinations.length !== 1 || !destinations.every(isQueue)) {
    return badHeader('SUBSCRIBE', HEADER.browser, 'absent or false for anything but one queue', 'true');
  }
  return ackMode === 'auto' ? undefined : badHeader('SUBSCRIBE', HEADER.ack, 'auto for a browser, whose messages are copies', ackMode);
}

/** What a virtual topic keeps for its group comes by the log of the topic, to all of the group alike. */
function selectorMisfit(destinations: readonly Destination[], filter: MessageFilter | undefined): ProtocolError | undefined {
  const isVirtual = destinations.some(({ kind, name }) => kind === 'queue' && virtualTopicOf(name) !== undefined);
  if (!filter?.selector || !isVirtual) return undefined;
  return badHeader('SUBSCRIBE', HEADER.selector, 'absent for the queue of a virtual topic, whose consumers share all of it', filter.selector.text);
}

/** Each is told, once: a refusal that was filtered away, or waited for acks, would be a frame without any answer. */
function errorsMisfit(filter: MessageFilter | undefined, ackMode: AckMode): ProtocolError | undefined {
  if (filter?.selector) return badHeader('SUBSCRIBE', HEADER.selector, `absent for ${SOFT_ERRORS_DESTINATION}`, filter.selector.text);
  return ackMode === 'auto' ? undefined : badHeader('SUBSCRIBE', HEADER.ack, `auto for ${SOFT_ERRORS_DESTINATION}`, ackMode);
}

const isQueue = ({ kind }: Destination): boolean => kind === 'queue' || kind === 'temp-queue';

/** A name that only RabbitMQ's implicit reply subscription can have. */
export const isImplicit = (id: string | undefined, text: string): boolean => id === text && text.startsWith('/temp-queue/');
