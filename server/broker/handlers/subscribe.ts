import type { Frame } from '../../protocol/frame.ts';
import { HEADER } from '../../protocol/header-names.ts';
import type { ProtocolError } from '../../protocol/protocol-error.ts';
import { parseAckMode } from '../ack-mode.ts';
import type { Destination } from '../destination.ts';
import { badHeader, duplicatedSubscription, limitExceeded, missingDestination, missingHeader, unknownDestination } from '../errors.ts';
import { readMessageFilter } from '../message-filter.ts';
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
  const { subscription, destinations } = request;

  const refusal = await refusedDestination(session, 'subscribe', destinations);
  if (refusal) return refusal;
  await session.submissions.whenIdle();

  try {
    for (const destination of destinations) {
      if (session.state !== 'connected') return undefined;
      const source = await openSource(session, destination);
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
}

function readRequest(session: Session, frame: Frame): Request | ProtocolError {
  const { headers } = frame;
  const { broker, subscriptions, version } = session;
  const text = headers.get(HEADER.destination);
  if (text === undefined) return missingDestination('SUBSCRIBE');
  const id = headers.get(HEADER.id);
  // STOMP 1.1 and 1.2, SUBSCRIBE id Header: must be included; in 1.0 the destination identifies it.
  if (id === undefined && version !== '1.0') return missingHeader('SUBSCRIBE', HEADER.id);
  if (subscriptions.find(subscriptionKey(id, text)) && !isImplicit(id, text)) return duplicatedSubscription(id ?? text);
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
  if (filter?.selector && destinations.some(({ kind }) => kind === 'queue' || kind === 'temp-queue')) {
    return badHeader('SUBSCRIBE', HEADER.selector, 'absent for a queue, since selectors are for topics yet', filter.selector.text);
  }
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
  return { subscription, destinations };
}

async function openSource(session: Session, destination: Destination): Promise<Source | ProtocolError> {
  const { engine } = session.broker;
  const { kind, name, isPattern, text } = destination;
  switch (kind) {
    case 'queue':
      return { kind: 'queue', queue: name };
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
      if (temporary.kind === 'queue') return { kind: 'queue', queue: temporary.name };
      await engine.watch(temporary.name);
      return { kind: 'topic', name: temporary.name, isPattern: false };
    }
    case 'reply-queue':
    case 'reply-topic':
      return unknownDestination('not-yours', text, 'the temporary of another connection; it can only be sent to');
  }
}

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
