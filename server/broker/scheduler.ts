import type { Clock } from '../lib/clock.ts';
import type { Timers } from '../lib/timers.ts';
import { SCHEDULE_QUEUE, type Claimed, type Engine, type Group, type Operation } from './engine.ts';
import { fire, JobError } from './job.ts';
import type { Log } from './log.ts';

export interface SchedulerOptions {
  readonly engine: Pick<Engine, 'apply' | 'claim' | 'leave'>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
}

/** Jobs fired at once, and their octets. */
const MAX_JOBS = 100;
const MAX_BYTES = 1024 * 1024;
/** Until a claim, or a firing that the store refused, is tried again, in ms. */
const RETRY_MS = 2_000;
/** Until another node may try a job that this one cannot read, in ms. */
const UNREADABLE_MS = 60_000;

/**
 * Sends what is to be sent later, or again and again. Every node claims from the queue of jobs like a consumer, and is
 * told by the engine when one is due. A firing is one group: the job ends, what it sends is sent, and the jobs that it
 * leaves behind are stored. So none is lost and none comes twice, whichever node dies when.
 *
 * It is idle, or one round is under way: a claim, then the groups of all that was claimed. A hint during a round makes
 * another one follow.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  /** The round under way. */
  #round: Promise<void> | undefined;
  #again = false;
  #isStopped = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** There may be something due. The first call makes this node wait for jobs. */
  readonly look = (): void => {
    if (this.#isStopped) return;
    this.#again = this.#round !== undefined;
    if (this.#round) return;
    this.#round = this.#fireDue().then(
      (isMore) => {
        this.#round = undefined;
        if (isMore || this.#again) this.look();
      },
      (error: unknown) => {
        this.#round = undefined;
        if (!this.#isStopped) this.#options.log.warn({ event: 'jobs-not-claimed', error });
        this.#options.timers.after(RETRY_MS, this.look);
      },
    );
  };

  /** No more rounds; resolves when the one under way is over. */
  async stop(): Promise<void> {
    if (!this.#isStopped) this.#options.engine.leave(SCHEDULE_QUEUE);
    this.#isStopped = true;
    await this.#round;
  }

  /** Returns whether there may be more. */
  async #fireDue(): Promise<boolean> {
    const claimed = await this.#options.engine.claim(SCHEDULE_QUEUE, [{ credit: MAX_JOBS }], MAX_BYTES);
    await Promise.all(claimed.map((each) => (this.#isStopped ? this.#giveBack(each, 0) : this.#fire(each))));
    return claimed.length > 0;
  }

  async #fire(claimed: Claimed): Promise<void> {
    const { clock, log } = this.#options;
    const { seq, message } = claimed;
    let sendings: readonly Operation[];
    try {
      sendings = fire(message, seq.toString(36), clock.now());
    } catch (error) {
      if (!(error instanceof JobError)) throw error;
      log.error({ event: 'job-unreadable', job: message.id, error });
      await this.#giveBack(claimed, UNREADABLE_MS);
      return;
    }
    const failure = await this.#apply([{ kind: 'settle', queue: SCHEDULE_QUEUE, seq }, ...sendings]);
    if (!failure || failure.code === 'not-held') return;
    log.warn({ event: 'job-not-fired', job: message.id, failure });
    await this.#giveBack(claimed, RETRY_MS);
  }

  /** To be fired after a while, by whichever node. What the store cannot take back now, it is given again. */
  async #giveBack(claimed: Claimed, ms: number): Promise<void> {
    const dueAt = ms === 0 ? {} : { dueAt: this.#options.clock.now() + ms };
    const failure = await this.#apply([{ kind: 'release', queue: SCHEDULE_QUEUE, seq: claimed.seq, reason: 'undelivered', ...dueAt }]);
    if (failure && failure.code !== 'not-held') this.#options.timers.after(RETRY_MS, () => void this.#giveBack(claimed, ms));
  }

  async #apply(operations: Group['operations']) {
    const outcome = await this.#options.engine.apply({ operations, lane: 'durable' });
    return outcome.ok ? undefined : outcome.failure;
  }
}
