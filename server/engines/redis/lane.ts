import { Acknowledged } from './acknowledged.ts';
import { encodeAgain, encodeBatch, type Batch, type BatchContext } from './batch.ts';
import { chainBroken, closed, notHeld, outcomeUnknown, refused } from './failures.ts';
import type { Job } from './job.ts';
import { isDue, JobLine } from './job-line.ts';
import type { Keys } from './keys.ts';
import { LinkLostError, ReplyError, type Link, type Reply } from './link/link.ts';
import type { Membership } from './membership.ts';
import { listOf, numberOf, textOf, UnexpectedReplyError } from './reply.ts';
import { SCRIPTS } from './scripts.ts';

/** A batch that the link was lost over so often is sent in smaller ones: perhaps it is the cause. */
const MAX_LOSSES = 2;
/** A job alone that it was lost over so often is refused. More, since a link may be bad without anyone's doing. */
const MAX_LOSSES_ALONE = 5;

export interface LaneParts extends BatchContext {
  readonly keys: Keys;
  readonly link: Link;
  readonly membership: Membership;
  /** Sent behind each batch that is to last and awaited with it, where receipts promise replicas: did enough of them confirm? */
  readonly confirm?: () => Promise<boolean>;
}

/**
 * Brings jobs to Redis in the order they came, one numbered batch at a time. What comes in one turn of the event loop, and
 * then whatever comes while a batch is under way, makes up the next one.
 *
 *     idle --a job--> due --end of the turn--> sending --answered--> sending … --nothing left--> idle
 *                                                |  ^
 *                               the link is lost |  | it is back, and this node a member
 *                                                v  |
 *                                              stalled
 *
 * The store remembers the number of the last batch and what it answered. So a batch whose answer was lost is sent again as
 * it was: it is applied once, or answered from memory. Where the node was fenced before its batch arrived, the batch is
 * written anew for the next incarnation, its holds lapsed.
 *
 * What waits for longer than it may is refused as not stored; what is on its way by then has an unknown outcome, and is
 * brought to its end nevertheless. Jobs without a deadline (the node's own) outlast any outage, and keep their place.
 */
export class Lane {
  readonly #parts: LaneParts;
  readonly #line = new JobLine();
  #state: 'idle' | 'due' | 'sending' | 'stalled' = 'idle';
  #isClosing = false;
  #batch: Batch | undefined;
  #node = '';
  #number = 0;
  readonly #acknowledged = new Acknowledged();
  #expiry: NodeJS.Timeout | undefined;
  #idleWaiters: (() => void)[] = [];

  constructor(parts: LaneParts) {
    this.#parts = parts;
  }

  /** See `Acknowledged`. */
  forgotten(number: number): number {
    return this.#acknowledged.forgotten(number);
  }

