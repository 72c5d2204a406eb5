import type { Frame } from '../../protocol/frame.ts';
import type { ProtocolError } from '../../protocol/protocol-error.ts';
import type { Destination } from '../destination.ts';
import { unknownDestination } from '../errors.ts';
import { refusedDestination } from '../rights.ts';
import type { Session } from '../session.ts';
import type { Source, Subscription } from '../subscription.ts';
import { tooManyTemporaries } from './reply-to.ts';
import { openDurable, openVirtual } from '../open-durable.ts';
import { isImplicit, readSubscribeRequest, type SubscribeRequest } from './subscribe-request.ts';

/**
 * SUBSCRIBE: headers, rights, then the interest itself; its RECEIPT says that from now on whatever anyone publishes will
 * be delivered, and comes before the first MESSAGE.
 */
export async function subscribe(session: Session, frame: Frame): Promise<ProtocolError | undefined> {
  const request = readSubscribeRequest(session, frame);
  if ('code' in request) return request;
  const { subscription, destinations } = request;

  const refusal = await refusedDestination(session, 'subscribe', destinations);
  if (refusal) return refusal;
  await session.submissions.whenIdle();

  try {
    for (const destination of destinations) {
      if (session.state !== 'connected') return undefined;
      const source = await openSource(session, destination, request);
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
  session.subscriptions.endHolds(subscription);
}

async function openSource(session: Session, destination: Destination, request: SubscribeRequest): Promise<Source | ProtocolError> {
  const { isBrowser, subscription, durable, filter } = request;
  const { engine } = session.broker;
  const { kind, name, isPattern, text } = destination;
  switch (kind) {
    case 'queue':
      return isBrowser ? { kind: 'browser', queue: name } : openVirtual(session, subscription, name);
    case 'topic':
      if (durable) return openDurable(session, subscription, destination, durable, filter);
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

/** An explicit SUBSCRIBE to one's own temporary takes the place of the implicit one and gets its messages. */
function replaceImplicit(session: Session, explicit: Subscription): void {
  for (const source of explicit.sources) {
    if (source.kind !== 'queue') continue;
    for (const other of [...session.subscriptions.all()]) {
      const isSame = other.sources.some((each) => each.kind === 'queue' && each.queue === source.queue);
      if (isSame && isImplicit(other.id, other.destinationText)) void session.subscriptions.giveBack(session.subscriptions.remove(other));
    }
  }
}
