import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SelectorCache } from './selector-cache.ts';
import { SelectorError } from './selector-error.ts';

/** What short texts count as. */
const SHORT = 64;

describe('the cache of selectors', () => {
  test('compiles a text once', () => {
    const cache = new SelectorCache();
    const selector = cache.get('a = 1');
    assert.ok(selector);
    assert.equal(cache.get('a = 1'), selector);
    assert.notEqual(cache.get('a = 2'), selector);
    assert.equal(cache.size, 2);
  });

  test('drops what was not asked for the longest', () => {
    const cache = new SelectorCache(2 * SHORT);
    const first = cache.get('a = 1');
    const second = cache.get('a = 2');
    assert.equal(cache.get('a = 1'), first);
    cache.get('a = 3');
    assert.equal(cache.size, 2);
    assert.equal(cache.get('a = 1'), first);
    assert.notEqual(cache.get('a = 2'), second);
  });

  test('counts long texts by their characters', () => {
    const cache = new SelectorCache(10 * SHORT);
    for (const value of [1, 2, 3, 4]) cache.get(`a = ${value}`);
    cache.get(`a = '${'x'.repeat(8 * SHORT)}'`);
    assert.equal(cache.size, 2);
    for (const value of [1, 2, 3, 4]) cache.get(`a = ${value}`);
    assert.equal(cache.size, 4);
  });

  test('keeps neither blank texts nor what is no selector', () => {
    const cache = new SelectorCache();
    assert.equal(cache.get('  '), undefined);
    assert.throws(() => cache.get('a ='), SelectorError);
    assert.throws(() => cache.get('a ='), SelectorError);
    assert.equal(cache.size, 0);
  });

  test('stays within its bound whatever comes', () => {
    const cache = new SelectorCache(100 * SHORT);
    for (let i = 0; i < 1000; i++) cache.get(`a = ${i}`);
    assert.equal(cache.size, 100);
  });
});
