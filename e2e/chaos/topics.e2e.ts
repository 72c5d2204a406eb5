import { test } from 'node:test';
import { busTrouble } from './bus-trouble.ts';
import { lanes } from './lanes.ts';
import { linkBlips } from './link-blips.ts';
import { storeLoss } from './store-loss.ts';
import { topicOrder } from './topic-order.ts';
import { wildcardChurn } from './wildcard-churn.ts';

// The scenarios of `npm run chaos` about topics across nodes, at a small size. A failure names the seed to repeat it.
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

test('70 publishers on three nodes: everyone sees each message once, and those of a connection in order', async () => {
  await topicOrder({ publishers: 70, messages: 15, window: 5 });
});

test(`links cut at random moments lose nothing and refuse nobody (seed ${seed})`, async () => {
  await linkBlips({ blips: 40, seed });
});

test('a bus that is cut or a black hole leaves gaps that are told, where the log is too small to heal them', async () => {
  await busTrouble({ rounds: 1, topicLogBytes: 2_048 });
});

test(`wildcards that come and go under traffic miss nothing and refuse nobody (seed ${seed})`, async () => {
  await wildcardChurn({ cycles: 60, publishers: 50, seed });
});

for (const trouble of ['flush', 'restart-empty'] as const) {
  test(`a store that forgets everything (${trouble}) is told of once, and all goes on by itself`, async () => {
    await storeLoss({ trouble, times: 1 });
  });
}

test(`a connection that sends to topics and queues in a row keeps its order while links are cut (seed ${seed})`, async () => {
  await lanes({ messages: 500, seed, hasBlips: true });
});
