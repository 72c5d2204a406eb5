import { setTimeout as pause } from 'node:timers/promises';
import { seededRandom } from '../../harness/random.ts';
import { onCluster } from './broker-cluster.ts';
import { QueueLoad } from './queue-load.ts';

export interface CutLinksOptions {
  readonly cuts: number;
  readonly seed: number;
  readonly leaseMs: number;
  readonly beatMs: number;
}

/**
 * All three connections of one node at a time are reset, at random moments, under load. Where a queue has one consumer, it
 * gets everything in the order of each publisher. (Where it has several, a claim whose answer was lost goes back behind
 * what others have got by then; how often is told.) Returns the figures of both queues.
 */
export async function cutLinks({ cuts, seed, leaseMs, beatMs }: CutLinksOptions) {
  const random = seededRandom(seed);
  return onCluster({ leaseMs, beatMs, hasProxies: true }, async (cluster, redis) => {
    const shared = new QueueLoad(cluster, { queue: '/queue/shared', random });
    const single = new QueueLoad(cluster, { queue: '/queue/single', random, consumerHomes: [0], prefetch: 100, pauseMs: 40, workMs: 0 });
    await shared.progress('before the first cut');
    for (let cut = 1; cut <= cuts; cut++) {
      await pause(20 + random() * 300);
      // The node of the single consumer has its full share.
      const { proxy } = cluster.nodes[random() < 0.5 ? 0 : Math.floor(random() * cluster.nodes.length)]!;
      proxy.cut();
      if (cut % 10 === 0) await shared.progress(`after cut ${cut}`);
    }
    await shared.settle(redis);
    await single.settle(redis);
    shared.expectKept('disordered');
    single.expectKept();
    const reapedNodes = await cluster.sum('reapedNodes');
    const overtaken = shared.ledger.violations.disordered.length;
    return { cuts, reapedNodes, shared: { ...shared.figures(), overtaken }, single: single.figures() };
  });
}
