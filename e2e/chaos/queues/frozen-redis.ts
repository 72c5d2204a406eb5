import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../../harness/eventually.ts';
import { seededRandom } from '../../harness/random.ts';
import { onCluster } from './broker-cluster.ts';
import { ackAll, hold, send, type Holding } from './hands.ts';
import { QueueLoad } from './queue-load.ts';

export interface FrozenRedisOptions {
  readonly freezes: number;
  readonly seed: number;
  readonly leaseMs: number;
  readonly beatMs: number;
}

/** Consumption goes on within that time of Redis' return. */
const RESUME_MS = 5_000;
const KEPT = ['1', '2', '3', '4', '5'];

/**
 * Redis stands still (SIGSTOP) for longer than a lease, several times, under load. No node loses what it holds: a consumer
 * that waits behind a live holder gets nothing, and the holder's ACKs are taken. Every consumer goes on within 5 s of its
 * return. Returns the ledger's figures, and how long the slowest consumer waited each time.
 */
export async function frozenRedis({ freezes, seed, leaseMs, beatMs }: FrozenRedisOptions) {
  const random = seededRandom(seed);
  return onCluster({ leaseMs, beatMs }, async (cluster, redis) => {
    const load = new QueueLoad(cluster, { queue: '/queue/chaos', random, isFaithful: true });
    await load.progress('before the first freeze');
    const holdings: { readonly holding: Holding; readonly heir: Holding }[] = [];
    for (const [i, node] of cluster.nodes.entries()) {
      const queue = `/queue/kept.${i}`;
      await send(node, queue, KEPT);
      const holding = await hold(node, queue, KEPT.length);
      await eventually(() => assert.equal(holding.frames.length, KEPT.length));
      holdings.push({ holding, heir: await hold(cluster.nodes[(i + 1) % cluster.nodes.length]!, queue, KEPT.length) });
    }
    const resumedMs: number[] = [];
    for (let freeze = 1; freeze <= freezes; freeze++) {
      redis.pause();
      await pause(leaseMs * (1.2 + random()));
      const resumedAt = performance.now();
      redis.resume();
      await eventually(() => {
        for (const [i, { lastAt }] of load.consumers.entries()) assert.ok(lastAt > resumedAt, `consumer ${i} still waits after freeze ${freeze}`);
      }, RESUME_MS);
      resumedMs.push(Math.round(performance.now() - resumedAt));
      // As long as it could take to reap somebody by mistake.
      await pause(1.5 * leaseMs + 2 * beatMs);
      for (const { heir } of holdings) assert.deepEqual(heir.frames.map(({ text }) => text), [], 'redelivered, although a live consumer holds it');
    }
    assert.equal(await cluster.sum('reapedNodes'), 0, 'nodes that were reaped');
    for (const { holding, heir } of holdings) {
      assert.deepEqual(await ackAll(holding), [], 'ACKs that were refused');
      holding.client.destroy();
      heir.client.destroy();
    }
    await load.settle(redis);
    load.expectKept();
    return { freezes, leaseMs, resumedMs, ...load.figures() };
  });
}
