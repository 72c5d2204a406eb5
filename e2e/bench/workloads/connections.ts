import { setTimeout as passed } from 'node:timers/promises';
import type { Part } from '../load/held-connections.ts';
import { Histogram } from '../load/histogram.ts';
import type { PartJob } from '../load/job.ts';
import type { Measured } from '../load/meter.ts';
import { LoadProcess } from '../load-process.ts';
import { ProcessTree } from '../process-tree.ts';
import { NOBODY, type Ground, type Workload } from './workload.ts';

/** A process may have 20 000 descriptors open; so many are safe beside its own. */
const CONNECTIONS_PER_PROCESS = 5_000;
const JOB_MS = 240_000;

export const connections: Workload = {
  name: 'connections',
  unit: 'connection',
  about: 'a storm of logins, then silence, then a topic of its own for each',
  needsQueues: false,
  isFresh: true,
  leftOut: NOBODY,
  async *run(ground) {
    const { count, steps, concurrency, idleMs } = ground.scale.connections;
    const crowd = await Crowd.start(ground, Math.max(2, Math.ceil(count / CONNECTIONS_PER_PROCESS)));
    try {
      const empty = crowd.rssAnonBytes();
      const step = Math.ceil(count / steps);
      const connect = (size: number) => crowd.measure((share) => ({ kind: 'connect', target: ground.target, count: share(size), concurrency: share(concurrency) }));
      await connect(step);
      const warm = crowd.rssAnonBytes();
      const storm = await connect(step * (steps - 1));
      const perConnection = (storm.rssAnonBytes - warm) / storm.units;
      yield { name: `storm of ${storm.units} logins`, measured: { ...storm, extra: { 'KiB each': perConnection / 1024 } } };

      const idle = await crowd.measure(() => ({ kind: 'check' }), () => passed(idleMs));
      const seconds = idle.elapsedMs / 1000;
      const idleExtra = { 'KiB each': (idle.rssAnonBytes - empty) / idle.units / 1024, 'µs CPU each and second': idle.brokerCpuMicros / idle.units / seconds };
      yield { name: `${idle.units} idle for ${idleMs / 1000} s`, measured: { ...idle, extra: idleExtra } };

      const subscribed = await crowd.measure((_share, index) => ({ kind: 'subscribe-each', from: index * count }));
      const subscribedExtra = { 'KiB each': (subscribed.rssAnonBytes - idle.rssAnonBytes) / subscribed.units / 1024 };
      yield { name: `a topic of its own for each of ${subscribed.units}`, measured: { ...subscribed, extra: subscribedExtra } };
    } finally {
      await crowd.close();
    }
  },
};

type JobOf = (share: (total: number) => number, index: number) => PartJob;

/** The clients of several load processes, measured together. */
class Crowd {
  readonly #processes: readonly LoadProcess[];
  readonly #broker: ProcessTree;

  private constructor(processes: readonly LoadProcess[], broker: ProcessTree) {
    this.#processes = processes;
    this.#broker = broker;
  }

  static async start({ testbed, target }: Ground, size: number): Promise<Crowd> {
    const processes = await Promise.all(Array.from({ length: size }, () => LoadProcess.start(testbed)));
    return new Crowd(processes, new ProcessTree(target.pids));
  }

  rssAnonBytes(): number {
    return this.#broker.rssAnonBytes();
  }

  /** Gives each process its job, after `before`; `share` divides a total among them. */
  async measure(jobOf: JobOf, before: () => Promise<void> = async () => {}): Promise<Measured> {
    const share = (total: number): number => Math.ceil(total / this.#processes.length);
    const [startedAt, cpu] = [performance.now(), this.#broker.cpuMicros()];
    await before();
    const parts: Part[] = await Promise.all(this.#processes.map((load, index) => load.run(jobOf(share, index), JOB_MS)));
    const [elapsedMs, brokerCpuMicros] = [performance.now() - startedAt, this.#broker.cpuMicros() - cpu];
    const latency = new Histogram();
    for (const part of parts) latency.add(part.latency);
    const units = sum(parts.map((part) => part.count));
    return {
      units,
      elapsedMs,
      brokerCpuMicros,
      generatorCpuMicros: sum(parts.map((part) => part.generatorCpuMicros)),
      reads: 0,
      rssAnonBytes: this.rssAnonBytes(),
      latency: latency.toPairs(),
      ledger: { expected: units, received: units, missing: 0, repeated: 0, disordered: 0 },
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#processes.map((load) => load.close()));
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
