import { setTimeout as pause } from 'node:timers/promises';
import { seededRandom } from '../../harness/random.ts';
import { onCluster } from './broker-cluster.ts';
import { QueueLoad } from './queue-load.ts';

export interface FlushedScriptsOptions {
  readonly flushes: number;
  readonly seed: number;
}

/** Redis forgets its scripts again and again, under load, and nobody notices. Returns the ledger's figures. */
export async function flushedScripts({ flushes, seed }: FlushedScriptsOptions) {
  const random = seededRandom(seed);
  return onCluster({ leaseMs: 2_000, beatMs: 200 }, async (cluster, redis) => {
    const load = new QueueLoad(cluster, { queue: '/queue/chaos', random });
    const single = new QueueLoad(cluster, { queue: '/queue/single', random, consumerHomes: [0], prefetch: 100, pauseMs: 40, workMs: 0 });
    await load.progress('before the first flush');
    for (let flush = 0; flush < flushes; flush++) {
      await redis.command('SCRIPT', 'FLUSH', 'SYNC');
      await pause(random() * 10);
    }
    for (const each of [load, single]) {
      await each.settle(redis);
      each.expectKept();
    }
    return { flushes, shared: load.figures(), single: single.figures() };
  });
}
