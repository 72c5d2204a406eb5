import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { RecordedEvents } from '../engine-contract/recorded-events.ts';
import { publish } from '../engine-contract/rig.ts';
import { testNode } from '../engine-contract/test-node.ts';
import { Keys } from './keys.ts';
import { connectRedis } from './link/connect-redis.ts';
import { DEFAULT_REDIS_ENGINE_OPTIONS } from './options.ts';
import { RedisEngine } from './redis-engine.ts';
import { SCRIPTS } from './scripts.ts';
import { startRedis, type RedisServer } from './testing/redis-server.ts';
import { withLink } from './testing/redis-subject.ts';
import { until } from './testing/until.ts';

let server: RedisServer;
before(async () => {
  server = await startRedis({ hasPort: true });
});
after(() => server.close());

async function open(database: number): Promise<{ engine: RedisEngine; events: RecordedEvents }> {
  const { prefix } = DEFAULT_REDIS_ENGINE_OPTIONS;
  const redis = connectRedis(`${server.url}/${database}`, { key: new Keys(prefix).nodes, scripts: Object.values(SCRIPTS) });
  const engine = new RedisEngine({ ...DEFAULT_REDIS_ENGINE_OPTIONS, redis });
  const events = new RecordedEvents();
  await engine.start(events, testNode());
  return { engine, events };
}

/** Gives the store in that database an epoch to come. Its nodes begin the next one. */
async function presetEpoch(database: number, epoch: number): Promise<void> {
  const keys = new Keys(DEFAULT_REDIS_ENGINE_OPTIONS.prefix);
  const redis = connectRedis(`${server.url}/${database}`, { key: keys.nodes, scripts: [] });
  await withLink(redis, (link) => link.command(['HSET', keys.store, 'epoch', epoch]));
}

/** Until whatever was published by then has been heard: parcels and changes go by one connection. */
async function hasHeard({ engine, events }: { engine: RedisEngine; events: RecordedEvents }, publisher: RedisEngine): Promise<void> {
  const count = events.messages.length + 1;
  await engine.watch('mark');
  await publisher.apply({ operations: [publish('mark', 'mark')], lane: 'volatile' });
  await events.untilPublished(count);
}

test('clusters in two databases of one server share its channels, and take none of the other\'s wildcards for their own', async () => {
  // As if they had begun in the same millisecond.
  const epoch = Date.now() + 1e9;
  for (const database of [0, 1]) await presetEpoch(database, epoch);
  const [publisher, subscriber, stranger] = await Promise.all([open(0), open(0), open(1)]);
  try {
    for (const pattern of ['a.*', 'b.*']) await subscriber.engine.watch(pattern);
    await hasHeard(publisher, subscriber.engine);
    // The stranger's third change, when the next of ours is the third as well.
    for (const pattern of ['x.*', 'y.*', 'z.*']) await stranger.engine.watch(pattern);
    await hasHeard(publisher, subscriber.engine);
    await subscriber.engine.watch('news.*');
    await hasHeard(publisher, subscriber.engine);
    await publisher.engine.apply({ operations: [publish('news.today', 'm')], lane: 'volatile' });
    // Marks may reach it as well: whose copy of the table is late sends everything to those whose wildcards it lacks.
    const news = () => subscriber.events.published.filter((each) => each !== 'mark mark');
    await until('the news', () => news().length > 0);
    assert.deepEqual(news(), ['news.today m']);
  } finally {
    await Promise.all([publisher, subscriber, stranger].map(({ engine }) => engine.close()));
  }
});
