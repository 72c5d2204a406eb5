import assert from 'node:assert/strict';
import { eventually } from '../../harness/eventually.ts';
import type { RedisServer } from '../../../server/engines/redis/testing/redis-server.ts';
import type { BrokerCluster } from './broker-cluster.ts';
import { QueueLedger, type Violations } from './queue-ledger.ts';
import { Consumer, Publisher, Refusals, type Traffic } from './queue-traffic.ts';

export interface LoadOptions {
  readonly queue: string;
  readonly random: () => number;
  /** Indexes of the nodes where they begin; default one on each. */
  readonly publisherHomes?: readonly number[];
  /** Default two on each node. */
  readonly consumerHomes?: readonly number[];
  readonly window?: number;
  readonly pauseMs?: number;
  readonly prefetch?: number;
  readonly workMs?: number;
  readonly bodyBytes?: number;
  /** Consumers come back to the node where they began. */
  readonly isFaithful?: boolean;
}

/** Publishers and consumers on every node of a cluster, all on one queue, and the ledger of what they see. */
export class QueueLoad {
  readonly ledger = new QueueLedger();
  readonly refusals = new Refusals();
  readonly consumers: readonly Consumer[];
  readonly #publishers: readonly Publisher[];
  readonly #queue: string;

  constructor(cluster: BrokerCluster, options: LoadOptions) {
    const { queue, random, window = 20, pauseMs = 15, prefetch = 20, workMs = 10, bodyBytes = 200, isFaithful = false } = options;
    const { publisherHomes = [0, 1, 2], consumerHomes = [0, 0, 1, 1, 2, 2] } = options;
    this.#queue = queue;
    const traffic: Traffic = { nodes: cluster.nodes, queue, ledger: this.ledger, refusals: this.refusals, random };
    this.consumers = consumerHomes.map((home, i) => new Consumer(traffic, { name: `c${i}`, home, prefetch, workMs, isFaithful }));
    this.#publishers = publisherHomes.map((home, i) => new Publisher(traffic, { name: `p${i}`, home, window, pauseMs, bodyBytes }));
  }

  /** Resolves when more was receipted and delivered than now; within that time or it rejects. Returns the ms it took. */
  async progress(what: string, withinMs = 30_000): Promise<number> {
    const { ledger } = this;
    const from = performance.now();
    const [receipted, delivered] = [ledger.receiptedCount, ledger.deliveryCount];
    await eventually(() => {
      assert.ok(ledger.receiptedCount > receipted, `nothing was receipted ${what}`);
      assert.ok(ledger.deliveryCount > delivered, `nothing was delivered ${what}`);
    }, withinMs);
    return Math.round(performance.now() - from);
  }

  /**
   * Publishers end, and everything they have receipts for is consumed but `mayLose` messages; nothing is left in the store,
   * neither at rest nor held by anyone.
   */
  async settle(redis: RedisServer, mayLose: () => Promise<number> = () => Promise.resolve(0)): Promise<void> {
    await Promise.all(this.#publishers.map((publisher) => publisher.finish()));
    try {
      await eventually(async () => {
        const missing = this.ledger.missing();
        if (missing.length > 0) assert.ok(missing.length <= (await mayLose()), `${missing.length} receipted messages never came, ${missing[0]} first`);
      }, 60_000);
      await eventually(async () => assert.deepEqual(await leftovers(redis, this.#queue), []), 60_000);
    } finally {
      await Promise.all(this.consumers.map((consumer) => consumer.cut()));
    }
  }

  /** Throws for a broken promise, but for those in `except`. */
  expectKept(...except: (keyof Violations)[]): void {
    for (const [kind, sentences] of Object.entries(this.ledger.violations) as [keyof Violations, string[]][]) {
      if (!except.includes(kind)) assert.deepEqual(sentences.slice(0, 5), [], `${sentences.length} ${kind}`);
    }
  }

  figures() {
    return { ...this.ledger.figures(), refusals: this.refusals.counts };
  }
}

/** Keys in which the store still has something of a queue. */
async function leftovers(redis: RedisServer, queue: string): Promise<string[]> {
  const name = queue.replace('/queue/', '');
  const patterns = [`messages:${name}`, `held:*:${name}`];
  const keys = (await Promise.all(patterns.map((pattern) => redis.command('KEYS', `stompede:{stompede}:${pattern}`)))) as string[][];
  return keys.flat();
}
