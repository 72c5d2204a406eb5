import type { Chain } from '../../broker/engine.ts';
import { Fifo } from '../../lib/fifo.ts';
import { BATCH } from './batch-format.ts';
import { BatchWriter } from './batch-writer.ts';
import type { Compactor } from './compactor.ts';
import { isFull } from './disk.ts';
import type { DiskRoom } from './disk-room.ts';
import { chainBroken, diskFull, notStored, outcomeUnknown } from './failures.ts';
import type { Job } from './job.ts';
import type { Journal } from './journal/journal.ts';
import type { Place } from './journal/place.ts';

/** What one batch takes at most; a larger job goes alone. */
const MAX_BATCH_BYTES = 4 * 1024 * 1024;
const MAX_BATCH_JOBS = 4096;

/**
 * Brings jobs to the disk in the order they came, many with one flush. What comes in one turn of the event loop, and
 * then whatever comes while a flush is under way, makes up the next batch: the busier it is, the more share a flush,
 * and nobody waits for company.
 *
 *     idle --a job--> due --end of the turn--> writing --flushed--> writing … --nothing left--> idle
 *                                                 |
 *                                                 +--the disk fails--> failed, for good
 *
 * A batch is one record: all of it is there after a crash or nothing. A *full disk* fails the jobs that bring new
 * messages; the rest is written again where the ballast was. Any *other error* ends everything: what was on
 * its way has an unknown outcome, what waits was not stored, and nothing is written any more.
 */
export class GroupCommit {
  readonly #journal: Journal;
  readonly #room: DiskRoom;
  readonly #compactor: Compactor;
  readonly #lastSeq: () => number;
  readonly #onFatal: (error: Error) => void;
  readonly #batch = new BatchWriter();
  readonly #waiting = new Fifo<Job>();
  #state: 'idle' | 'due' | 'writing' | 'failed' | 'closed' = 'idle';
  #loop: Promise<void> | undefined;
  #flushCount = 0;
  /** The jobs of the batch in hand. */
  #underWay: Job[] = [];
  /** Chains of jobs that were refused here. A chain that says it is broken may have been broken by a later group. */
  readonly #broken = new WeakSet<Chain>();
  #onIdle: (() => void)[] = [];

  constructor(
    journal: Journal,
    room: DiskRoom,
    compactor: Compactor,
    lastSeq: () => number,
    onFatal: (error: Error) => void,
  ) {
    this.#journal = journal;
    this.#room = room;
    this.#compactor = compactor;
    this.#lastSeq = lastSeq;
    this.#onFatal = onFatal;
  }

  get hasFailed(): boolean {
    return this.#state === 'failed';
  }

  /** Batches written so far. */
  get flushCount(): number {
    return this.#flushCount;
  }

  /** Nothing is taken any more. */
  get isOver(): boolean {
    return this.#state === 'failed' || this.#state === 'closed';
  }

  add(job: Job): void {
    if (this.isOver) {
      job.refused(notStored);
      return;
    }
    this.#waiting.push(job);
    this.wake();
  }

  wake(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'due';
    setImmediate(() => {
      this.#loop = this.#run();
    });
  }

  /** Finishes what waits and takes nothing more; no write is under way when it resolves. */
  async close(): Promise<void> {
    while (this.#state === 'due' || this.#state === 'writing') {
      await new Promise<void>((resolve) => this.#onIdle.push(resolve));
    }
    if (this.#state === 'idle') this.#state = 'closed';
    await this.#loop;
  }

  /** Ends everything: the store cannot keep its word any more. */
  fail(error: unknown): void {
    if (this.isOver) return;
    this.#state = 'failed';
    for (const job of this.#underWay.splice(0)) job.refused(outcomeUnknown);
    for (let job = this.#waiting.shift(); job; job = this.#waiting.shift()) job.refused(notStored);
    this.#tellIdle();
    this.#onFatal(error instanceof Error ? error : new Error(String(error)));
  }

  async #run(): Promise<void> {
    if (this.isOver) return;
    this.#state = 'writing';
    try {
      for (;;) {
        if (this.#compactor.wantsRoll) await whereRoom(() => this.#journal.roll());
        this.#compactor.step();
        // From here to idle without a pause, or a job could come in between that nobody looks at.
        if (this.#waiting.length === 0 && !this.#compactor.hasWork) break;
        this.#underWay = this.#take();
        await this.#write(this.#underWay);
        if (this.hasFailed) return;
      }
      this.#state = 'idle';
      this.#tellIdle();
    } catch (error) {
      this.fail(error);
    }
  }

  #take(): Job[] {
    const jobs: Job[] = [];
    let bytes = 0;
    for (let job = this.#waiting.at(0); job && jobs.length < MAX_BATCH_JOBS; job = this.#waiting.at(0)) {
      bytes += job.bytes;
      if (jobs.length > 0 && bytes > MAX_BATCH_BYTES) break;
      this.#waiting.shift();
      jobs.push(job);
    }
    return jobs;
  }

  async #write(jobs: Job[]): Promise<void> {
    this.#refuse(jobs, () => false);
    let place = await this.#append(jobs);
    if (place === 'full') {
      this.#compactor.abandoned();
      await this.#room.spend((ballast) => whereRoom(() => this.#journal.rollInto(ballast)));
      this.#refuse(jobs, (job) => job.grows);
      place = await this.#append(jobs);
    }
    // Whoever failed meanwhile has answered these jobs.
    if (this.hasFailed) return;
    if (place === 'full') return this.#refuse(jobs, () => true);
    this.#compactor.committed(place);
    for (const job of jobs) job.committed(place);
  }

  async #append(jobs: Job[]): Promise<Place | 'full'> {
    const batch = this.#batch;
    batch.begin(this.#lastSeq());
    this.#compactor.write(batch);
    for (const job of jobs) job.write(batch);
    // Topic messages and the like: they keep their turn, and have nothing to write.
    if (batch.isEmpty) return NOWHERE;
    const place = await this.#journal.append(batch.finish(BATCH));
    if (place === 'full') return place;
    this.#flushCount++;
    this.#room.wrote(batch.bytes);
    return place;
  }

  /** Takes out of a batch, in order, what finds no room and what stands behind such a job in its chain, or leans on one. */
  #refuse(jobs: Job[], findsNoRoom: (job: Job) => boolean): void {
    let kept = 0;
    for (const job of jobs) {
      const isBroken = job.chain !== undefined && this.#broken.has(job.chain);
      if (!isBroken && !job.isVoid && !findsNoRoom(job)) {
        jobs[kept++] = job;
        continue;
      }
      if (job.chain) this.#broken.add(job.chain);
      job.refused(isBroken ? chainBroken : diskFull);
    }
    jobs.length = kept;
  }

  #tellIdle(): void {
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }
}

/** The place of what was not written. */
const NOWHERE: Place = 0;

/** A new segment that finds no room is not missed: the next append grows the last one, or finds the disk full as well. */
async function whereRoom(roll: () => Promise<void>): Promise<void> {
  try {
    await roll();
  } catch (error) {
    if (!isFull(error)) throw error;
  }
}
