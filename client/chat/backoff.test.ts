import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pauseBefore } from './backoff.ts';

const BACKOFF = { firstMs: 1_000, maxMs: 20_000 };

describe('the pause before another attempt', () => {
  test('doubles with each failure up to the maximum', () => {
    const pauses = [1, 2, 3, 4, 5, 6, 7].map((attempt) => pauseBefore(attempt, BACKOFF, () => 0));
    assert.deepEqual(pauses, [1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000]);
  });

  test('is cut by up to a half at random', () => {
    assert.equal(pauseBefore(1, BACKOFF, () => 0.999999), 500);
    assert.equal(pauseBefore(4, BACKOFF, () => 0.5), 6_000);
  });

  test('stays at the maximum after thousands of failures', () => {
    assert.equal(pauseBefore(100_000, BACKOFF, () => 0), 20_000);
  });
});
