import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { RecordedEvents } from '../engine-contract/recorded-events.ts';
import { enqueue } from '../engine-contract/rig.ts';
import { testNode } from '../engine-contract/test-node.ts';
import { Keys } from './keys.ts';
import { connectRedis } from './link/connect-redis.ts';
import { ReplyError } from './link/link.ts';
import { DEFAULT_REDIS_ENGINE_OPTIONS } from './options.ts';
import { RedisEngine } from './redis-engine.ts';
import { SCRIPTS } from './scripts.ts';
import { startRedis } from './testing/redis-server.ts';
import { until } from './testing/until.ts';

function engineAt(url: string, waitMs: number): RedisEngine {
  const prefix = `t${randomBytes(6).toString('hex')}`;
  const redis = connectRedis(url, { key: new Keys(prefix).nodes, scripts: Object.values(SCRIPTS) });
  return new RedisEngine({ ...DEFAULT_REDIS_ENGINE_OPTIONS, waitMs, prefix, redis });
}

describe('a Redis that answers, but', () => {
  test('takes no writes for want of replicas is waited for', async () => {
    const server = await startRedis();
    const engine = engineAt(server.url, 20_000);
    try {
      await engine.start(new RecordedEvents(), testNode());
      await server.command('CONFIG', 'SET', 'min-replicas-to-write', 1);
      const outcome = engine.apply({ operations: [enqueue('q', 'a')], lane: 'durable' });
      await until('it to be known', () => engine.health().state === 'down');
      await server.command('CONFIG', 'SET', 'min-replicas-to-write', 0);
      assert.deepEqual(await outcome, { ok: true, missed: 0, repeats: 0 });
    } finally {
      await engine.close();
      await server.close();
    }
  });

  test('knows another password is no silent one', async () => {
    const server = await startRedis({ hasPort: true, password: 'right' });
    const engine = engineAt(`redis://:wrong@127.0.0.1:${server.port}`, 1_000);
    try {
      await assert.rejects(engine.start(new RecordedEvents(), testNode()), /got: .*WRONGPASS/);
    } finally {
      await engine.close();
      await server.close();
    }
  });

  test('is so old that it wraps what a script was told is understood', () => {
    const old = "ERR Error running script (call to f_0123abcd): @user_script:12: @user_script: 12: -OOM command not allowed when used memory > 'maxmemory'.";
    assert.equal(new ReplyError(old).code, 'OOM');
    assert.equal(new ReplyError('ERR no such thing').code, 'ERR');
    assert.equal(new ReplyError('WRONGTYPE Operation').code, 'WRONGTYPE');
  });
});
