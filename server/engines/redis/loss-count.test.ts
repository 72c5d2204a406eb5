import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { RecordedEvents } from '../engine-contract/recorded-events.ts';
import { enqueue } from '../engine-contract/rig.ts';
import { testNode } from '../engine-contract/test-node.ts';
import { Keys } from './keys.ts';
import { connectRedis } from './link/connect-redis.ts';
import type { Redis } from './link/link.ts';
import { DEFAULT_REDIS_ENGINE_OPTIONS } from './options.ts';
import { RedisEngine } from './redis-engine.ts';
import { SCRIPTS } from './scripts.ts';
import { startRedis, type RedisServer } from './testing/redis-server.ts';
import { reapAll } from './testing/redis-subject.ts';
import { until } from './testing/until.ts';

const GROUPS = 5;

describe('what a store forgot', () => {
  let server: RedisServer;
  let redis: Redis;
  let engine: RedisEngine;
  let prefix: string;

  beforeEach(async () => {
    server = await startRedis();
    prefix = `t${randomBytes(6).toString('hex')}`;
    redis = connectRedis(server.url, { key: new Keys(prefix).nodes, scripts: Object.values(SCRIPTS) });
    engine = new RedisEngine({ ...DEFAULT_REDIS_ENGINE_OPTIONS, prefix, redis });
    await engine.start(new RecordedEvents(), testNode());
    for (let i = 0; i < GROUPS; i++) await engine.apply({ operations: [enqueue('q', `m${i}`)], lane: 'durable' });
  });

  afterEach(async () => {
    await engine.close();
    await server.close();
  });

  const incarnation = (): string => String(engine.health().facts['node']).split('.').at(-1)!;
  const lost = (): unknown => engine.health().facts['lostGroups'];

  test('is nothing when a node was taken for dead twice, without a word in between', async () => {
    for (const next of ['2', '3']) {
      await reapAll(redis, prefix);
      await until(`incarnation ${next}`, () => incarnation() === next);
    }
    assert.equal(lost(), 0);
  });

  test('is told once, however often the store comes back', async () => {
    for (const next of ['2', '3']) {
      await server.restart();
      await until(`incarnation ${next}`, () => incarnation() === next && engine.health().state === 'up');
    }
    assert.equal(lost(), GROUPS);
  });
});
