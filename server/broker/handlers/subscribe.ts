import type { Frame } from '../../protocol/frame.ts';
import { HEADER } from '../../protocol/header-names.ts';
import type { ProtocolError } from '../../protocol/protocol-error.ts';
import { parseAckMode, type AckMode } from '../ack-mode.ts';
import { readBoolean } from '../boolean-header.ts';
import type { Destination } from '../destination.ts';
import { badHeader, duplicatedSubscription, limitExceeded, missingDestination, missingHeader, unknownDestination } from '../errors.ts';
import { readMessageFilter, type MessageFilter } from '../message-filter.ts';
import { readPrefetch } from '../prefetch.ts';
import { refusedDestination } from '../rights.ts';
import type { Session } from '../session.ts';
import { Subscription, subscriptionKey, type Source } from '../subscription.ts';
import { tooManyTemporaries } from './reply-to.ts';

/**
 * SUBSCRIBE: headers, rights, then the interest itself; its RECEIPT says that from now on whatever anyone publishes will
 * be delivered, and comes before the first MESSAGE.
 */
export async function subscribe(session: Session, frame: Frame): Promise<ProtocolError | undefined> {
  const request = readRequest(session, frame);
  if ('code' in request) return request;
  const { subscription, destinations, isBrowser } = request;

  const refusal = await refusedDestination(session, 'subscribe', destinations);
  if (refusal) return refusal;
  await session.submissions.whenIdle();

  try {
    for (const destination of destinations) {
      if (session.state !== 'connected') return undefined;
      const source = await openSource(session, destination, isBrowser);
      if ('code' in source) return source;
      subscription.sources.push(source);
    }
    if (session.state !== 'connected') return undefined;
    replaceImplicit(session, subscription);
    session.subscriptions.register(subscription);
    session.acknowledge(frame);
    session.subscriptions.attach(subscription);
    return undefined;
  } finally {
    if (session.subscriptions.findNumber(subscription.number) !== subscription) closeSources(session, subscription);
  }
}

/** The subscription did not come about: nobody watches for it. */
function closeSources(session: Session, subscription: Subscription): void {
  for (const source of subscription.sources) if (source.kind === 'topic') session.broker.engine.unwatch(source.name);
}

interface Request {
  readonly subscription: Subscription;
  readonly destinations: readonly Destination[];
  /** Wants copies of what is in a queue now. */
  readonly isBrowser: boolean;
}

function readRequest(session: Session, frame: Frame): Request | ProtocolError {
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
  const { maxSubscriptions } = broker.limits;
  if (subscriptions.count >= maxSubscriptions) {
    return limitExceeded('too-many-subscriptions', `expected at most ${maxSubscriptions} subscriptions on a connection`);
  }
  const destinations = broker.destinations.parse(text);
  if ('code' in destinations) return destinations;
  const misfit = isBrowser ? browserMisfit(destinations, ackMode) : selectorMisfit(destinations, filter);
  if (misfit) return misfit;
  const subscription = new Subscription({
    session,
    number: subscriptions.nextNumber(),
    id,
    destinationText: text,
    ackMode,
    prefetch: prefetch.count,
    isPrefetchAsked: prefetch.isAsked,
    filter,
  });
  return { subscription, destinations, isBrowser };
}

/** What cannot be browsed. Copies are never acked: a mode that asks for it would be a misunderstanding. */
function browserMisfit(destinations: readonly Destination[], ackMode: AckMode): ProtocolError | undefined {
  if (destinations.length !== 1 || !destinations.every(isQueue)) {
    return badHeader('SUBSCRIBE', HEADER.browser, 'absent or false for anything but one queue', 'true');
  }
  return ackMode === 'auto' ? undefined : badHeader('SUBSCRIBE', HEADER.ack, 'auto for a browser, whose messages are copies', ackMode);
}

function selectorMisfit(destinations: readonly Destination[], filter: MessageFilter | undefined): ProtocolError | undefined {
  if (!filter?.selector || !destinations.some(isQueue)) return undefined;
  return badHeader('SUBSCRIBE', HEADER.selector, 'absent for the consumer of a queue, since selectors are for topics and browsers yet', filter.selector.text);
}

const isQueue = ({ kind }: Destination): boolean => kind === 'queue' || kind === 'temp-queue';

async function openSource(session: Session, destination: Destination, isBrowser: boolean): Promise<Source | ProtocolError> {
  const { engine } = session.broker;
  const { kind, name, isPattern, text } = destination;
  switch (kind) {
    case 'queue':
      return fromQueue(name, isBrowser);
    case 'topic':
      await engine.watch(name);
      return { kind: 'topic', name, isPattern };
    case 'temp-queue':
    case 'temp-topic': {
      const own = kind === 'temp-queue' ? 'queue' : 'topic';
      const refusal = tooManyTemporaries(session, own, name);
      if (refusal) return refusal;
      const { temporary, created } = session.temporaries.open(own, name);
      await created;
      if (temporary.kind === 'queue') return fromQueue(temporary.name, isBrowser);
      await engine.watch(temporary.name);
      return { kind: 'topic', name: temporary.name, isPattern: false };
    }
    case 'reply-queue':
    case 'reply-topic':
      return unknownDestination('not-yours', text, 'the temporary of another connection; it can only be sent to');
  }
}

const fromQueue = (queue: string, isBrowser: boolean): Source => (isBrowser ? { kind: 'browser', queue } : { kind: 'queue', queue });

/** A name that only RabbitMQ's implicit reply subscription can have. */
const isImplicit = (id: string | undefined, text: string): boolean => id === text && text.startsWith('/temp-queue/');

/** An explicit SUBSCRIBE to one's own temporary takes the place of the implicit one and gets its messages. */
function replaceImplicit(session: Session, explicit: Subscription): void {
  for (const source of explicit.sources) {
    if (source.kind !== 'queue') continue;
    for (const other of [...session.subscriptions.all()]) {
      const isSame = other.sources.some((each) => each.kind === 'queue' && each.queue === source.queue);
      if (isSame && isImplicit(other.id, other.destinationText)) session.subscriptions.giveBack(session.subscriptions.remove(other));
    }
  }
}
