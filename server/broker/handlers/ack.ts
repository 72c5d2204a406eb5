import type { Frame } from '../../protocol/frame.ts';
import { HEADER } from '../../protocol/header-names.ts';
import type { ProtocolError } from '../../protocol/protocol-error.ts';
import { bytesOf, type Delivery } from '../delivery.ts';
import type { DepartedDelivery } from '../departed.ts';
import type { Operation } from '../engine.ts';
import { messageNotFound } from '../errors.ts';
import { messageBytes } from '../message.ts';
import { findDelivery } from '../find-delivery.ts';
import { readNackWish } from '../nack.ts';
import type { Session } from '../session.ts';
import type { Transaction } from '../transaction.ts';
import type { Handled } from './index.ts';

/** What an action of a settlement counts against the caps: it carries no body. */
const ACTION_BYTES = 64;

/** ACK: the message is done; in `client` mode also all sent before it to the same subscription. */
export function ack(session: Session, frame: Frame): Handled {
  const found = locate(session, frame);
  if ('error' in found) return found.error;
  const { transaction } = found;
  if ('departed' in found) return settleLate(session, frame, found.departed, transaction);
  const operations: Operation[] = [];
  for (const { dispatcher, seq } of found.deliveries) {
    if (dispatcher) operations.push({ kind: 'settle', queue: dispatcher.queue, seq });
  }
  const last = found.deliveries.at(-1);
  if (last?.subscription.ackMode === 'client') {
    for (const each of session.subscriptions.departedBefore(last.subscription.number, last.number)) operations.push(lateSettle(each));
  }
  return carryOut(session, frame, found.deliveries, operations, transaction);
}

/** NACK: back to its place, or given up, as its headers and the queue's policy say. Cumulative like ACK. */
export function nack(session: Session, frame: Frame): Handled {
  const wish = readNackWish(frame.headers);
  if ('code' in wish) return wish;
  const found = locate(session, frame);
  if ('error' in found) return found.error;
  if ('departed' in found) {
    // It went back to its queue when its subscription ended, or its time was over: that is all a NACK asks.
    session.acknowledge(frame);
    return undefined;
  }
  const { deliveries, transaction } = found;
  const operations: Operation[] = [];
  const promised: Promise<readonly Operation[]>[] = [];
  for (const delivery of deliveries) {
    const own = delivery.dispatcher?.nackOperations(delivery, wish) ?? [];
    if (own instanceof Promise) promised.push(own);
    else operations.push(...own);
  }
  if (promised.length === 0) return carryOut(session, frame, deliveries, operations, transaction);
  return Promise.all(promised).then((ready) =>
    session.state === 'connected' ? carryOut(session, frame, deliveries, [...operations, ...ready.flat()], transaction) : undefined,
  );
}

type Located =
  | { readonly error: ProtocolError }
  | { readonly departed: DepartedDelivery; readonly transaction: Transaction | undefined }
  | { readonly deliveries: readonly Delivery[]; readonly transaction: Transaction | undefined };

function locate(session: Session, frame: Frame): Located {
  const transactionId = frame.headers.get(HEADER.transaction);
  const transaction = transactionId === undefined ? undefined : session.transactions.find(frame.command, transactionId);
  if (transaction && 'code' in transaction) return { error: transaction };
  const found = findDelivery(session, frame);
  if ('code' in found) return { error: found };
  if (!('subscription' in found)) return { departed: found, transaction };
  if (found.transaction !== undefined) {
    return { error: messageNotFound('in-transaction', `${frame.command}: transaction '${found.transaction}' already settles this message`) };
  }
  const { subscription } = found;
  // STOMP 1.2, SUBSCRIBE ack Header: cumulative over the messages of this subscription.
  const deliveries =
    subscription.ackMode === 'client'
      ? subscription.inflight.through(found).filter((delivery) => delivery.transaction === undefined)
      : [found];
  return { deliveries, transaction };
}

function carryOut(
  session: Session,
  frame: Frame,
  deliveries: readonly Delivery[],
  operations: readonly Operation[],
  transaction: Transaction | undefined,
): ProtocolError | undefined {
  const bytes = operations.reduce((sum, each) => sum + (each.kind === 'move' || each.kind === 'publish' ? messageBytes(each.message) : ACTION_BYTES), 0);
  const [first] = deliveries;
  if (transaction) {
    const overflow = session.transactions.add(transaction, operations, bytes);
    if (overflow) return overflow;
    for (const delivery of deliveries) transaction.claim(delivery);
    // Credit comes back before COMMIT, or a transaction longer than the prefetch could never end.
    first?.subscription.restoreCredit(deliveries.length, bytesOf(deliveries));
    session.acknowledge(frame);
    return undefined;
  }
  for (const delivery of deliveries) delivery.subscription.inflight.delete(delivery);
  if (operations.length === 0) session.acknowledge(frame);
  else session.submissions.submit({ operations, bytes, receiptId: frame.headers.get(HEADER.receipt), deliveries });
  first?.subscription.restoreCredit(deliveries.length, bytesOf(deliveries));
  return undefined;
}

const lateSettle = ({ dispatcher, seq }: DepartedDelivery): Operation => ({ kind: 'settle', queue: dispatcher.queue, seq, late: true });

function settleLate(session: Session, frame: Frame, departed: DepartedDelivery, transaction: Transaction | undefined): ProtocolError | undefined {
  const { subscriptionNumber, number, ackMode } = departed;
  const before = ackMode === 'client' ? session.subscriptions.departedBefore(subscriptionNumber, number) : [];
  const operations = [...before, departed].map(lateSettle);
  if (transaction) {
    const overflow = session.transactions.add(transaction, operations, ACTION_BYTES);
    if (!overflow) session.acknowledge(frame);
    return overflow;
  }
  session.submissions.submit({ operations, bytes: ACTION_BYTES, receiptId: frame.headers.get(HEADER.receipt) });
  return undefined;
}
