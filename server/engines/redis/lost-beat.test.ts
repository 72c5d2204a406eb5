import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LinkLostError } from './link/link.ts';
import { SCRIPTS } from './scripts.ts';
import { startMeddled } from './testing/meddled-engine.ts';
import { startRedis, type RedisServer } from './testing/redis-server.ts';

let server: RedisServer;
before(async () => {
  server = await startRedis();
});
after(() => server.close());

test('a command whose beat is answered into the void is told again, once, and in its order', async () => {
  const { engine, events, node, redis } = await startMeddled(server.url, { beatMs: 20 });
  let losses = 0;
  redis.meddle = async ({ script }, pass) => {
    const reply = await pass();
    const isTold = Array.isArray(reply) && reply.some((each) => Buffer.isBuffer(each) && each.toString() === 'first');
    if (script === SCRIPTS.beat && isTold && losses++ < 3) throw new LinkLostError('it was cut', true);
    return reply;
  };
  try {
    for (const command of ['first', 'second', 'third']) assert.equal(await engine.tell(node, command), true);
    assert.deepEqual(await events.untilCommanded(3), ['first', 'second', 'third']);
    // Another one, so that a repetition of those before it would have come by then.
    await engine.tell(node, 'fourth');
    assert.deepEqual(await events.untilCommanded(4), ['first', 'second', 'third', 'fourth']);
    assert.ok(losses > 3, `expected beats to be lost, ${losses} told of it`);
  } finally {
    await engine.close();
  }
});
