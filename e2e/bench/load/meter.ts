import { setTimeout as passed } from 'node:timers/promises';
import { ProcessTree } from '../process-tree.ts';
import { readCounter } from './connection.ts';
import { Histogram } from './histogram.ts';
import type { Target } from './target.ts';

/** What one stretch of work cost and gave. CPU in µs, memory in octets, times in ms. */
export interface Measured {
  /** What the costs are divided by: deliveries, messages or connections. */
  readonly units: number;
  readonly elapsedMs: number;
  readonly brokerCpuMicros: number;
  /** Of the store that the broker's nodes share, in addition. */
  readonly storeCpuMicros?: number;
  /** CPU of the load generator's own process: below the broker's, or the broker was not the bottleneck. */
  readonly generatorCpuMicros: number;
  /** Reads that the generator's sockets needed. */
  readonly reads: number;
  readonly rssAnonBytes: number;
  /** Of that store, in addition. */
  readonly storeRssAnonBytes?: number;
  /** Histogram of latencies, `Histogram.toPairs`. */
  readonly latency: readonly number[];
  readonly ledger: Ledger;
  /** Further figures by name. */
  readonly extra?: Readonly<Record<string, number>>;
}

/** What was to come against what came, over the whole run, warm-up included. */
export interface Ledger {
  readonly expected: number;
  readonly received: number;
  readonly missing: number;
  readonly repeated: number;
  /** Came before an earlier one of the same sender. */
  readonly disordered: number;
}

/** How many times longer than asked for a warm-up may take. */
export const LONGEST_WARM_UP = 8;
const LOOK_MS = 50;

/** Reads the broker's and its own process' meters at both ends of a stretch of work. */
export class Meter {
  readonly latency = new Histogram();
  readonly #broker: ProcessTree;
  readonly #store: ProcessTree | undefined;
  readonly #nodeCount: number;
  #brokerCpu = 0;
  #storeCpu = 0;
  #ownCpu = 0;
  #reads = 0;
  #startedAt = 0;
  #units = 0;
  #isRunning = false;

  constructor({ pids, storePid }: Pick<Target, 'pids' | 'storePid'>) {
    this.#broker = new ProcessTree(pids);
    this.#nodeCount = pids.length;
    this.#store = storePid === undefined ? undefined : new ProcessTree([storePid]);
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  rssAnonBytes(): number {
    return this.#broker.rssAnonBytes();
  }

  /**
   * Resolves when the broker has worked for `ms`: by the clock, and by its own CPU time for each node, since a busy
   * machine may give it little of that and its code is compiled by use. Gives up on the latter after a while.
   */
  async warmUp(ms: number): Promise<void> {
    const [startedAt, cpu] = [performance.now(), this.#broker.cpuMicros()];
    await passed(ms);
    const isCold = (): boolean => this.#broker.cpuMicros() - cpu < ms * 1000 * this.#nodeCount;
    while (isCold() && performance.now() - startedAt < ms * LONGEST_WARM_UP) await passed(LOOK_MS);
  }

  /** `units`: the job's running count at this moment. */
  start(units: number): void {
    this.latency.clear();
    this.#units = units;
    this.#reads = readCounter.reads;
    this.#ownCpu = ownCpuMicros();
    this.#brokerCpu = this.#broker.cpuMicros();
    this.#storeCpu = this.#store?.cpuMicros() ?? 0;
    this.#startedAt = performance.now();
    this.#isRunning = true;
  }

  stop(units: number): Omit<Measured, 'ledger'> {
    const elapsedMs = performance.now() - this.#startedAt;
    this.#isRunning = false;
    return {
      units: units - this.#units,
      elapsedMs,
      brokerCpuMicros: this.#broker.cpuMicros() - this.#brokerCpu,
      generatorCpuMicros: ownCpuMicros() - this.#ownCpu,
      reads: readCounter.reads - this.#reads,
      rssAnonBytes: this.rssAnonBytes(),
      ...(this.#store && { storeCpuMicros: this.#store.cpuMicros() - this.#storeCpu, storeRssAnonBytes: this.#store.rssAnonBytes() }),
      latency: this.latency.toPairs(),
    };
  }
}

function ownCpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
