import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Message } from './message.ts';
import { asDeadLetter, deathOf, DEFAULT_REDELIVERY_POLICY, redeliveryDelay } from './redelivery.ts';

const message: Message = {
  id: 'm-1',
  destination: '/queue/work',
  headers: ['kind', 'x'],
  body: Buffer.from('b'),
  isText: true,
  timestamp: 1,
  priority: 4,
  expiresAt: 0,
  dueAt: 0,
  group: '',
  lastValue: '',
  origin: 's-1',
};

const headersOf = (letter: Message): Record<string, string> =>
  Object.fromEntries(letter.headers.flatMap((name, i) => (i % 2 === 0 ? [[name, letter.headers[i + 1] ?? '']] : [])));

describe('a dead letter', () => {
  test('says where it came from and why, in the words of all three brokers', () => {
    const letter = asDeadLetter(message, 'work', 'DLQ.work', deathOf('rejected', { failures: 2, recoveries: 1 }));
    assert.equal(letter.id, 'm-1');
    assert.equal(letter.destination, '/queue/DLQ.work');
    assert.equal(letter.body, message.body);
    assert.deepEqual(headersOf(letter), {
      kind: 'x',
      'original-destination': '/queue/work',
      'x-first-death-queue': 'work',
      'x-first-death-reason': 'rejected',
      _AMQ_ORIG_ADDRESS: '/queue/work',
      _AMQ_ORIG_QUEUE: 'work',
      _AMQ_ORIG_MESSAGE_ID: 'm-1',
      'x-last-death-queue': 'work',
      'x-last-death-reason': 'rejected',
      dlqDeliveryFailureCause: 'rejected after 4 deliveries',
    });
  });

  test('keeps its first death when it dies again', () => {
    const first = asDeadLetter(message, 'work', 'DLQ.work', deathOf('rejected', { failures: 0, recoveries: 0 }));
    const again = headersOf(asDeadLetter(first, 'other', 'DLQ.other', deathOf('delivery_limit', { failures: 5, recoveries: 0 }, 'no stock')));
    assert.equal(again['x-first-death-queue'], 'work');
    assert.equal(again['x-first-death-reason'], 'rejected');
    assert.equal(again['original-destination'], '/queue/work');
    assert.equal(again['x-last-death-queue'], 'other');
    assert.equal(again['x-last-death-reason'], 'delivery_limit');
    assert.equal(again['dlqDeliveryFailureCause'], 'delivery_limit after 6 deliveries: no stock');
  });
});

test('a delay grows with each failure, up to the longest, and is none where none is wanted', () => {
  const policy = { ...DEFAULT_REDELIVERY_POLICY, delayMs: 1_000, backOffMultiplier: 3, maxDelayMs: 20_000 };
  assert.deepEqual([0, 1, 2, 3, 400].map((failures) => redeliveryDelay(failures, policy)), [1_000, 3_000, 9_000, 20_000, 20_000]);
  assert.equal(redeliveryDelay(3, DEFAULT_REDELIVERY_POLICY), 0);
});
