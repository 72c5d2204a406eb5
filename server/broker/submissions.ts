import type { ProtocolError } from '../protocol/protocol-error.ts';
import type { Delivery } from './delivery.ts';
import { internalError, engineFailure } from './errors.ts';
import { isTemporaryQueue, type Chain, type Lane, type Operation, type Outcome } from './engine.ts';
import { messageNotFound } from './errors.ts';
import type { ReceiptSlot } from './receipt-line.ts';
import type { Session } from './session.ts';

/** One group on its way. */
export interface Submission {
  readonly operations: readonly Operation[];
  /** What it counts against the caps on pending work. */
  readonly bytes: number;
  /** The `receipt` header of the frame it came from. */
  readonly receiptId: string | undefined;
  /** Deliveries it settles or gives back; should it fail, they are returned to their queues. */
  readonly deliveries?: readonly Delivery[];
}

/**
 * What a session has given to the engine and not yet heard of: hundreds of groups at once, in order, tied together by a
 * chain, so that after one failed the later ones change nothing. Their number and bytes are bounded: over the cap the
 * socket is paused until half of it is done (no publisher can outrun the store's memory).
 *
 * A group takes the volatile lane only while nothing of this session is pending in the durable one, so that a session's
 * own order holds across lanes.
 */
export class Submissions {
  readonly #session: Session;
  readonly #chain: Chain = { broken: false };
  #pendingCount = 0;
  #pendingBytes = 0;
  #durableCount = 0;
  #isPaused = false;
  #idleWaiters: (() => void)[] = [];

  constructor(session: Session) {
    this.#session = session;
  }

  submit(submission: Submission): void {
    const { operations, bytes, receiptId } = submission;
    const { broker, receipts } = this.#session;
    const slot =
      receiptId === undefined ? undefined : receipts.open(this.#session.receiptFrame(receiptId), this.#session.sendControl);
    const lane = this.#durableCount > 0 ? 'durable' : naturalLane(operations);
    this.#started(lane, bytes);
    broker.engine.apply({ operations, lane, chain: this.#chain }).then(
      (outcome) => {
        this.#finished(lane, bytes);
        this.#conclude(submission, outcome, slot);
      },
      (error: unknown) => {
        this.#finished(lane, bytes);
        broker.log.error({ event: 'apply-failed', session: this.#session.id, error });
        this.#refuse(submission, internalError(), slot);
      },
    );
  }

  /** Resolves when everything submitted so far is done: what SUBSCRIBE, UNSUBSCRIBE, COMMIT and DISCONNECT wait for. */
  whenIdle(): Promise<void> | undefined {
    if (this.#pendingCount === 0) return undefined;
    return new Promise((resolve) => {
      this.#idleWaiters.push(resolve);
    });
  }

  /** Frames that wait inside the session count too. */
  pauseIfOver(): void {
    const { broker, inbox } = this.#session;
    const { maxPendingGroups, maxPendingBytes } = broker.limits;
    const isOver = this.#pendingCount + inbox.count > maxPendingGroups || this.#pendingBytes + inbox.bytes > maxPendingBytes;
    const isNodeOver = broker.inboundBudget.isSpent;
    if (isNodeOver) broker.inboundBudget.wait(this);
    if ((isOver || isNodeOver) && !this.#isPaused) {
      this.#isPaused = true;
      this.#session.pauseReading();
    }
  }

  resumeIfUnder(): void {
    if (!this.#isPaused || this.#session.state === 'closed') return;
    const { broker, inbox } = this.#session;
    const { maxPendingGroups, maxPendingBytes } = broker.limits;
    if (broker.inboundBudget.isSpent) {
      broker.inboundBudget.wait(this);
      return;
    }
    if (this.#pendingCount + inbox.count > maxPendingGroups / 2 || this.#pendingBytes + inbox.bytes > maxPendingBytes / 2) return;
    this.#isPaused = false;
    this.#session.resumeReading();
  }

  /** The node has room again. */
  roomAgain(): void {
    this.resumeIfUnder();
  }

  close(): void {
    this.#session.broker.inboundBudget.forget(this);
  }

  #started(lane: Lane, bytes: number): void {
    this.#pendingCount++;
    this.#pendingBytes += bytes;
    if (lane === 'durable') this.#durableCount++;
    this.#session.broker.inboundBudget.take(bytes);
    this.pauseIfOver();
  }

  #finished(lane: Lane, bytes: number): void {
    this.#pendingCount--;
    this.#pendingBytes -= bytes;
    if (lane === 'durable') this.#durableCount--;
    this.#session.broker.inboundBudget.give(bytes);
    this.resumeIfUnder();
    if (this.#pendingCount === 0 && this.#idleWaiters.length > 0) {
      const waiters = this.#idleWaiters;
      this.#idleWaiters = [];
      // The receipt of the last group is sent before anyone goes on: its conclusion follows in this same turn.
      for (const resolve of waiters) resolve();
    }
  }

  #conclude(submission: Submission, outcome: Outcome, slot: ReceiptSlot | undefined): void {
    if (!outcome.ok) {
      this.#refuse(submission, engineFailure(outcome.failure), slot);
      return;
    }
    // A late ACK that found nothing is no harm, unless its sender wants to know.
    if (outcome.missed > 0 && slot) {
      const text = 'the message was already settled, or is held by another consumer';
      this.#session.failSlot(slot, messageNotFound('ack-too-late', text), submission.receiptId);
    } else if (slot) {
      this.#session.receipts.done(slot);
    }
  }

  /** The ERROR stands where the receipt would have stood: what was stored before is receipted before it. */
  #refuse(submission: Submission, error: ProtocolError, slot: ReceiptSlot | undefined): void {
    const session = this.#session;
    if (submission.deliveries) session.subscriptions.giveBack(submission.deliveries);
    if (error.code === 'store-failed' || (error.code === 'store-unreachable' && !slot)) session.failReceipt(error, submission.receiptId);
    else if (slot) session.failSlot(slot, error, submission.receiptId);
    else session.fail(error, undefined);
  }
}

/** Only plain topics and temporary queues need no disk. */
function naturalLane(operations: readonly Operation[]): Lane {
  for (const operation of operations) {
    if (operation.kind !== 'publish' && !isTemporaryQueue(operation.queue)) return 'durable';
  }
  return 'volatile';
}
