import type { Frame } from '../../protocol/frame.ts';
import { HEADER } from '../../protocol/header-names.ts';
import type { ProtocolError } from '../../protocol/protocol-error.ts';
import { readBoolean } from '../boolean-header.ts';
import type { Destination } from '../destination.ts';
import { namesDurable, readDurable, type DurableRequest } from '../durable-request.ts';
import { durableInUse, missingHeader, subscriptionNotFound } from '../errors.ts';
import type { Session } from '../session.ts';
import { subscriptionKey, type Subscription } from '../subscription.ts';
import { releaseOperations } from '../subscriptions.ts';
import type { Handled } from './index.ts';

/**
 * UNSUBSCRIBE: no MESSAGE of it follows; what was in flight returns to its place. A durable subscription stays, unless the frame
 * says by a header that it is to end: by its name (ActiveMQ, Artemis), or by `durable:true` (RabbitMQ).
 */
export function unsubscribe(session: Session, frame: Frame): Handled {
  const wish = readEnd(session, frame);
  if (wish && 'code' in wish) return wish;
  if (wish) return endDurable(session, frame, wish);
  const id = frame.headers.get(HEADER.id);
  const destination = frame.headers.get(HEADER.destination);
  // STOMP 1.0 names a subscription without an id by its destination.
  const isByDestination = id === undefined && session.version === '1.0' && destination !== undefined;
  if (id === undefined && !isByDestination) return missingHeader('UNSUBSCRIBE', HEADER.id);
  const named = session.subscriptions.find(subscriptionKey(id, destination ?? ''));
  const subscription = named ?? (isByDestination ? oldestTo(session, destination) : undefined);
  if (!subscription) return subscriptionNotFound(id ?? destination ?? '');
  const idle = session.submissions.whenIdle();
  if (!idle) return leave(session, frame, subscription);
  return idle.then(() => leave(session, frame, subscription));
}

/** stomp.py subscribes with an id in 1.0 too, and unsubscribes by the destination all the same. */
function oldestTo(session: Session, destination: string): Subscription | undefined {
  for (const subscription of session.subscriptions.all()) {
    if (subscription.destinationText === destination) return subscription;
  }
  return undefined;
}

function leave(session: Session, frame: Frame, subscription: Subscription): undefined {
  // A session that ends releases everything itself.
  if (!subscription.isLive || session.state !== 'connected') return;
  const inflight = session.subscriptions.remove(subscription);
  session.subscriptions.departed.add(inflight);
  const operations = releaseOperations(inflight, 'gone');
  if (operations.length === 0) {
    session.acknowledge(frame);
    session.subscriptions.endHolds(subscription);
    return;
  }
  session.submissions.submit({ operations, bytes: 0, receiptId: frame.headers.get(HEADER.receipt), deliveries: inflight });
  void session.submissions.whenIdle()?.then(() => { session.subscriptions.endHolds(subscription); });
}

/** What is to end: a subscription of this session, or a durable one that nobody uses now. */
interface End {
  readonly own: Subscription | undefined;
  readonly queue: string;
  readonly durable: Pick<DurableRequest, 'client' | 'name'>;
}

function readEnd(session: Session, frame: Frame): End | undefined | ProtocolError {
  const { headers } = frame;
  const isFlagged = readBoolean('UNSUBSCRIBE', headers, HEADER.durable) ?? readBoolean('UNSUBSCRIBE', headers, HEADER.persistent) ?? false;
  if (typeof isFlagged === 'object') return isFlagged;
  const isNamed = namesDurable(headers);
  if (!isFlagged && !isNamed) return undefined;
  const id = headers.get(HEADER.id);
  const text = headers.get(HEADER.destination);
  const own = session.subscriptions.find(subscriptionKey(id, text ?? ''));
  const source = own?.sources.find((each) => each.kind === 'queue' && each.hold !== undefined);
  if (own && source?.kind === 'queue') return { own, queue: source.queue, durable: { client: session.identity?.user ?? '', name: id ?? '' } };
  // One that is no durable subscription is only ended.
  if (own && !isNamed) return undefined;
  const destinations = text === undefined ? [NO_TOPIC] : session.broker.destinations.parse(text);
  if ('code' in destinations) return destinations;
  if (!isNamed && text === undefined) return subscriptionNotFound(id ?? '');
  const durable = readDurable('UNSUBSCRIBE', session, headers, destinations[0]!);
  if (!durable || 'code' in durable) return durable;
  return { own: undefined, queue: durable.queue, durable };
}

/** A name is enough to find one by. */
const NO_TOPIC: Destination = { kind: 'topic', name: '', text: '', canonical: '/topic/', isPattern: false, isAdvisory: false, mustExist: false };

async function endDurable(session: Session, frame: Frame, { own, queue, durable }: End): Promise<ProtocolError | undefined> {
  await session.submissions.whenIdle();
  if (session.state !== 'connected') return undefined;
  const { engine, holders } = session.broker;
  const source = own?.sources.find((each) => each.kind === 'queue' && each.queue === queue);
  const holder = source?.kind === 'queue' ? source.hold?.holder : undefined;
  const ended = await engine.unsubscribe(queue, holder ?? '');
  if (typeof ended === 'object') return durableInUse(durable, ended);
  if (own) {
    // What was in flight went with it.
    const inflight = session.subscriptions.remove(own);
    session.subscriptions.departed.add(inflight);
    if (holder !== undefined) holders.remove(holder);
  } else if (!ended) {
    return subscriptionNotFound(durable.name);
  }
  session.acknowledge(frame);
  return undefined;
}
