import { busTrouble } from './bus-trouble.ts';
import { deepQueue } from './deep-queue.ts';
import { diskFull } from './disk-full.ts';
import { endlessPublisher } from './endless-publisher.ts';
import { killNode } from './kill-node.ts';
import { lanes } from './lanes.ts';
import { linkBlips } from './link-blips.ts';
import { manyNodes } from './many-nodes.ts';
import { pairs } from './pairs.ts';
import { runScenarios } from './scenarios.ts';
import { sharedFlushes } from './shared-flushes.ts';
import { slowReader } from './slow-reader.ts';
import { storeLoss } from './store-loss.ts';
import { topicOrder } from './topic-order.ts';
import { wildcardChurn } from './wildcard-churn.ts';

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
});
