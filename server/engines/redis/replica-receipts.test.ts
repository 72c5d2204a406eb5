import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Operation, Outcome } from '../../broker/engine.ts';
import { RecordedEvents } from '../engine-contract/recorded-events.ts';
import { assertRefused, enqueue, settle } from '../engine-contract/rig.ts';
import { testNode } from '../engine-contract/test-node.ts';
import { Keys } from './keys.ts';
import { connectRedis } from './link/connect-redis.ts';
import { DEFAULT_REDIS_ENGINE_OPTIONS } from './options.ts';
import { RedisEngine } from './redis-engine.ts';
import { SCRIPTS } from './scripts.ts';
import { startRedis, untilFollowed, type RedisServer } from './testing/redis-server.ts';

describe('receipts that wait for a replica', () => {
  let primary: RedisServer;
  let replica: RedisServer;
  let engine: RedisEngine;

  before(async () => {
    primary = await startRedis({ hasPort: true });
    replica = await startRedis({ hasPort: true, config: { replicaof: `127.0.0.1 ${primary.port}` } });
    await untilFollowed(primary);
    const prefix = `t${randomBytes(6).toString('hex')}`;
    const redis = connectRedis(primary.url, { key: new Keys(prefix).nodes, scripts: Object.values(SCRIPTS) });
    engine = new RedisEngine({ ...DEFAULT_REDIS_ENGINE_OPTIONS, receipts: 'replica', prefix, redis });
    await engine.start(new RecordedEvents(), testNode());
  });

  after(async () => {
    await engine.close();
    await replica.close();
    await primary.close();
  });

  const apply = (operation: Operation): Promise<Outcome> => engine.apply({ operations: [operation], lane: 'durable' });

  test('come for ACKs also at maxmemory, where a SEND is refused', async () => {
    assert.deepEqual(await apply(enqueue('q', 'a')), { ok: true, missed: 0, repeats: 0 });
    const [claimed] = await engine.claim('q', [{ credit: 1 }], 2 ** 20);
    assert.ok(claimed);
    await primary.command('CONFIG', 'SET', 'maxmemory', 1);
    assert.deepEqual(await apply(settle('q', claimed)), { ok: true, missed: 0, repeats: 0 });
    assertRefused(await apply(enqueue('q', 'b')), 'memory-limit');
    await primary.command('CONFIG', 'SET', 'maxmemory', 0);
    assert.deepEqual(await apply(enqueue('q', 'c')), { ok: true, missed: 0, repeats: 0 });
  });

  test('do not come when Redis will not say, and the outcome is unknown', async () => {
    await primary.command('ACL', 'SETUSER', 'default', '-wait');
    const outcome = await apply(enqueue('q', 'd'));
    assert.equal(outcome.ok ? 'ok' : outcome.failure.certainty, 'outcome-unknown');
    await primary.command('ACL', 'SETUSER', 'default', '+wait');
    assert.deepEqual(await apply(enqueue('q', 'e')), { ok: true, missed: 0, repeats: 0 });
  });
});
