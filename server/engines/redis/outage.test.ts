import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { RecordedEvents } from '../engine-contract/recorded-events.ts';
import { enqueue, release } from '../engine-contract/rig.ts';
import { testNode } from '../engine-contract/test-node.ts';
import { Keys } from './keys.ts';
import { connectRedis } from './link/connect-redis.ts';
import { DEFAULT_REDIS_ENGINE_OPTIONS } from './options.ts';
import { RedisEngine } from './redis-engine.ts';
import { SCRIPTS } from './scripts.ts';
import { startRedis, type RedisServer } from './testing/redis-server.ts';
import { until } from './testing/until.ts';

const WAIT_MS = 1_500;
const CALL_MS = 500;

describe('an engine whose Redis stands still for longer than work may wait', () => {
  let server: RedisServer;
  let engine: RedisEngine;

  beforeEach(async () => {
    server = await startRedis({ hasPort: true });
    const prefix = `t${randomBytes(6).toString('hex')}`;
    const redis = connectRedis(server.url, { key: new Keys(prefix).nodes, scripts: Object.values(SCRIPTS), callMs: CALL_MS, dialMs: CALL_MS });
    engine = new RedisEngine({ ...DEFAULT_REDIS_ENGINE_OPTIONS, waitMs: WAIT_MS, prefix, redis });
    await engine.start(new RecordedEvents(), testNode());
  });

  afterEach(async () => {
    server.resume();
    await engine.close();
    await server.close();
  });

  const send = (id: string) => engine.apply({ operations: [enqueue('q', id)], lane: 'durable' });
  const refusal = async (id: string) => {
    const outcome = await send(id);
    return outcome.ok ? 'none' : outcome.failure.certainty;
  };

  test('gives back afterwards what was to be given back meanwhile, and refuses what was sent', async () => {
    for (const id of ['a', 'b', 'c']) await send(id);
    const claimed = await engine.claim('q', [{ credit: 3 }], 2 ** 20);
    server.pause();
    assert.equal(await refusal('d'), 'outcome-unknown');
    const released = claimed.map((each) => engine.apply({ operations: [release('q', each, 'gone')], lane: 'durable' }));
    assert.equal(await refusal('e'), 'not-stored');
    server.resume();
    for (const outcome of await Promise.all(released)) assert.deepEqual(outcome, { ok: true, missed: 0, repeats: 0 });
    const ids = (await engine.browse('q', 0, 10)).map(({ id }) => id);
    assert.deepEqual(ids.filter((id) => id !== 'd'), ['a', 'b', 'c']);
  });

  const closing = () => Promise.race([engine.close().then(() => 'closed'), wait(5_000, 'still closing', { ref: false })]);

  test('closes with nothing left that anyone waits for', async () => {
    server.pause();
    assert.equal(await refusal('a'), 'outcome-unknown');
    assert.equal(await closing(), 'closed');
  });

  test('closes with what it would have given back', async () => {
    await send('a');
    const [claimed] = await engine.claim('q', [{ credit: 1 }], 2 ** 20);
    assert.ok(claimed);
    server.pause();
    assert.equal(await refusal('b'), 'outcome-unknown');
    const released = engine.apply({ operations: [release('q', claimed, 'gone')], lane: 'durable' });
    await until('the outage to be known', () => engine.health().state === 'down');
    assert.equal(await closing(), 'closed');
    assert.equal((await released).ok, false);
  });
});
