import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Headers } from '../protocol/frame.ts';
import { readDueAt } from './due-at.ts';

const NOW = 1_000_000;
const read = (...pairs: string[]) => readDueAt(new Headers(pairs), NOW);

describe('when a message is due', () => {
  test('is said by a delay or a moment, in the words of each broker', () => {
    assert.equal(read(), 0);
    assert.equal(read('AMQ_SCHEDULED_DELAY', '500'), NOW + 500);
    assert.equal(read('x-delay', ' 500 '), NOW + 500);
    assert.equal(read('AMQ_SCHEDULED_TIME', String(NOW + 7)), NOW + 7);
    assert.equal(read('_AMQ_SCHED_DELIVERY', String(NOW + 7)), NOW + 7);
    assert.equal(read('x-delay', '1', 'AMQ_SCHEDULED_TIME', String(NOW + 7), 'AMQ_SCHEDULED_DELAY', '3'), NOW + 3);
  });

  test('is at once where there is no delay, or the moment has passed', () => {
    assert.equal(read('x-delay', '0'), 0);
    assert.equal(read('AMQ_SCHEDULED_TIME', '999'), 0);
  });

  test('is refused where it cannot be told', () => {
    for (const text of ['', 'soon', '-5', '1.5', '1e9', '9'.repeat(16)]) {
      const error = read('x-delay', text);
      assert.ok(typeof error === 'object' && error.code === 'bad-header', text);
    }
  });
});
