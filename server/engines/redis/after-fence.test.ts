import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { RecordedEvents } from '../engine-contract/recorded-events.ts';
import { enqueue, settle } from '../engine-contract/rig.ts';
import { testNode } from '../engine-contract/test-node.ts';
import { Keys } from './keys.ts';
import { connectRedis } from './link/connect-redis.ts';
import { DEFAULT_REDIS_ENGINE_OPTIONS } from './options.ts';
import { RedisEngine } from './redis-engine.ts';
import { SCRIPTS } from './scripts.ts';
import { startRedis, type RedisServer } from './testing/redis-server.ts';
import { reapAll } from './testing/redis-subject.ts';
import { until } from './testing/until.ts';

const QUEUE = 'temp:queue:replies';

describe('a node', () => {
  let server: RedisServer;
  before(async () => {
    server = await startRedis();
  });
  after(() => server.close());

  async function use(run: (engine: RedisEngine, events: RecordedEvents, node: string, fence: () => Promise<void>) => Promise<void>): Promise<void> {
    const prefix = `t${randomBytes(6).toString('hex')}`;
    const redis = connectRedis(server.url, { key: new Keys(prefix).nodes, scripts: Object.values(SCRIPTS) });
    const engine = new RedisEngine({ ...DEFAULT_REDIS_ENGINE_OPTIONS, prefix, redis });
    const events = new RecordedEvents();
    const self = testNode();
    await engine.start(events, self);
    try {
      await run(engine, events, self.id, () => reapAll(redis, prefix));
    } finally {
      await engine.close();
    }
  }

  test('that was taken for dead lets its clients ack what they got from their temporary queues before', () =>
    use(async (engine, _events, _node, fence) => {
      await engine.createTemporaryQueue(QUEUE);
      await engine.apply({ operations: [enqueue(QUEUE, 'a')], lane: 'volatile' });
      const [claimed] = await engine.claim(QUEUE, [{ credit: 1 }], 2 ** 20);
      assert.ok(claimed);
      await fence();
      await until('it to be another member', () => String(engine.health().facts['node']).endsWith('.2') && engine.health().state === 'up');
      // It stands in the lane behind the remaking of the queue.
      await until('the queue to be there again', async () => {
        await engine.apply({ operations: [enqueue(QUEUE, 'b')], lane: 'volatile' });
        return (await engine.queues()).some(({ name }) => name === QUEUE);
      });
      const outcome = await engine.apply({ operations: [settle(QUEUE, claimed)], lane: 'volatile' });
      assert.equal(outcome.ok ? 'ok' : outcome.failure.code, 'ok');
    }));

  test('hears commands at maxmemory', () =>
    use(async (engine, events, node) => {
      await server.command('CONFIG', 'SET', 'maxmemory', 1);
      try {
        assert.equal(await engine.tell(node, 'drain'), true);
        assert.deepEqual(await events.untilCommanded(1), ['drain']);
      } finally {
        await server.command('CONFIG', 'SET', 'maxmemory', 0);
      }
    }));
});
