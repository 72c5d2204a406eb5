import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { keepOctets } from './keep.ts';

describe('kept octets', () => {
  test('are a copy, whatever their length', () => {
    for (const length of [0, 1, 511, 512, 513, 5_000, 100_000]) {
      const octets = Buffer.alloc(length, 'a');
      const kept = keepOctets(octets);
      octets.fill('b');
      assert.equal(kept.length, length);
      assert.ok(kept.every((octet) => octet === 0x61));
    }
  });

  test('never overlap', () => {
    const all = Array.from({ length: 1_000 }, (_, i) => keepOctets(Buffer.alloc(1 + (i % 600), i % 256)));
    for (const [i, kept] of all.entries()) assert.ok(kept.every((octet) => octet === i % 256), `copy ${i}`);
  });

  test('share no memory with what Node hands out to others', () => {
    const others = new Set<ArrayBufferLike>(Array.from({ length: 2_000 }, () => Buffer.from('transient').buffer));
    for (let i = 0; i < 2_000; i++) assert.ok(!others.has(keepOctets(Buffer.from('kept')).buffer));
  });
});
