import type { Clock } from '../lib/clock.ts';
import type { Timers } from '../lib/timers.ts';
import { HEADER } from '../protocol/header-names.ts';
import type { Advisories } from './advisories.ts';
import { attemptOf, type Delivery } from './delivery.ts';
import { isTemporaryQueue, type Claimed, type Engine, type Lane, type Operation, type ReleaseReason } from './engine.ts';
import type { FailureTerms } from './failure-terms.ts';
import type { Log } from './log.ts';
import { messageBytes, type Message } from './message.ts';
import { MessageFrame } from './message-frame.ts';
import { nackWay, type NackWish } from './nack.ts';
import { asDeadLetter, deathOf, isLastAttempt, redeliveryDelay, type Death } from './redelivery.ts';
import type { Subscription } from './subscription.ts';

export interface DispatcherOptions {
  readonly queue: string;
  readonly engine: Engine;
  readonly terms: FailureTerms;
  readonly advisories: Advisories | undefined;
  readonly log: Log;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Octets a connection may have waiting before dispatch to it stops. */
  readonly dispatchBytes: number;
}

/** Between a claim that failed and the next one, in ms: at first, and after many. */
const MIN_CLAIM_PAUSE_MS = 100;
const MAX_CLAIM_PAUSE_MS = 2_000;

/**
 * One queue's hand on this node: a ring of consumers, served in turn.
 *
 * It is idle, or one claim is under way. `pump` starts a claim when a consumer has credit and its socket room; a pump
 * during a claim is remembered and follows it. A claim that came back full is followed by another; one that came back
 * short means the queue is empty, and the engine's `onReady` wakes the dispatcher again. So at most one claim is under
 * way, no hint is lost, and nothing is claimed that nobody can take. A hint that finds nobody who could take a message
 * is given back (`Engine.leave`), for another node; a claim that failed is tried again after a while.
 *
 * A message claimed for a consumer that went away in the meantime goes back uncounted.
 */
export class QueueDispatcher {
  readonly queue: string;
  /** Temporary queues live in memory: their settlements never wait for a disk. */
  readonly lane: Lane;
  readonly #engine: Engine;
  readonly #terms: FailureTerms;
  readonly #advisories: Advisories | undefined;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #dispatchBytes: number;
  readonly #consumers: Subscription[] = [];
  /** Some consumer has, or had, a window of octets. */
  #hasWindows = false;
  /** Selectors of consumers that went; a claim under way may still ask with them. */
  readonly #unused = new Set<string>();
  /** Parties that claimed one after the other and were left short, though others may have use for what there is. */
  #shortClaims = 0;
  #isPumpSoon = false;
  /** Who is served first in the next claim. */
  #turn = 0;
  #isClaiming = false;
  #claimAgain = false;
  /** A hint came during the claim. */
  #isHinted = false;
  /** Claims that failed, one after the other. */
  #failedClaims = 0;
  #isStopped = false;
  /** Auto-mode deliveries whose octets the socket took, settled together. */
  #taken: Delivery[] = [];

  constructor(options: DispatcherOptions) {
    this.queue = options.queue;
    this.lane = isTemporaryQueue(options.queue) ? 'volatile' : 'durable';
    this.#engine = options.engine;
    this.#terms = options.terms;
    this.#advisories = options.advisories;
    this.#log = options.log;
    this.#clock = options.clock;
    this.#timers = options.timers;
    this.#dispatchBytes = options.dispatchBytes;
  }

  get consumerCount(): number {
    return this.#consumers.length;
  }

  add(consumer: Subscription): void {
    this.#consumers.push(consumer);
    if (consumer.creditBytes < Infinity) this.#hasWindows = true;
    this.pump();
  }

