import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { QueueLedger } from './queue-ledger.ts';
import { TopicLedger } from './topic-ledger.ts';

describe('a topic ledger', () => {
  const closed = (rows: readonly (readonly number[])[], sent: number) => {
    const ledger = new TopicLedger(rows.length);
    rows.forEach((seqs, row) => seqs.forEach((seq) => ledger.take(row, seq)));
    return ledger.close(() => sent);
  };

  test('closes when every row got every number in order', () => {
    assert.deepEqual(closed([[0, 1, 2], [0, 1, 2]], 3), { expected: 6, received: 6, missing: 0, repeated: 0, disordered: 0 });
  });

  test('finds a hole, a missing end, a repeat and a late one', () => {
    assert.equal(closed([[0, 2]], 3).missing, 1);
    assert.equal(closed([[0, 1]], 3).missing, 1);
    assert.equal(closed([[0, 1, 1, 2]], 3).repeated, 1);
    const late = closed([[1, 0, 2]], 3);
    assert.deepEqual([late.missing, late.disordered], [0, 1]);
  });
});

describe('a queue ledger', () => {
  const closed = (from: number, seqs: readonly number[], expected: number, leftOver = 0) => {
    const ledger = new QueueLedger(from, 100);
    for (const seq of seqs) assert.equal(ledger.take(seq), true);
    return ledger.close(expected, leftOver);
  };

  test('closes when exactly the numbers due came, whatever was handed out beyond them', () => {
    assert.deepEqual(closed(7, [7, 8, 9, 10], 3), { expected: 3, received: 3, missing: 0, repeated: 0, disordered: 0 });
  });

  test('finds what is missing, came twice, out of order, or was left over', () => {
    assert.equal(closed(0, [0, 2], 3).missing, 1);
    assert.equal(closed(0, [0, 1, 1], 2).repeated, 1);
    assert.equal(closed(0, [1, 0], 2).disordered, 1);
    assert.equal(closed(0, [0], 1, 1).repeated, 1);
  });

  test('minds the order of each consumer by itself', () => {
    const ledger = new QueueLedger(0, 100);
    for (const [seq, consumer] of [[1, 0], [0, 1], [3, 1], [2, 0]] as const) ledger.take(seq, consumer);
    assert.equal(ledger.close(4, 0).disordered, 0);
  });

  test('refuses a number that was never sent', () => assert.equal(new QueueLedger(5, 10).take(4), false));
});
