import type { Chain, Failure } from '../../broker/engine.ts';
import { Fifo } from '../../lib/fifo.ts';
import { chainBroken, memoryLimit, unreachable } from './failures.ts';
import type { Job } from './job.ts';

/** What one batch takes at most, so that no script keeps Redis from others for long; a larger job goes alone. */
const MAX_BATCH_BYTES = 1024 * 1024;
const MAX_BATCH_OPERATIONS = 1024;

/**
 * The jobs that wait for a lane, in the order they came; before them those that were in a batch already and are to go out
 * once more. A job that waits for too long is refused as not stored; one without a deadline (the node's own) keeps its place.
 */
export class JobLine {
  readonly #waiting = new Fifo<Job>();
  /** Jobs of a batch that was taken apart, and the node's own that outlast an outage; they go before all others. */
  #again: Job[] = [];
  #maxJobs = Infinity;
  /** Chains with a job that was refused here. A chain that says it is broken may have been broken by a later group. */
  readonly #broken = new WeakSet<Chain>();

  get isEmpty(): boolean {
    return this.#first() === undefined;
  }

  push(job: Job): void {
    this.#waiting.push(job);
  }

  putBack(jobs: readonly Job[]): void {
    this.#again = [...jobs, ...this.#again];
  }

  /** Batches have no more than so many jobs until `widen`. */
  narrow(maxJobs: number): void {
    this.#maxJobs = maxJobs;
  }

  widen(): void {
    this.#maxJobs = Infinity;
  }

  /** The jobs of the next batch; none if all that waited was refused. */
  take(): Job[] {
    const jobs: Job[] = [];
    let bytes = 0;
    let operations = 0;
    for (let job = this.#first(); job && jobs.length < this.#maxJobs; job = this.#first()) {
      if (this.#isBroken(job) || job.isAnswered) {
        this.#shift();
        this.refuse(job, chainBroken);
        continue;
      }
      bytes += job.bytes;
      operations += job.cost;
      if (jobs.length > 0 && (bytes > MAX_BATCH_BYTES || operations > MAX_BATCH_OPERATIONS)) break;
      this.#shift();
      jobs.push(job);
    }
    return jobs;
  }

  /** The store has no room: of those that were put back, whatever needs some is refused, and the others go by themselves. */
  refuseGrowing(): void {
    const jobs = this.#again;
    this.#again = [];
    for (const job of jobs) {
      if (job.grows || this.#isBroken(job)) this.refuse(job, job.grows ? memoryLimit : chainBroken);
      else this.#again.push(job);
    }
    // Newcomers that need room would have all of them refused again, for as long as any come.
    if (this.#again.length > 0) this.#maxJobs = this.#again.length;
  }

  refuse(job: Job, failure: Failure): void {
    if (job.chain) this.#broken.add(job.chain);
    job.refuse(failure);
  }

  /** Refuses whoever has waited for too long; the others move up. */
  refuseLate(isOver: (job: Job) => boolean): void {
    const again = this.#again;
    this.#again = again.filter((job) => !isOver(job));
    for (const job of again) if (isOver(job)) this.refuse(job, unreachable);
    for (let job = this.#waiting.at(0); job && (isOver(job) || job.deadline === Infinity); job = this.#waiting.at(0)) {
      this.#waiting.shift();
      if (isOver(job)) this.refuse(job, unreachable);
      else this.#again.push(job);
    }
  }

  /** When the next one has waited for too long; Infinity = never. */
  nextDeadline(): number {
    this.#setAside();
    const next = this.#again.find(isDue) ?? this.#waiting.at(0);
    return next && isDue(next) ? next.deadline : Infinity;
  }

  /** Those without a deadline leave the sight of those with one, which wait behind them. */
  #setAside(): void {
    for (let job = this.#waiting.at(0); job?.deadline === Infinity; job = this.#waiting.at(0)) {
      this.#waiting.shift();
      this.#again.push(job);
    }
  }

  #first(): Job | undefined {
    return this.#again[0] ?? this.#waiting.at(0);
  }

  #shift(): void {
    if (this.#again.length > 0) this.#again.shift();
    else this.#waiting.shift();
  }

  #isBroken(job: Job): boolean {
    return job.chain !== undefined && this.#broken.has(job.chain);
  }
}

/** Somebody waits for its answer, and not for ever. */
export const isDue = (job: Job): boolean => !job.isAnswered && job.deadline !== Infinity;
