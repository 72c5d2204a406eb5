import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test, type TestContext } from 'node:test';
import { RecordedEvents } from '../engine-contract/recorded-events.ts';
import { enqueue } from '../engine-contract/rig.ts';
import { testNode } from '../engine-contract/test-node.ts';
import { Durability } from './durability.ts';
import { Keys } from './keys.ts';
import { connectRedis } from './link/connect-redis.ts';
import { DEFAULT_REDIS_ENGINE_OPTIONS, type RedisEngineOptions } from './options.ts';
import { RedisEngine } from './redis-engine.ts';
import { SCRIPTS } from './scripts.ts';
import { startRedis, untilFollowed, type RedisServer, type RedisServerOptions } from './testing/redis-server.ts';
import { withLink } from './testing/redis-subject.ts';
import { until } from './testing/until.ts';

const ACCEPTED = { receipts: 'accepted', replicas: 1 } as const;

async function server(t: TestContext, options?: RedisServerOptions): Promise<RedisServer> {
  const started = await startRedis(options);
  t.after(() => started.close());
  return started;
}

async function read(at: RedisServer, wish: ConstructorParameters<typeof Durability>[0] = ACCEPTED): Promise<Durability> {
  const durability = new Durability(wish);
  await withLink(connectRedis(at.url, { key: '{x}' }), (link) => durability.read(link));
  return durability;
}

async function engineOn(t: TestContext, at: RedisServer, options: Partial<RedisEngineOptions>): Promise<RedisEngine> {
  const prefix = `t${randomBytes(6).toString('hex')}`;
  const redis = connectRedis(at.url, { key: new Keys(prefix).nodes, scripts: Object.values(SCRIPTS) });
  const engine = new RedisEngine({ ...DEFAULT_REDIS_ENGINE_OPTIONS, ...options, prefix, redis });
  t.after(() => engine.close());
  await engine.start(new RecordedEvents(), testNode());
  return engine;
}

describe('what Redis guarantees', () => {
  test('is nothing over a restart without its file, and that is said', async (t) => {
    const { level, warnings, facts } = await read(await server(t));
    assert.equal(level, 'accepted');
    assert.match(warnings.join(' '), /appendonly no\): its restart loses every queue/);
    assert.deepEqual([facts['appendonly'], facts['replicas']], ['no', 0]);
  });

  test('is a flush where it flushes every write, and only there', async (t) => {
    const at = await server(t, { appendFsync: 'always' });
    const { level, warnings } = await read(at);
    assert.deepEqual([level, warnings], ['fsync', []]);
    await at.command('CONFIG', 'SET', 'appendfsync', 'everysec');
    assert.equal((await read(at)).level, 'accepted');
  });

  test('is read from its report where its configuration may not be asked for', async (t) => {
    const at = await server(t, { appendFsync: 'always' });
    await at.command('CONFIG', 'SET', 'maxmemory', '100mb');
    await at.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    await at.command('ACL', 'SETUSER', 'default', '-config');
    const { level, facts, warnings } = await read(at);
    assert.deepEqual([facts['appendonly'], facts['appendfsync'], facts['maxmemory-policy']], ['yes', 'unknown', 'allkeys-lru']);
    assert.equal(level, 'accepted', 'what cannot be read counts as not given');
    assert.match(warnings.join(' '), /maxmemory-policy allkeys-lru/);
  });

  test('may be spoilt by eviction and by want of memory', async (t) => {
    const at = await server(t, { config: { maxmemory: '1200kb', 'maxmemory-policy': 'volatile-lru' } });
    await at.command('SET', 'ballast', Buffer.alloc(100_000));
    const { warnings } = await read(at);
    assert.match(warnings.join(' '), /maxmemory-policy volatile-lru\); expected noeviction/);
    assert.match(warnings.join(' '), /Redis uses \d+ % of its maxmemory/);
  });
});

describe('receipts', () => {
  test('that promise a flush are refused at the start by a Redis that does not flush each write', async (t) => {
    const at = await server(t, { appendFsync: 'everysec' });
    await assert.rejects(engineOn(t, at, { receipts: 'fsync' }), /expected a Redis with appendonly yes and appendfsync always .*got appendonly yes, appendfsync everysec/);
    await at.command('CONFIG', 'SET', 'appendfsync', 'always');
    assert.equal((await engineOn(t, at, { receipts: 'fsync' })).receiptLevel, 'fsync');
  });

  test('that promise replicas are refused at the start where there are too few', async (t) => {
    await assert.rejects(engineOn(t, await server(t), { receipts: 'replica', replicas: 1 }), /expected 1 replicas for receipts that promise them, got 0/);
  });

  test('do not come when no replica confirms in time, and the outcome is unknown', async (t) => {
    const primary = await server(t, { hasPort: true });
    const replica = await server(t, { hasPort: true, config: { replicaof: `127.0.0.1 ${primary.port}` } });
    await untilFollowed(primary);
    const engine = await engineOn(t, primary, { receipts: 'replica', waitMs: 5_000 });
    assert.equal(engine.receiptLevel, 'replica');
    const send = (id: string) => engine.apply({ operations: [enqueue('q', id)], lane: 'durable' });
    assert.deepEqual(await send('a'), { ok: true, missed: 0, repeats: 0 });
    replica.pause();
    try {
      const outcome = await send('b');
      assert.equal(outcome.ok ? 'ok' : outcome.failure.certainty, 'outcome-unknown');
    } finally {
      replica.resume();
    }
    await until('receipts to come again', async () => (await send('c')).ok);
    assert.equal((await engine.browse('q', 0, 10))[1]?.id, 'b', 'it is there all the same');
  });
});
