import type { Frame } from '../../protocol/frame.ts';
import { HEADER } from '../../protocol/header-names.ts';
import { missingHeader, subscriptionNotFound } from '../errors.ts';
import type { Session } from '../session.ts';
import { subscriptionKey, type Subscription } from '../subscription.ts';
import { releaseOperations } from '../subscriptions.ts';
import type { Handled } from './index.ts';

/** UNSUBSCRIBE: no MESSAGE of it follows; what was in flight returns to its place. */
export function unsubscribe(session: Session, frame: Frame): Handled {
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
    return;
  }
  session.submissions.submit({ operations, bytes: 0, receiptId: frame.headers.get(HEADER.receipt), deliveries: inflight });
}
