import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { names } from '../engine-contract/messages.ts';
import { RecordedEvents } from '../engine-contract/recorded-events.ts';
import { claimedIds, enqueue } from '../engine-contract/rig.ts';
import { testNode } from '../engine-contract/test-node.ts';
import { Keys } from './keys.ts';
import { connectRedis } from './link/connect-redis.ts';
import { DEFAULT_REDIS_ENGINE_OPTIONS } from './options.ts';
import { RedisEngine } from './redis-engine.ts';
import { listOf, numberOf } from './reply.ts';
import { SCRIPTS } from './scripts.ts';
import { startRedis, type RedisServer } from './testing/redis-server.ts';
import { withLink } from './testing/redis-subject.ts';

const COUNT = 3_000;
const BITE = 1_000;

let server: RedisServer;
before(async () => {
  server = await startRedis();
});
after(() => server.close());

test('who claims between two bites of the reaper gets what a dead node held in its order', async () => {
  const prefix = `t${randomBytes(6).toString('hex')}`;
  const { nodes } = new Keys(prefix);
  const redis = connectRedis(server.url, { key: nodes, scripts: Object.values(SCRIPTS) });
  const [dead, alive] = await Promise.all(
    [1, 2].map(async () => {
      const engine = new RedisEngine({ ...DEFAULT_REDIS_ENGINE_OPTIONS, prefix, redis });
      await engine.start(new RecordedEvents(), testNode());
      return engine;
    }),
  ) as [RedisEngine, RedisEngine];
  try {
    const sent = names(COUNT);
    await Promise.all(sent.map((id) => dead.apply({ operations: [enqueue('q', id)], lane: 'durable' })));
    assert.equal((await dead.claim('q', [{ credit: COUNT }], 2 ** 30)).length, COUNT);
    const member = String(dead.health().facts['node']);
    const redelivered: string[] = [];
    await withLink(redis, async (link) => {
      for (let isDone = false; !isDone; ) {
        const reply = listOf(await link.run(SCRIPTS.reap, nodes, [member, -1, BITE]));
        isDone = numberOf(reply[2]) === 1;
        redelivered.push(...claimedIds(await alive.claim('q', [{ credit: BITE / 2 }], 2 ** 30)));
      }
    });
    redelivered.push(...claimedIds(await alive.claim('q', [{ credit: COUNT }], 2 ** 30)));
    assert.deepEqual(redelivered, sent);
  } finally {
    await Promise.all([dead.close(), alive.close()]);
  }
});
