import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DONE, LOST, Receipts } from './receipts.ts';

describe('receipts', () => {
  test('are settled by their own id alone', async () => {
    const receipts = new Receipts();
    const first = receipts.expect();
    const second = receipts.expect();
    assert.notEqual(first.id, second.id);
    assert.equal(receipts.settle(second.id, { kind: 'refused', reason: 'no' }), true);
    assert.equal(receipts.settle(first.id, DONE), true);
    assert.deepEqual(await first.outcome, DONE);
    assert.deepEqual(await second.outcome, { kind: 'refused', reason: 'no' });
  });

  test('are settled once', async () => {
    const receipts = new Receipts();
    const { id, outcome } = receipts.expect();
    receipts.settle(id, DONE);
    assert.equal(receipts.settle(id, LOST), false);
    receipts.loseAll();
    assert.deepEqual(await outcome, DONE);
  });

  test('are lost with the connection', async () => {
    const receipts = new Receipts();
    const owed = [receipts.expect(), receipts.expect()];
    receipts.loseAll();
    assert.deepEqual(await Promise.all(owed.map(({ outcome }) => outcome)), [LOST, LOST]);
  });

  test('nobody waits for an unknown one', () => {
    assert.equal(new Receipts().settle('receipt-7', DONE), false);
  });
});
