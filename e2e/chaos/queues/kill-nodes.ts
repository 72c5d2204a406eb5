import { setTimeout as pause } from 'node:timers/promises';
import { seededRandom } from '../../harness/random.ts';
import { onCluster } from './broker-cluster.ts';
import { QueueLoad } from './queue-load.ts';

export interface KillNodesOptions {
  readonly kills: number;
  readonly seed: number;
  readonly leaseMs: number;
  readonly beatMs: number;
}

/**
 * Nodes die by SIGKILL at random moments while all of them take and deliver messages, and come back a little later;
 * their clients go to others. Throws at a broken promise; returns the ledger's figures.
 */
export async function killNodes({ kills, seed, leaseMs, beatMs }: KillNodesOptions) {
  const random = seededRandom(seed);
  return onCluster({ leaseMs, beatMs, redisOptions: { appendFsync: 'everysec' } }, async (cluster, redis) => {
    const load = new QueueLoad(cluster, { queue: '/queue/chaos', random, prefetch: 50, workMs: 80 });
    await load.progress('before the first kill');
    for (let kill = 1; kill <= kills; kill++) {
      await pause(50 + random() * 700);
      const { broker } = cluster.nodes[Math.floor(random() * cluster.nodes.length)]!;
      await broker.kill();
      await load.progress(`after kill ${kill}`);
      // Now and then it is back before its lease has run out.
      await pause(random() * leaseMs * 1.5);
      await broker.start();
    }
    await load.settle(redis);
    load.expectKept();
    return { kills, ...load.figures() };
  });
}
