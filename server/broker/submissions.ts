import { Fifo } from '../lib/fifo.ts';
import { HEADER } from '../protocol/header-names.ts';
import type { ProtocolError } from '../protocol/protocol-error.ts';
import type { Delivery } from './delivery.ts';
import type { Chain, Failure, Lane, Operation, Outcome } from './engine.ts';
import { engineFailure, internalError, messageNotFound } from './errors.ts';
import { naturalLane } from './lane.ts';
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
  /** A SEND on its own: where the client asked for it, its failure need not end the session (`SoftErrors`). */
  readonly isAlone?: boolean;
}

/** One that was taken in; it may have to wait for its start. */
interface Pending {
  readonly submission: Submission;
  readonly slot: ReceiptSlot | undefined;
  readonly chain: Chain;
}

/**
 * What a session has given to the engine and not yet heard of: hundreds of groups at once, in order, tied together by a
 * chain, so that after one failed the later ones change nothing. Their number and bytes are bounded: over the cap the
 * socket is paused until half of it is done (no publisher can outrun the store's memory).
 *
 * Across lanes the engine keeps no order, so a session never has groups under way in both: while durable ones are, a
 * volatile one goes the durable way as well; while volatile ones are, a durable one is *parked*, and whatever comes
 * behind it, until those are done. Parked groups count as pending in every respect.
 *
 *     idle --volatile--> volatile under way --durable--> parking --all done--> durable under way --all done--> idle
 *       \---------------------------durable--------------------------------->/
 *
 * A failure breaks the chain, and with it everything taken in until the failure is known. It ends the session, or, if it
 * is told softly, what is taken in from then on has a new chain.
 */
export class Submissions {
  readonly #session: Session;
  #chain: Chain = { broken: false };
  #pendingCount = 0;
  #pendingBytes = 0;
  /** Groups with the engine, by lane. */
  readonly #underWay = { durable: 0, volatile: 0 };
  readonly #parked = new Fifo<Pending>();
  #isPaused = false;
  #idleWaiters: (() => void)[] = [];

  constructor(session: Session) {
    this.#session = session;
  }

  submit(submission: Submission): void {
    const { bytes, receiptId } = submission;
    const { receipts } = this.#session;
    const slot =
      receiptId === undefined ? undefined : receipts.open(this.#session.receiptFrame(receiptId), this.#session.sendControl);
    this.#taken(bytes);
    const lane = this.#parked.length > 0 ? undefined : this.#laneFor(submission);
    const pending: Pending = { submission, slot, chain: this.#chain };
    if (lane) this.#start(pending, lane);
    else this.#parked.push(pending);
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

  /** The lane a group may start in now; none as long as it would overtake. */
  #laneFor({ operations }: Submission): Lane | undefined {
    if (this.#underWay.durable > 0) return 'durable';
    const lane = naturalLane(operations);
    return lane === 'durable' && this.#underWay.volatile > 0 ? undefined : lane;
  }

  #start(pending: Pending, lane: Lane): void {
    const { submission, chain } = pending;
    const { broker } = this.#session;
    this.#underWay[lane]++;
    broker.engine.apply({ operations: submission.operations, lane, chain }).then(
      (outcome) => {
        this.#finished(submission, lane);
        this.#conclude(pending, outcome);
        this.#startParked();
      },
      (error: unknown) => {
        // What the engine did is not known, so nothing may follow.
        chain.broken = true;
        this.#finished(submission, lane);
        broker.log.error({ event: 'apply-failed', session: this.#session.id, error });
        this.#refuse(pending, internalError());
        this.#startParked();
      },
    );
  }

  #startParked(): void {
    for (let first = this.#parked.at(0); first; first = this.#parked.at(0)) {
      const lane = this.#laneFor(first.submission);
      if (!lane) return;
      this.#parked.shift();
      this.#start(first, lane);
    }
  }

  #taken(bytes: number): void {
    this.#pendingCount++;
    this.#pendingBytes += bytes;
    this.#session.broker.inboundBudget.take(bytes);
    this.pauseIfOver();
  }

  #finished({ bytes }: Submission, lane: Lane): void {
    this.#underWay[lane]--;
    this.#pendingCount--;
    this.#pendingBytes -= bytes;
    this.#session.broker.inboundBudget.give(bytes);
    this.resumeIfUnder();
    if (this.#pendingCount === 0 && this.#idleWaiters.length > 0) {
      const waiters = this.#idleWaiters;
      this.#idleWaiters = [];
      // The receipt of the last group is sent before anyone goes on: its conclusion follows in this same turn.
      for (const resolve of waiters) resolve();
    }
  }

  #conclude(pending: Pending, outcome: Outcome): void {
    const { submission, slot } = pending;
    if (!outcome.ok) {
      this.#session.broker.advisories?.full(submission.operations, outcome.failure);
      if (submission.isAlone && this.#session.softErrors?.coversFailure(outcome.failure)) this.#refuseSoftly(pending, outcome.failure);
      else this.#refuse(pending, engineFailure(outcome.failure));
      return;
    }
    // A late ACK that found nothing is no harm, unless its sender wants to know.
    if (outcome.missed > 0 && slot) {
      const text = 'the message was already settled, or is held by another consumer';
      this.#session.failSlot(slot, messageNotFound('ack-too-late', text), submission.receiptId);
    } else if (slot) {
      const isDuplicate = submission.isAlone === true && outcome.repeats === submission.operations.length;
      if (isDuplicate && submission.receiptId !== undefined) slot.frame = this.#session.receiptFrame(submission.receiptId, HEADER.xDuplicate, 'true');
      this.#session.receipts.done(slot);
    }
  }

  #refuseSoftly({ submission, slot, chain }: Pending, failure: Failure): void {
    // One that only fell with an earlier group leaves the say to that one, whose failure may yet end the session.
    if (failure.code !== 'chain-broken' && chain === this.#chain) this.#chain = { broken: false };
    this.#session.softErrors?.tell(engineFailure(failure), submission.receiptId, slot);
  }

  /** The ERROR stands where the receipt would have stood: what was stored before is receipted before it. */
  #refuse({ submission, slot }: Pending, error: ProtocolError): void {
    const session = this.#session;
    if (submission.deliveries) void session.subscriptions.giveBack(submission.deliveries);
    if (error.code === 'store-failed' || (error.code === 'store-unreachable' && !slot)) session.failReceipt(error, submission.receiptId);
    else if (slot) session.failSlot(slot, error, submission.receiptId);
    else session.fail(error, undefined);
  }
}
