import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cut } from './cut.ts';

test('a text is cut to its length, and no character in halves', () => {
  assert.equal(cut('abc', 3), 'abc');
  assert.equal(cut('abcd', 3), 'abc…');
  assert.equal(cut('ab😀d', 3), 'ab…');
  assert.equal(cut('ab😀d', 4), 'ab😀…');
});
