import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chooseSubProtocol, negotiateVersion } from './version.ts';

describe('negotiateVersion', () => {
  const cases: ReadonlyArray<readonly [string | undefined, string | undefined]> = [
    [undefined, '1.0'],
    ['1.0', '1.0'],
    ['1.2,1.1,1.0', '1.2'],
    ['1.0,1.1,1.2', '1.2'],
    ['1.1, 1.0', '1.1'],
    [' 1.2 ', '1.2'],
    ['1.0,10.1', '1.0'],
    ['1.0,1.1,2.0', '1.1'],
    ['1.20', undefined],
    ['2.0', undefined],
    ['', undefined],
  ];
  for (const [offered, expected] of cases) {
    test(`answers ${String(expected)} to ${JSON.stringify(offered)}`, () => {
      assert.equal(negotiateVersion(offered), expected);
    });
  }
});

describe('chooseSubProtocol', () => {
  test('takes the highest that was offered, in whatever order', () => {
    assert.equal(chooseSubProtocol(['v10.stomp', 'v11.stomp', 'v12.stomp']), 'v12.stomp');
    assert.equal(chooseSubProtocol(new Set(['v12.stomp', 'v10.stomp'])), 'v12.stomp');
    assert.equal(chooseSubProtocol(['v10.stomp', 'v11.stomp']), 'v11.stomp');
    assert.equal(chooseSubProtocol(['soap', 'v10.stomp']), 'v10.stomp');
  });

  test('never answers what was not offered', () => {
    assert.equal(chooseSubProtocol([]), undefined);
    assert.equal(chooseSubProtocol(['mqtt', 'V12.STOMP', 'v13.stomp']), undefined);
  });
});
