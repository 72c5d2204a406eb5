import { test } from 'node:test';
import assert from 'node:assert/strict';
import { QueueLedger } from './queue-ledger.ts';

/** A ledger in which `a` sent 1 to 3 on one connection and got receipts for all. */
function written(): QueueLedger {
  const ledger = new QueueLedger();
  for (const number of [1, 2, 3]) ledger.receipted(ledger.sent('a', 1, number));
  return ledger;
}

const counts = ({ violations }: QueueLedger): number[] => Object.values(violations).map((sentences: string[]) => sentences.length);

test('what went well is no violation', () => {
  const ledger = written();
  for (const name of ['a.1', 'a.2', 'a.3']) {
    ledger.delivered('c', name, false);
    ledger.ackReceipted(name);
  }
  assert.deepEqual(ledger.missing(), []);
  assert.deepEqual(counts(ledger), [0, 0, 0, 0]);
  assert.deepEqual(ledger.figures(), { sent: 3, receipted: 3, delivered: 3, repeats: 0, ackReceipted: 3, flaggedOnFirstSight: 0 });
});

test('a receipted message that never came is missing; one without a receipt is not', () => {
  const ledger = written();
  ledger.sent('a', 1, 4);
  ledger.delivered('c', 'a.1', false);
  ledger.delivered('c', 'a.3', false);
  assert.deepEqual(ledger.missing(), ['a.2']);
});

test('an ACK that was receipted is undone when the message comes again, flagged or not', () => {
  const ledger = written();
  ledger.delivered('c', 'a.1', false);
  ledger.ackReceipted('a.1');
  ledger.delivered('d', 'a.1', true);
  assert.deepEqual(ledger.violations.undone, ['message a.1 came to d after its ACK was receipted']);
});

test('a repeat must say so, wherever it comes', () => {
  const ledger = written();
  ledger.delivered('c', 'a.1', false);
  ledger.delivered('d', 'a.1', true);
  assert.deepEqual(ledger.violations.unflagged, []);
  ledger.delivered('e', 'a.1', false);
  assert.deepEqual(ledger.violations.unflagged, ['message a.1 came for time 3, to e, without redelivered:true']);
});

test('one consumer gets the messages of a connection in their order', () => {
  const ledger = written();
  ledger.delivered('c', 'a.1', false);
  ledger.delivered('c', 'a.3', false);
  ledger.delivered('d', 'a.2', false);
  assert.deepEqual(ledger.violations.disordered, []);
  ledger.delivered('c', 'a.2', true);
  assert.deepEqual(ledger.violations.disordered, [], 'redelivered ones return to a place that may be passed');
  const other = written();
  other.delivered('c', 'a.3', false);
  other.delivered('c', 'a.1', false);
  other.delivered('c', 'a.2', false);
  assert.deepEqual(other.violations.disordered, ['message a.1 came to c after a.3', 'message a.2 came to c after a.3']);
});

test('across connections what was receipted comes first, and nothing else has to', () => {
  const ledger = written();
  ledger.sent('a', 1, 4);
  ledger.sent('a', 2, 5);
  ledger.delivered('c', 'a.5', false);
  ledger.delivered('c', 'a.4', false);
  assert.deepEqual(ledger.violations.disordered, []);
  ledger.delivered('c', 'a.3', false);
  assert.deepEqual(ledger.violations.disordered, ['message a.3 came to c after a.5']);
});

test('what was never sent is a stranger', () => {
  const ledger = written();
  ledger.delivered('c', 'b.1', false);
  assert.deepEqual(ledger.violations.strangers, ['message b.1 came and was never sent']);
});
