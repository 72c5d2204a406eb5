import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clockText, countText, dayText, spanText } from './time-text.ts';

const NOON = Date.UTC(2026, 10, 22, 12);
const HOUR = 3_600_000;

describe('a day', () => {
  test('is told from today and yesterday by the reader’s own zone', () => {
    assert.equal(dayText(NOON, NOON + HOUR, 'en', 'UTC'), 'Today');
    assert.equal(dayText(NOON, NOON + 13 * HOUR, 'en', 'UTC'), 'Yesterday');
    assert.equal(dayText(NOON, NOON + 13 * HOUR, 'en', 'America/New_York'), 'Today');
    assert.equal(dayText(NOON, NOON + 72 * HOUR, 'en-GB', 'UTC'), '22 November 2026');
  });
});

test('a moment is shown as hours and minutes', () => {
  assert.equal(clockText(NOON, 'en-GB', 'Asia/Tokyo'), '21:00');
});

test('a span is rounded down to one unit', () => {
  const spans = [0, 999, 1_000, 59_999, 60_000, HOUR - 1, HOUR, 24 * HOUR - 1, 50 * HOUR].map((span) => spanText(span));
  assert.deepEqual(spans, ['under 1 s', 'under 1 s', '1 s', '59 s', '1 min', '59 min', '1 h', '23 h', '2 d']);
});

test('a count above 99 is abbreviated', () => {
  assert.deepEqual([1, 99, 100].map(countText), ['1', '99', '99+']);
});
