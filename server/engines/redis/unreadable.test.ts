import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { claimedIds, enqueue, settle } from '../engine-contract/rig.ts';
import { startMeddled } from './testing/meddled-engine.ts';
import { startRedis, type RedisServer } from './testing/redis-server.ts';

let server: RedisServer;
before(async () => {
  server = await startRedis();
});
after(() => server.close());

/** Its format is one that no release has written so far. */
const LATER_FORMAT = '\x05\0\0\0\x7fabcd';
const CUT_SHORT = 'x';

test('records that cannot be read are set aside; what was claimed with them is delivered, and what stands behind them', async () => {
  const { engine, node, keys } = await startMeddled(server.url);
  try {
    for (const id of ['a', 'b', 'c', 'd']) await engine.apply({ operations: [enqueue('q', id)], lane: 'durable' });
    const messages = keys.store.replace(/store$/, 'messages:q');
    const seqs = ((await server.command('HKEYS', messages)) as string[]).toSorted((one, other) => Number(one) - Number(other));
    await server.command('HSET', messages, seqs[1]!, LATER_FORMAT, seqs[2]!, CUT_SHORT);

    const first = await engine.claim('q', [{ credit: 3 }], 2 ** 20);
    assert.deepEqual(claimedIds(first), ['a', 'd']);
    const [warning] = engine.health().warnings.filter((each) => each.includes('cannot be read'));
    assert.match(warning!, new RegExp(`number ${seqs[2]} of queue q.*expected a message record of format`));
    assert.equal(engine.health().facts['unreadable'], 2);

    for (const each of first) assert.equal((await engine.apply({ operations: [settle('q', each)], lane: 'durable' })).ok, true);
    await engine.apply({ operations: [enqueue('q', 'e')], lane: 'durable' });
    // Neither are they in the way of others, nor do they come back to be set aside again.
    const [last, ...others] = await engine.claim('q', [{ credit: 3 }], 2 ** 20);
    assert.deepEqual([last?.message.id, others], ['e', []]);
    assert.equal(engine.health().facts['unreadable'], 2);
    const held = keys.store.replace(/store$/, `held:${node}.1:q`);
    assert.deepEqual(((await server.command('HKEYS', held)) as string[]).toSorted(), [...seqs.slice(1, 3), String(last!.seq)].toSorted());
  } finally {
    await engine.close();
  }
});