  add(job: Job): void {
    if (this.#isClosing) {
      job.refuse(closed);
      return;
    }
    job.holdCount = this.#parts.holds.count;
    this.#line.push(job);
    if (this.#state === 'stalled') this.#expireLater();
    if (this.#state !== 'idle') return;
    this.#state = 'due';
    setImmediate(this.#start);
  }

  /** A link is up again, or this node a member. */
  wake(): void {
    if (this.#state !== 'stalled') return;
    this.#state = 'due';
    setImmediate(this.#start);
  }

  /** The store forgot whether it had this lane's batch: who asked will not be told, unless it never left. */
  forgot(): void {
    if (!this.#batch) return;
    if (this.#state === 'stalled' && this.#batch.losses === 0) {
      encodeAgain(this.#parts, this.#batch);
      return;
    }
    for (const job of this.#batch.jobs) this.#line.refuse(job, outcomeUnknown);
    this.#batch = undefined;
  }

  /**
   * As `forgot`, where the same batch is sent again: what it settles may be held by others now, and what it sends may have
   * been applied and delivered before the store forgot.
   */
  repeat(): void {
    if (!this.#batch) return;
    if (this.#state !== 'stalled' || this.#batch.losses > 0) for (const job of this.#batch.jobs) job.isRepeat = true;
    encodeAgain(this.#parts, this.#batch);
  }

  /** Resolves when all was answered, at the latest when all has waited enough; nothing is taken any more. */
  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#state === 'stalled') this.#expire();
    if (this.#state === 'idle' || this.#isSpent) return;
    await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
  }

  readonly #start = (): void => {
    this.#state = 'sending';
    clearTimeout(this.#expiry);
    this.#run().catch((error: unknown) => {
      // An answer of another shape than the script's: its outcome cannot be known, and the next batch may be fine.
      this.#failBatch(error instanceof Error ? error.message : String(error));
      this.#stall();
      this.wake();
    });
  };

  async #run(): Promise<void> {
    const { link, membership } = this.#parts;
    while (this.#batch || !this.#line.isEmpty) {
      if (!link.isUp || !membership.isMember) return this.#stall();
      this.#batch ??= this.#compose();
      if (this.#batch) await this.#send(this.#batch);
    }
    this.#state = 'idle';
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  async #send(batch: Batch): Promise<void> {
    const { link, keys } = this.#parts;
    const confirm = batch.jobs.some((job) => job.isDurable) ? this.#parts.confirm : undefined;
    // One without jobs takes the number, or brings the answer to the one that had it.
    const { argv } = batch.isSuspect ? encodeBatch(this.#parts, batch.node, batch.number, []) : batch;
    try {
      const [reply, isConfirmed] = await Promise.all([link.run(SCRIPTS.apply, keys.nodes, argv), confirm?.()]);
      if (isConfirmed === false) for (const job of batch.jobs) if (job.isDurable) this.#line.refuse(job, outcomeUnknown);
      this.#answered(batch, reply);
    } catch (error) {
      if (error instanceof LinkLostError) this.#lost(batch, error);
      else if (error instanceof ReplyError && error.code === 'OOM') this.#withoutGrowth(batch);
      else if (error instanceof ReplyError) this.#failBatch(error.message);
      else throw error;
    }
  }

  #answered(batch: Batch, reply: Reply): void {
    const [status, results] = listOf(reply);
    switch (textOf(status)) {
      case 'OK':
      case 'DUP':
        if (batch.isSuspect && textOf(results) === '') return this.#withoutSuspect(batch);
        this.#concludeAll(batch, textOf(results));
        return;
      case 'FENCED':
        this.#takeApart(batch);
        this.#parts.membership.expelled(batch.node, this.#parts.link);
        return;
      default:
        // A number that was used: only the ghost of an older connection can have done that.
        this.#takeApart(batch);
        this.#number = numberOf(results);
    }
  }

  /** Throws, with nothing concluded, if these are not the results of these jobs. */
  #concludeAll(batch: Batch, text: string): void {
    const results = text === '' ? [] : text.split(',');
    const count = batch.jobs.length;
    if (results.length !== count) throw new UnexpectedReplyError(`expected a result for each of ${count} groups, got ${results.length}`);
    this.#batch = undefined;
    this.#line.widen();
    if (batch.node === this.#node) this.#acknowledged.add(batch.number, count);
    for (const [i, job] of batch.jobs.entries()) this.#conclude(job, results[i]!);
  }

  #conclude(job: Job, result: string): void {
    if (result === 'n') return this.#line.refuse(job, notHeld);
    if (result === 'c') return this.#line.refuse(job, chainBroken);
    const { holds } = this.#parts;
    for (const operation of job.operations) {
      if (operation.kind === 'drop' && !remakes(job, operation.queue)) holds.removeQueue(operation.queue);
      // What is settled late is not held, or by somebody it does not speak of.
      else if ('seq' in operation && !(operation.kind === 'settle' && operation.late)) holds.remove(operation.queue, operation.seq, job.holdCount);
    }
    const [missed, repeats] = result.split(':');
    job.done(Number(missed), Number(repeats ?? 0));
  }

  /** Lost before the answer: the same batch is sent again, unless it is perhaps what kills the link. */
  #lost(batch: Batch, error: LinkLostError): void {
    if (!error.wasSent) return;
    batch.losses++;
    if (batch.losses >= (batch.jobs.length > 1 ? MAX_LOSSES : MAX_LOSSES_ALONE)) batch.isSuspect = true;
  }

  /** Its number was free, and is taken now: it was not applied, and never will be. */
  #withoutSuspect({ jobs }: Batch): void {
    this.#batch = undefined;
    if (jobs.length > 1) {
      this.#line.narrow(Math.ceil(jobs.length / 2));
      this.#line.putBack(jobs);
    } else {
      this.#line.refuse(jobs[0]!, refused('the connection was lost over it each time'));
    }
  }

  /** Redis has no room: what makes some goes on, and what needs some is refused. The store has applied nothing. */
  #withoutGrowth(batch: Batch): void {
    this.#takeApart(batch);
    this.#line.refuseGrowing();
  }

  /** Redis stumbled over it: how far it came, nobody knows. */
  #failBatch(reason: string): void {
    const jobs = this.#batch?.jobs ?? [];
    this.#batch = undefined;
    for (const job of jobs) this.#line.refuse(job, refused(reason));
  }

  /** Its jobs are sent under a new number; it was not applied. */
  #takeApart(batch: Batch): void {
    this.#batch = undefined;
    if (batch.node === this.#node) this.#number = Math.min(this.#number, batch.number - 1);
    this.#line.putBack(batch.jobs);
  }

  #compose(): Batch | undefined {
    const { membership } = this.#parts;
    const jobs = this.#line.take();
    if (jobs.length === 0) return undefined;
    if (this.#node !== membership.node) {
      this.#node = membership.node;
      this.#number = 0;
      this.#acknowledged.clear();
    }
    return encodeBatch(this.#parts, this.#node, ++this.#number, jobs);
  }

  #stall(): void {
    this.#state = 'stalled';
    // Whatever could wait for ever does not, when the node goes.
    if (this.#isClosing) this.#expire();
    else this.#expireLater();
  }

  /** Nothing is left that somebody waits for: what was answered may still be on its way. */
  get #isSpent(): boolean {
    return this.#state === 'stalled' && this.#line.isEmpty && !this.#batch?.jobs.some((job) => !job.isAnswered);
  }

  #expireLater(): void {
    clearTimeout(this.#expiry);
    // Those of a batch came before those that wait.
    const next = this.#batch?.jobs.find(isDue)?.deadline ?? this.#line.nextDeadline();
    if (next !== Infinity) this.#expiry = setTimeout(this.#expire, Math.max(0, next - performance.now()));
  }

  readonly #expire = (): void => {
    if (this.#state !== 'stalled') return;
    const now = performance.now();
    const isOver = (job: Job): boolean => job.deadline <= now || (this.#isClosing && job.deadline === Infinity);
    for (const job of this.#batch?.jobs ?? []) if (isOver(job)) this.#line.refuse(job, outcomeUnknown);
    this.#line.refuseLate(isOver);
    this.#expireLater();
    if (this.#isSpent && this.#isClosing) for (const resolve of this.#idleWaiters.splice(0)) resolve();
  };
}

/** A queue that is only made anew: what was claimed from it before is in somebody's hands, its hold lapsed. */
const remakes = ({ operations }: Job, queue: string): boolean =>
  operations.some((operation) => operation.kind === 'create' && operation.queue === queue);
