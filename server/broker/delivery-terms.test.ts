import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Headers } from '../protocol/frame.ts';
import { readDeliveryTerms } from './delivery-terms.ts';

const NOW = 1_700_000_000_000;
const read = (...pairs: string[]) => readDeliveryTerms(new Headers(pairs), NOW);
const PLAIN = { priority: 4, expiresAt: 0, group: '' };

describe('the terms of a SEND', () => {
  test('are plain unless it says something of them', () => {
    assert.deepEqual(read('destination', '/queue/a', 'x', '1'), PLAIN);
    assert.deepEqual(read('JMSXGroupID', 'g'), { ...PLAIN, group: 'g' });
  });

  test('bring a priority in where it is outside, and pass over one that is no number', () => {
    for (const [text, priority] of [['0', 0], ['9', 9], ['12', 9], ['-3', 0], ['7.9', 7], ['high', 4], ['', 4]] as const) {
      assert.deepEqual(read('priority', text), { ...PLAIN, priority }, text);
    }
  });

  test('end by whichever comes first: a lifetime in ms or a moment', () => {
    const ends: [pairs: string[], expiresAt: number][] = [
      [['expiration', '5000'], NOW + 5_000],
      [['JMSTimeToLive', '7000'], NOW + 7_000],
      [['expires', String(NOW + 9_000)], NOW + 9_000],
      [['expires', '0'], 0],
      [['expires', '0', 'expiration', '5000'], NOW + 5_000],
      [['expires', String(NOW + 1), 'expiration', '5000'], NOW + 1],
      [['expires', String(NOW + 9_000), 'expiration', '5000'], NOW + 5_000],
      // Never that anybody could tell.
      [['expiration', '9999999999999999'], 0],
      [['expiration', '0'], NOW],
    ];
    for (const [pairs, expiresAt] of ends) assert.deepEqual(read(...pairs), { ...PLAIN, expiresAt }, pairs.join(' '));
  });

  test('are refused where a time is no number of ms', () => {
    for (const name of ['expiration', 'expires', 'JMSTimeToLive']) {
      for (const text of ['', 'soon', '-1', '1.5', '1e3', '99999999999999999']) {
        const refused = read(name, text);
        assert.ok('code' in refused, `${name}:${text}`);
        assert.deepEqual([refused.code, refused.detail.includes(`'${name}'`)], ['bad-header', true]);
      }
    }
  });
});
