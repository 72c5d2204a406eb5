import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { RecordedEvents } from '../engine-contract/recorded-events.ts';
import { testNode } from '../engine-contract/test-node.ts';
import { Keys } from './keys.ts';
import { connectRedis } from './link/connect-redis.ts';
import { LinkLostError, ReplyError } from './link/link.ts';
import { DEFAULT_REDIS_ENGINE_OPTIONS } from './options.ts';
import { RedisEngine } from './redis-engine.ts';
import { SCRIPTS } from './scripts.ts';
import { MeddledRedis } from './testing/meddled-redis.ts';
import { startRedis, type RedisServer } from './testing/redis-server.ts';

let server: RedisServer;
before(async () => {
  server = await startRedis();
});
after(() => server.close());

/** An engine on a Redis that answers its first questions for what it guarantees by throwing these. */
function engineThatMeets(errors: Error[]): RedisEngine {
  const redis = new MeddledRedis(connectRedis(server.url, { key: new Keys('test').nodes, scripts: Object.values(SCRIPTS) }));
  redis.meddleCommand = async (_args, pass) => {
    const error = errors.shift();
    if (error) throw error;
    return pass();
  };
  return new RedisEngine({ ...DEFAULT_REDIS_ENGINE_OPTIONS, prefix: 'test', redis });
}

test('an engine starts though a connection is lost while it asks what its Redis guarantees', async () => {
  const engine = engineThatMeets([new LinkLostError('it was cut', true), new LinkLostError('it was cut', true)]);
  await engine.start(new RecordedEvents(), testNode());
  assert.equal(engine.health().state, 'up');
  await engine.close();
});

test('an engine that may not ask does not start, and leaves nothing behind', async () => {
  const engine = engineThatMeets([new ReplyError('NOPERM this user has no permissions to run the INFO command')]);
  await assert.rejects(engine.start(new RecordedEvents(), testNode()), /NOPERM/);
  assert.equal(await server.command('ZCARD', new Keys('test').nodes), 0);
  await engine.close();
});