  remove(consumer: Subscription): void {
    const at = this.#consumers.indexOf(consumer);
    if (at !== -1) this.#consumers.splice(at, 1);
    const selector = consumer.filter?.selector;
    if (selector) this.#unused.add(selector.text);
    if (!this.#isClaiming) this.#forgetUnused();
  }

  /** No more claims from now on: the node is being drained, or the last consumer went. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Pumps at the end of this turn's frames: fifty ACKs in one chunk make one claim, not fifty. */
  pumpSoon(): void {
    if (this.#isPumpSoon) return;
    this.#isPumpSoon = true;
    queueMicrotask(this.#pumpNow);
  }

  readonly #pumpNow = (): void => {
    this.#isPumpSoon = false;
    this.pump();
  };

  /** The engine's hint that there may be something to claim. */
  hinted(): void {
    this.#isHinted = this.#isClaiming;
    if (!this.pump()) this.#engine.leave(this.queue);
  }

  /** Returns whether a claim was started or is under way. */
  pump(): boolean {
    if (this.#isStopped) return false;
    if (this.#isClaiming) {
      this.#claimAgain = true;
      return true;
    }
    const consumers = this.#nextConsumers();
    const [first] = consumers;
    if (!first) return false;
    this.#isClaiming = true;
    this.#claimAgain = false;
    const wants = consumers.map((consumer) => consumer.want);
    const maxBytes = Math.min(this.#dispatchBytes * consumers.length, first.creditBytes);
    this.#engine.claim(this.queue, wants, maxBytes).then(
      (claimed) => {
        this.#failedClaims = 0;
        const wantedCount = wants.reduce((sum, want) => sum + want.credit, 0);
        this.#claimedFor(consumers, claimed, wantedCount, maxBytes);
      },
      (error: unknown) => {
        this.#claimFailed(error);
      },
    );
    return true;
  }

  /** Nothing was claimed. A hint that came meanwhile would be lost, so this asks again, ever more patiently. */
  #claimFailed(error: unknown): void {
    this.#isClaiming = false;
    this.#forgetUnused();
    if (this.#failedClaims === 0) this.#log.error({ event: 'claim-failed', queue: this.queue, error });
    const ms = Math.min(MAX_CLAIM_PAUSE_MS, MIN_CLAIM_PAUSE_MS * 2 ** this.#failedClaims++);
    this.#timers.after(ms, this.#goOn);
  }

  /** After a claim: a hint that nobody here can follow any more is given back, unless that was done when it stopped. */
  readonly #goOn = (): void => {
    const wasHinted = this.#isHinted;
    this.#isHinted = false;
    if (!this.pump() && wasHinted && !this.#isStopped) this.#engine.leave(this.queue);
  };

  /** What a NACK does: back to its place, or given up; to move a message it has to be read again. */
  nackOperations(delivery: Delivery, wish: NackWish): readonly Operation[] | Promise<readonly Operation[]> {
    const { fate } = this.#terms;
    const way = fate.kind === 'keep' ? 'requeue' : nackWay(wish, this.#terms.nack);
    if (way === 'discard') return [this.settleOperation(delivery)];
    const isEnough = way === 'dead-letter' || isLastAttempt(delivery, this.#terms);
    if (!isEnough || fate.kind === 'keep') return [this.#nackOperation(delivery, wish)];
    if (fate.kind === 'drop') return [this.settleOperation(delivery)];
    const death = deathOf(way === 'dead-letter' ? 'rejected' : 'delivery_limit', delivery, wish.cause);
    // A store that cannot be asked now refuses the group, too, and says so.
    const read = this.#engine.readHeld(this.queue, delivery.seq).catch(() => undefined);
    return read.then((message) =>
      message ? this.#moveOperations(delivery.seq, message, fate.to, death) : [this.releaseOperation(delivery, 'nack')],
    );
  }

  /** Back to its place, after the delay that the frame or the policy says. */
  #nackOperation(delivery: Delivery, { delayMs }: NackWish): Operation {
    const ms = delayMs ?? redeliveryDelay(delivery.failures, this.#terms);
    const { queue } = this;
    const { seq } = delivery;
    return ms === 0 ? this.releaseOperation(delivery, 'nack') : { kind: 'release', queue, seq, reason: 'nack', dueAt: this.#clock.now() + ms };
  }

  settleOperation(delivery: Delivery): Operation {
    return { kind: 'settle', queue: this.queue, seq: delivery.seq };
  }

  releaseOperation(delivery: Delivery, reason: ReleaseReason): Operation {
    return { kind: 'release', queue: this.queue, seq: delivery.seq, reason };
  }

  /**
   * Who is claimed for next. One with a window of octets comes alone: it bounds the claim, and nobody else's. So where
   * there are any, those of a lower priority have to wait until the higher ones were claimed for.
   */
  #nextConsumers(): Subscription[] {
    const ready = this.#readyConsumers();
    if (!this.#hasWindows || ready.length === 0) return ready;
    const parties = partiesOf(ready);
    return parties[this.#shortClaims % parties.length]!;
  }

  /** What selectors of one party did not match may be for the next. */
  #isPartyLeft(): boolean {
    return this.#shortClaims + 1 < partiesOf(this.#readyConsumers()).length;
  }

  #forgetUnused(): void {
    if (this.#unused.size === 0) return;
    for (const { filter } of this.#consumers) if (filter?.selector) this.#unused.delete(filter.selector.text);
    for (const text of this.#unused) this.#engine.forgetSelector(this.queue, text);
    this.#unused.clear();
  }

  #readyConsumers(): Subscription[] {
    const ready: Subscription[] = [];
    const { length } = this.#consumers;
    for (let i = 0; i < length; i++) {
      const consumer = this.#consumers[(this.#turn + i) % length];
      if (consumer?.isReady) ready.push(consumer);
    }
    return ready;
  }

  #claimedFor(consumers: readonly Subscription[], claimed: readonly Claimed[], wantedCount: number, maxBytes: number): void {
    this.#isClaiming = false;
    this.#forgetUnused();
    const unwanted: Operation[] = [];
    let bytes = 0;
    for (const each of claimed) {
      const consumer = consumers[each.want];
      const size = messageBytes(each.message);
      bytes += size;
      if (!consumer?.isOpen || this.#isStopped) {
        unwanted.push({ kind: 'release', queue: this.queue, seq: each.seq, reason: 'undelivered' });
      } else if (each.recoveries > this.#terms.maxRecoveries && this.#giveUp(each)) {
        continue;
      } else {
        this.#deliver(consumer, each, size);
      }
    }
    // Claims of different kinds take turns as wholes.
    this.#turn += this.#hasWindows ? 1 : claimed.length;
    if (unwanted.length > 0) this.#apply(unwanted);
    // Short of both bounds means that the queue had no more; the engine will tell when it has.
    const wasFull = bytes >= maxBytes || claimed.length >= wantedCount;
    const isForOthers = !wasFull && this.#hasWindows && consumers.some(({ filter }) => filter?.selector) && this.#isPartyLeft();
    this.#shortClaims = isForOthers ? this.#shortClaims + 1 : 0;
    if (this.#claimAgain || wasFull || isForOthers) this.#goOn();
  }

  #deliver(consumer: Subscription, claimed: Claimed, bytes: number): void {
    const { session } = consumer;
    const delivery: Delivery = {
      number: session.nextDeliveryNumber(),
      subscription: consumer,
      messageId: claimed.message.id,
      dispatcher: this,
      seq: claimed.seq,
      bytes,
      failures: claimed.failures,
      recoveries: claimed.recoveries,
      lapsesAt: Infinity,
      transaction: undefined,
    };
    consumer.track(delivery);
    const isAuto = consumer.ackMode === 'auto';
    const ackTimeoutMs = Math.min(this.#terms.ackTimeoutMs, consumer.terms.ackTimeoutMs);
    if (!isAuto && ackTimeoutMs < Infinity) consumer.lapseAfter(delivery, ackTimeoutMs);
    const ack = isAuto ? '' : session.ackValue(delivery);
    if (claimed.missed !== undefined) this.#tellMissed(claimed.missed);
    const message = claimed.missed === undefined ? claimed.message : withGap(claimed.message, claimed.missed);
    const frame = new MessageFrame(message).delivery(session.version, consumer.id, ack, attemptOf(delivery), claimed.isFirstOfGroup);
    session.deliver(frame, claimed.message.origin, isAuto ? () => { this.#wasTaken(delivery); } : undefined);
  }

  #tellMissed(missed: number): void {
    this.#log.warn({ event: 'durable-gap', queue: this.queue, missed });
    this.#advisories?.discarded(this.queue, missed);
  }

  /** An auto-mode delivery is settled when the operating system took its octets: at most once beyond that point. */
  #wasTaken(delivery: Delivery): void {
    if (!delivery.subscription.inflight.delete(delivery)) return;
    if (this.#taken.length === 0) queueMicrotask(this.#settleTaken);
    this.#taken.push(delivery);
  }

  readonly #settleTaken = (): void => {
    const taken = this.#taken;
    this.#taken = [];
    this.#apply(taken.map((delivery) => this.settleOperation(delivery)));
    for (const delivery of taken) delivery.subscription.restoreCredit(1, delivery.bytes);
  };

  /** After too many deliveries whose holder vanished; false where a message is never given up. */
  #giveUp(claimed: Claimed): boolean {
    const { fate } = this.#terms;
    if (fate.kind === 'keep') return false;
    const { seq, message } = claimed;
    if (fate.kind === 'drop') this.#apply([{ kind: 'settle', queue: this.queue, seq }]);
    else this.#apply(this.#moveOperations(seq, message, fate.to, deathOf('delivery_limit', claimed)));
    return true;
  }

  #moveOperations(seq: number, message: Message, to: string, death: Death): Operation[] {
    const { queue } = this;
    const letter = asDeadLetter(message, queue, to, death);
    const move: Operation = { kind: 'move', queue, seq, to, message: letter };
    return this.#advisories ? [move, this.#advisories.deadLettered('queue', queue, to, letter)] : [move];
  }

  /** Work of the dispatcher's own, tied to no session. A failed store gives the messages back when it recovers. */
  #apply(operations: readonly Operation[]): void {
    this.#engine.apply({ operations, lane: this.lane }).then(
      (outcome) => {
        if (!outcome.ok) this.#log.warn({ event: 'settlement-failed', queue: this.queue, failure: outcome.failure });
      },
      (error: unknown) => {
        this.#log.error({ event: 'apply-failed', queue: this.queue, error });
      },
    );
  }
}

/** A durable subscription could not keep all that came before it. */
const withGap = (message: Message, missed: number): Message => ({ ...message, headers: [...message.headers, HEADER.xGap, String(missed)] });

/**
 * Who claims together where some have windows of octets: each of those for itself, since the bound of a claim is one; of one
 * priority all others. The highest priority first.
 */
function partiesOf(ready: readonly Subscription[]): Subscription[][] {
  const parties: Subscription[][] = [];
  for (const consumer of ready.toSorted((one, other) => other.terms.priority - one.terms.priority)) {
    const { terms, creditBytes } = consumer;
    const open = creditBytes === Infinity && parties.find(([first]) => first!.creditBytes === Infinity && first!.terms.priority === terms.priority);
    if (open) open.push(consumer);
    else parties.push([consumer]);
  }
  return parties;
}
