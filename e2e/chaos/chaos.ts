import { boundedScripts } from './bounded-scripts.ts';
import { busTrouble } from './bus-trouble.ts';
import { deepQueue } from './deep-queue.ts';
import { diskFull } from './disk-full.ts';
import { endlessPublisher } from './endless-publisher.ts';
import { killNode } from './kill-node.ts';
import { lanes } from './lanes.ts';
import { leaks } from './leaks.ts';
import { linkBlips } from './link-blips.ts';
import { manyNodes } from './many-nodes.ts';
import { pairs } from './pairs.ts';
import { blackHole } from './queues/black-hole.ts';
import { cutLinks } from './queues/cut-links.ts';
import { deadNode } from './queues/dead-node.ts';
import { failover } from './queues/failover.ts';
import { flushedScripts } from './queues/flushed-scripts.ts';
import { frozenRedis } from './queues/frozen-redis.ts';
import { fullRedis } from './queues/full-redis.ts';
import { killNodes } from './queues/kill-nodes.ts';
import { massRelease } from './queues/mass-release.ts';
import { redisRestarts } from './queues/redis-restarts.ts';
import { runScenarios } from './scenarios.ts';
import { sharedFlushes } from './shared-flushes.ts';
import { slowReader } from './slow-reader.ts';
import { storeLoss } from './store-loss.ts';
import { topicOrder } from './topic-order.ts';
import { wildcardChurn } from './wildcard-churn.ts';

/** As a cluster runs without a word about it, and shorter, for what waits for many leases. */
const usual = { leaseMs: 15_000, beatMs: 1_000 };
const short = { leaseMs: 3_000, beatMs: 300 };

/** `npm run chaos [name …]`: every failure scenario at full size. CI runs the same ones small (`chaos.e2e.ts`). */
await runScenarios({
  'kill-node': (seed) => killNode({ kills: 50, seed, window: 50, bodyBytes: 300 }),
  'kill-node-window-1': (seed) => killNode({ kills: 10, seed, window: 1, bodyBytes: 20_000 }),
  pairs: (seed) => pairs({ kills: 20, seed }),
  'disk-full': () => diskFull({ bodyBytes: 8_000 }),
  'shared-flushes': () => sharedFlushes({ messages: 5_000 }),
  'slow-reader': () => slowReader({ readers: 1_000, messages: 1_000, bodyBytes: 16_000 }),
  'endless-publisher': () => endlessPublisher({ messages: 500_000, bodyBytes: 1_000 }),
  'endless-publisher-large': () => endlessPublisher({ messages: 500, bodyBytes: 1024 * 1024 }),
  'deep-queue': () => deepQueue({ messages: 1_000_000, bodyBytes: 1_000 }),
  leaks: () => leaks({ names: 1_000, nodes: 1_000 }),
  'bounded-scripts': () => boundedScripts({ depth: 200_000, held: 10_000 }),
  'many-nodes': (seed) => manyNodes({ seed, steps: 50_000, nodeCount: 4, trouble: 'none' }),
  'many-nodes-cut': (seed) => manyNodes({ seed, steps: 10_000, nodeCount: 4, trouble: 'cuts' }),
  'many-nodes-ioredis': (seed) => manyNodes({ seed, steps: 5_000, nodeCount: 4, trouble: 'all', client: 'ioredis' }),
  'many-nodes-trouble': (seed) => manyNodes({ seed, steps: 10_000, nodeCount: 4, trouble: 'all' }),
  'topic-order': () => topicOrder({ publishers: 70, messages: 500, window: 10 }),
  'link-blips': (seed) => linkBlips({ blips: 500, seed }),
  'link-blips-ioredis': (seed) => linkBlips({ blips: 500, seed, client: 'ioredis' }),
  'link-blips-small-log': (seed) => linkBlips({ blips: 500, seed, topicLogBytes: 2_048 }),
  'bus-trouble': () => busTrouble({ rounds: 5 }),
  'bus-trouble-small-log': () => busTrouble({ rounds: 5, topicLogBytes: 2_048 }),
  'wildcard-churn': (seed) => wildcardChurn({ cycles: 1_000, publishers: 50, seed }),
  'store-flushed': () => storeLoss({ trouble: 'flush', times: 10 }),
  'store-lost': () => storeLoss({ trouble: 'restart-empty', times: 10 }),
  'store-restarted': () => storeLoss({ trouble: 'restart-aof', times: 10 }),
  lanes: (seed) => lanes({ messages: 20_000, seed }),
  'lanes-cut': (seed) => lanes({ messages: 20_000, seed, hasBlips: true }),
  'queues-killed-nodes': (seed) => killNodes({ kills: 30, seed, ...short }),
  'queues-dead-node': () => deadNode({ held: 1_000, ...usual }),
  'queues-frozen-redis': (seed) => frozenRedis({ freezes: 5, seed, ...short }),
  'queues-frozen-redis-usual': (seed) => frozenRedis({ freezes: 1, seed, ...usual }),
  'queues-cut-links': (seed) => cutLinks({ cuts: 300, seed, leaseMs: 8_000, beatMs: 500 }),
  'queues-black-hole': (seed) => blackHole({ holes: 6, seed, leaseMs: 8_000, beatMs: 500, lengths: [0.3, 2.5] }),
  'queues-restarts-always': (seed) => redisRestarts({ restarts: 15, seed, ...short, fsync: 'always' }),
  'queues-restarts-everysec': (seed) => redisRestarts({ restarts: 15, seed, ...short, fsync: 'everysec' }),
  'queues-restarts-never': (seed) => redisRestarts({ restarts: 10, seed, ...short, fsync: 'never' }),
  'queues-flushed-scripts': (seed) => flushedScripts({ flushes: 2_000, seed }),
  'queues-failover': (seed) => failover({ rounds: 8, seed, ...short }),
  'queues-full-redis': () => fullRedis({ ...short, roomBytes: 20_000_000 }),
  'queues-mass-release': () => massRelease({ messages: 10_000, consumers: 100, rounds: 5, ...short }),
});
