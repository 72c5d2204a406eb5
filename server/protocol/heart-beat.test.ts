import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { negotiateHeartBeat, parseHeartBeat } from './heart-beat.ts';

const BOUNDS = { minMs: 1_000, maxMs: 60_000 };

describe('parseHeartBeat', () => {
  test('reads two integers, blanks around them allowed', () => {
    assert.deepEqual(parseHeartBeat('10000,20000'), { x: 10_000, y: 20_000 });
    assert.deepEqual(parseHeartBeat(' 0 , 5 '), { x: 0, y: 5 });
  });

  test('takes a missing header for none either way', () => {
    assert.deepEqual(parseHeartBeat(undefined), { x: 0, y: 0 });
  });

  test('keeps an absurd number finite', () => {
    assert.deepEqual(parseHeartBeat(`${'9'.repeat(400)},0`), { x: Number.MAX_SAFE_INTEGER, y: 0 });
  });

  for (const text of [
    '',
    '0',
    ',',
    '0,',
    ',0',
    'T,0',
    '0,T',
    '100,10,50',
    '-1,0',
    '0,-1',
    '+1,0',
    '1.5,0',
    '1e3,0',
    '0 0',
    '١,0',
  ]) {
    test(`refuses ${JSON.stringify(text)} with a text that says heart-beat`, () => {
      const error = parseHeartBeat(text);
      assert.ok('code' in error);
      assert.equal(error.code, 'bad-heart-beat');
      assert.match(error.message, /heart-beat/);
    });
  }

  test('repeats no more than a little of what came', () => {
    const error = parseHeartBeat('x'.repeat(10_000));
    assert.ok('detail' in error && error.detail.length < 200);
  });
});

describe('negotiateHeartBeat', () => {
  const cases = [
    { client: [10_000, 10_000], send: 10_000, expect: 10_000, header: '10000,10000' },
    { client: [4_000, 7_000], send: 7_000, expect: 4_000, header: '7000,4000' },
    { client: [0, 0], send: 0, expect: 0, header: '0,0' },
    { client: [0, 5_000], send: 5_000, expect: 0, header: '5000,0' },
    { client: [5_000, 0], send: 0, expect: 5_000, header: '0,5000' },
    // A client that can give more often than the bounds allow is not asked to: n is the larger of both.
    { client: [10, 10], send: 1_000, expect: 1_000, header: '1000,1000' },
    // One that gives more rarely than the bounds allow is not expected to do better.
    { client: [600_000, 600_000], send: 600_000, expect: 600_000, header: '60000,60000' },
  ] as const;
  for (const { client, send, expect, header } of cases) {
    test(`answers ${header} to ${client.join()}`, () => {
      const terms = negotiateHeartBeat({ x: client[0], y: client[1] }, BOUNDS);
      assert.deepEqual(terms, { sendEveryMs: send, expectEveryMs: expect, header });
    });
  }
});
