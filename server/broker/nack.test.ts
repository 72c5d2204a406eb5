import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Headers } from '../protocol/frame.ts';
import { NACK_WAYS, nackWay, readNackWish, type NackWish } from './nack.ts';

const read = (pairs: Record<string, string>) => readNackWish(new Headers(Object.entries(pairs).flat()));

function wish(pairs: Record<string, string>): NackWish {
  const found = read(pairs);
  assert.ok(!('code' in found));
  return found;
}

function refusal(pairs: Record<string, string>): string {
  const found = read(pairs);
  assert.ok('code' in found);
  assert.equal(found.code, 'bad-header');
  return found.detail;
}

describe('a NACK', () => {
  test('does what its headers say, and else what the policy says', () => {
    for (const byPolicy of NACK_WAYS) {
      assert.equal(nackWay(wish({}), byPolicy), byPolicy);
      assert.equal(nackWay(wish({ requeue: 'True' }), byPolicy), 'requeue');
      assert.equal(nackWay(wish({ requeue: 'true', 'dead-letter': 'false' }), byPolicy), 'requeue');
      assert.equal(nackWay(wish({ requeue: 'false' }), byPolicy), 'dead-letter');
      assert.equal(nackWay(wish({ 'dead-letter': 'TRUE' }), byPolicy), 'dead-letter');
      assert.equal(nackWay(wish({ requeue: 'false', 'dead-letter': 'false' }), byPolicy), 'discard');
    }
    assert.equal(nackWay(wish({ 'dead-letter': 'false' }), 'dead-letter'), 'requeue');
    assert.equal(nackWay(wish({ 'dead-letter': 'false' }), 'discard'), 'discard');
  });

  test('is refused for what is neither true nor false, and for both at once', () => {
    assert.equal(refusal({ requeue: 'maybe' }), "NACK: expected 'requeue' to be true or false, got 'maybe'");
    assert.equal(refusal({ 'dead-letter': '' }), "NACK: expected 'dead-letter' to be true or false, got ''");
    assert.match(refusal({ requeue: 'true', 'dead-letter': 'true' }), /'dead-letter' to be absent or false beside 'requeue:true'/);
  });

  test('keeps its reason, within bounds and never half a character', () => {
    assert.equal(wish({}).cause, '');
    assert.equal(wish({ reason: 'no stock' }).cause, 'no stock');
    assert.equal(wish({ reason: 'x'.repeat(5_000) }).cause, `${'x'.repeat(1024)}…`);
    assert.equal(wish({ reason: `${'x'.repeat(1023)}😀tail` }).cause, `${'x'.repeat(1023)}…`);
  });
});
