import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { connectionText } from './connection-text.ts';

describe('the words for the connection', () => {
  test('say nothing more when all is well', () => {
    assert.deepEqual(connectionText({ name: 'connected' }, 0), { tone: 'good', short: 'Connected', long: '' });
  });

  test('count the seconds to the next attempt, never below one', () => {
    const state = { name: 'waiting', retryAt: 10_000, cause: '' } as const;
    assert.equal(connectionText(state, 5_900).short, 'Retry in 5 s');
    assert.equal(connectionText(state, 11_000).short, 'Retry in 1 s');
  });

  test('tell the broker’s own reason where it gave one', () => {
    const { long } = connectionText({ name: 'waiting', retryAt: 0, cause: 'Disk full' }, 0);
    assert.match(long, /^The broker closed the connection: Disk full\. /);
  });

  test('promise that what is written now will go out', () => {
    assert.match(connectionText({ name: 'waiting', retryAt: 0, cause: '' }, 0).long, /messages wait here/);
    assert.match(connectionText({ name: 'connecting', isFirst: false }, 0).long, /messages wait here/);
  });
});
