import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Headers } from '../protocol/frame.ts';
import { readMessageFilter } from './message-filter.ts';
import { SelectorCache } from './selector/selector-cache.ts';

const selectors = new SelectorCache();
const read = (...pairs: string[]) => readMessageFilter(new Headers(pairs), selectors);

describe('the filter of a SUBSCRIBE', () => {
  test('is none without a selector, with a blank one, and with no-local said to be off', () => {
    assert.equal(read('destination', '/topic/t'), undefined);
    assert.equal(read('selector', ' '), undefined);
    assert.equal(read('no-local', 'False', 'x-echo', 'false'), undefined);
    assert.equal(read('x-echo', 'true'), undefined);
  });

  test('shares one compiled selector among those who ask with the same text', () => {
    const [one, other] = [read('selector', 'a = 1'), read('selector', 'a = 1', 'no-local', 'true')];
    assert.ok(one && other && 'selector' in one && 'selector' in other);
    assert.equal(one.selector, other.selector);
    assert.deepEqual([one.isNoLocal, other.isNoLocal], [false, true]);
  });

  test('has no-local under each of its names', () => {
    for (const pair of [['activemq.noLocal', 'true'], ['no-local', 'TRUE'], ['x-echo', 'false']]) {
      assert.deepEqual(read(...pair), { selector: undefined, isNoLocal: true });
    }
  });

  test('says where a selector goes wrong', () => {
    const refusal = read('selector', "colour = 'red' AND AND");
    assert.ok(refusal && 'code' in refusal);
    assert.equal(refusal.code, 'bad-selector');
    assert.match(refusal.detail, /^SUBSCRIBE: selector: .*at character 20$/);
  });

  test('refuses what is neither true nor false', () => {
    const refusal = read('no-local', 'maybe');
    assert.ok(refusal && 'code' in refusal);
    assert.equal(refusal.detail, "SUBSCRIBE: expected 'no-local' to be true or false, got 'maybe'");
  });
});
