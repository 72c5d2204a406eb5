import { test } from 'node:test';
import assert from 'node:assert/strict';
import { hashSlot, hashTag } from './hash-slot.ts';

test('a slot is what Redis Cluster says it is', () => {
  // From the specification, and from CLUSTER KEYSLOT.
  assert.equal(hashSlot('123456789'), 0x31c3);
  assert.equal(hashSlot('foo'), 12_182);
  assert.equal(hashSlot('{user1000}.following'), hashSlot('user1000'));
  assert.equal(hashSlot(''), 0);
});

test('only the first braces count, and only if there is something in them', () => {
  assert.deepEqual(
    ['a{b}c', 'a{}c', 'a{b', 'a}b{c}', '{a}{b}', '{{a}}', 'plain'].map(hashTag),
    ['b', 'a{}c', 'a{b', 'c', 'a', '{a', 'plain'],
  );
});
