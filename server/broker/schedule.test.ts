import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Headers } from '../protocol/frame.ts';
import { ENDLESS, readSchedule } from './schedule.ts';

const read = (headers: Readonly<Record<string, string>>) => {
  const named = Object.entries(headers).flatMap(([name, value]) => [`AMQ_SCHEDULED_${name}`, value]);
  return readSchedule(new Headers(named));
};

/** The header that a refusal speaks of. */
function refused(headers: Readonly<Record<string, string>>): string | undefined {
  const error = read(headers);
  assert.ok(error && 'code' in error, JSON.stringify(headers));
  assert.equal(error.code, 'bad-header');
  return /'AMQ_SCHEDULED_([A-Z]+)' to be/.exec(error.detail)?.[1];
}

describe('a schedule', () => {
  test('is none where a message is sent once', () => {
    for (const headers of [{}, { DELAY: '5' }, { PERIOD: '1000' }, { REPEAT: '0' }, { CRON: ' ' }]) assert.equal(read(headers), undefined);
  });

  test('is a series, a cron expression, or both', () => {
    assert.deepEqual(read({ PERIOD: '1000', REPEAT: '9', DELAY: '30000' }), { cron: '', delayMs: 0, periodMs: 1_000, repeats: 9 });
    assert.deepEqual(read({ PERIOD: '1000', REPEAT: '-1' }), { cron: '', delayMs: 0, periodMs: 1_000, repeats: ENDLESS });
    assert.deepEqual(read({ CRON: '0 * * * *' }), { cron: '0 * * * *', delayMs: 0, periodMs: 0, repeats: 0 });
    assert.deepEqual(read({ CRON: '0 * * * *', DELAY: '1000', PERIOD: '1000', REPEAT: '9' }), { cron: '0 * * * *', delayMs: 1_000, periodMs: 1_000, repeats: 9 });
  });

  test('is refused by the header that is wrong', () => {
    for (const period of ['999', '-1', 'x', '1e3', '99999999999999']) assert.equal(refused({ PERIOD: period, REPEAT: '1' }), 'PERIOD', period);
    assert.equal(refused({ REPEAT: '1' }), 'PERIOD');
    for (const repeat of ['-2', 'x', '1.5', '9999999999']) assert.equal(refused({ PERIOD: '1000', REPEAT: repeat }), 'REPEAT', repeat);
    for (const cron of ['* * * *', '61 * * * *', '@daily']) assert.equal(refused({ CRON: cron }), 'CRON', cron);
  });

  test('by a cron expression comes to an end each time', () => {
    assert.equal(refused({ CRON: '* * * * *', PERIOD: '1000', REPEAT: '-1' }), 'REPEAT');
    assert.equal(refused({ CRON: '* * * * *', PERIOD: '1000', REPEAT: '3601' }), 'REPEAT');
    assert.equal(refused({ CRON: '* * * * *', DELAY: '3600001' }), 'DELAY');
  });
});
