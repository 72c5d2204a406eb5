import { Fleet } from './fleet.ts';
import { Histogram } from './histogram.ts';
import type { Target } from './target.ts';

export interface ConnectJob {
  readonly kind: 'connect';
  readonly target: Target;
  /** So many more clients … */
  readonly count: number;
  /** … of which so many are logging in at any time. */
  readonly concurrency: number;
}

export interface SubscribeEachJob {
  readonly kind: 'subscribe-each';
  /** The clients' topics are numbered from here. */
  readonly from: number;
}

/** What a load process reports of its part; the broker is measured by whoever sees all the load processes. */
export interface Part {
  readonly count: number;
  readonly generatorCpuMicros: number;
  /** `Histogram.toPairs`. */
  readonly latency: readonly number[];
}

/** Connections that stay open from job to job, until the load process ends. */
export class HeldConnections {
  #fleet: Fleet | undefined;

  async connect({ target, count, concurrency }: ConnectJob): Promise<Part> {
    this.#fleet ??= new Fleet(target);
    const fleet = this.#fleet;
    const latency = new Histogram();
    return measurePart(latency, async () => (await fleet.open(count, { concurrency, latency })).length);
  }

  /** Each client subscribes to a topic of its own. */
  async subscribeEach({ from }: SubscribeEachJob): Promise<Part> {
    const fleet = this.#fleet;
    if (!fleet) throw new Error('Expected connections to subscribe with, got none');
    const latency = new Histogram();
    return measurePart(latency, async () => {
      const clients = fleet.clients;
      await fleet.each(clients, async (client) => {
        const startedAt = performance.now();
        await client.subscribe([['sub-0', `/topic/bench.own.${from + client.index}`]]);
        latency.record((performance.now() - startedAt) * 1000);
      });
      return clients.length;
    });
  }

  /** Rejects when one of them was lost meanwhile. */
  async check(): Promise<Part> {
    return measurePart(new Histogram(), async () => (await this.#fleet?.guard(Promise.resolve(this.#fleet.clients.length))) ?? 0);
  }
}

async function measurePart(latency: Histogram, work: () => Promise<number>): Promise<Part> {
  const before = process.cpuUsage();
  const count = await work();
  const { user, system } = process.cpuUsage(before);
  return { count, generatorCpuMicros: user + system, latency: latency.toPairs() };
}
