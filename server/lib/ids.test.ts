import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createNodeId, IdSequence } from './ids.ts';

describe('ids', () => {
  test('name every start of a node differently, younger after older', () => {
    const now = Date.UTC(2026, 0, 1);
    const ids = new Set(Array.from({ length: 1_000 }, () => createNodeId(now)));
    assert.ok(ids.size > 995, `${ids.size} of 1000 are unique`);
    for (const id of ids) assert.match(id, /^[a-z0-9]{11}$/);
    assert.ok(createNodeId(now) < createNodeId(now + 2_000));
  });

  test('count up below a prefix without a letter STOMP escapes', () => {
    const sequence = new IdSequence('node');
    const ids = Array.from({ length: 10_000 }, () => sequence.nextId());
    assert.equal(new Set(ids).size, ids.length);
    assert.deepEqual(ids.slice(34, 37), ['node-z', 'node-10', 'node-11']);
    for (const id of ids) assert.match(id, /^node-[a-z0-9]+$/);
  });
});
