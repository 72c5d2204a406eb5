import type { Frame } from '../../protocol/frame.ts';
import { HEADER } from '../../protocol/header-names.ts';
import { missingHeader } from '../errors.ts';
import type { Session } from '../session.ts';
import type { Transaction } from '../transaction.ts';
import type { Handled } from './index.ts';

/** BEGIN: from now on frames may name this transaction. */
export function begin(session: Session, frame: Frame): Handled {
  const id = frame.headers.get(HEADER.transaction);
  if (id === undefined || id === '') return missingHeader('BEGIN', HEADER.transaction);
  const refusal = session.transactions.begin(id);
  if (!refusal) session.acknowledge(frame);
  return refusal;
}

/** COMMIT: all actions as one group, after everything this session sent before. */
export function commit(session: Session, frame: Frame): Handled {
  const transaction = openTransaction(session, frame);
  if ('code' in transaction) return transaction;
  session.transactions.close(transaction);
  const idle = session.submissions.whenIdle();
  if (!idle) return apply(session, frame, transaction);
  return idle.then(() => apply(session, frame, transaction));
}

/** ABORT: nothing happened; what was acked inside can be acked again. */
export function abort(session: Session, frame: Frame): Handled {
  const transaction = openTransaction(session, frame);
  if ('code' in transaction) return transaction;
  session.transactions.close(transaction);
  for (const delivery of transaction.abort()) delivery.subscription.takeCredit(1, delivery.bytes);
  session.acknowledge(frame);
  return undefined;
}

function openTransaction(session: Session, frame: Frame) {
  const id = frame.headers.get(HEADER.transaction);
  if (id === undefined || id === '') return missingHeader(frame.command, HEADER.transaction);
  return session.transactions.find(frame.command, id);
}

function apply(session: Session, frame: Frame, transaction: Transaction): undefined {
  if (session.state !== 'connected') return;
  const { operations, bytes } = transaction;
  // Whoever unsubscribed in between gave its deliveries back: the engine then refuses the group as a whole, and only
  // what is still held is given back with it.
  const deliveries = transaction.deliveries.filter((delivery) => delivery.subscription.inflight.delete(delivery));
  if (operations.length === 0) session.acknowledge(frame);
  else session.submissions.submit({ operations, bytes, receiptId: frame.headers.get(HEADER.receipt), deliveries });
}
