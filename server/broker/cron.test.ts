import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseCron } from './cron.ts';

/** The moments that follow the first one, all of them in UTC, without seconds. */
function moments(text: string, after: string, count: number): string[] {
  const cron = parseCron(text);
  assert.ok(typeof cron === 'object');
  const found: string[] = [];
  for (let at = Date.parse(`${after}Z`); found.length < count; ) {
    at = cron.nextAfter(at);
    found.push(new Date(at).toISOString().slice(0, 16));
  }
  return found;
}

const FRIDAY = '2026-11-27T12:00:00';

describe('a cron expression', () => {
  test('has its moments in UTC, after the one given', () => {
    assert.deepEqual(moments('0 * * * *', FRIDAY, 2), ['2026-11-27T13:00', '2026-11-27T14:00']);
    assert.deepEqual(moments('0,30 9-10 * * 1-5', FRIDAY, 5), ['2026-11-30T09:00', '2026-11-30T09:30', '2026-11-30T10:00', '2026-11-30T10:30', '2026-12-01T09:00']);
    assert.deepEqual(moments('*/20 12 * * *', FRIDAY, 3), ['2026-11-27T12:20', '2026-11-27T12:40', '2026-11-28T12:00']);
    assert.deepEqual(moments('5 0 29 2 *', FRIDAY, 2), ['2028-02-29T00:05', '2032-02-29T00:05']);
  });

  test('knows Sunday by 0, 7 and its name', () => {
    for (const day of ['0', '7', 'SUN', 'sun']) assert.deepEqual(moments(`0 0 * * ${day}`, FRIDAY, 1), ['2026-11-29T00:00']);
  });

  test('has the days of the month and those of the week, where both are named', () => {
    assert.deepEqual(moments('0 0 30 * 6', FRIDAY, 3), ['2026-11-28T00:00', '2026-11-30T00:00', '2026-12-05T00:00']);
  });

  test('is not what says more or less, or what never comes', () => {
    const wrong = ['', '* * * *', '* * * * * *', '@daily', '60 * * * *', '* 24 * * *', '* * 0 * *', '* * * 13 *', '*/0 * * * *', '5-1 * * * *', '0 0 L * *', '0 0 15W * *', 'a * * * *', '0 0 31 2 *', `${'0,'.repeat(200)}0 * * * *`];
    for (const text of wrong) assert.equal(typeof parseCron(text), 'string', text);
  });

  test('is read once', () => {
    assert.equal(parseCron('7 * * * *'), parseCron('7 * * * *'));
  });
});
