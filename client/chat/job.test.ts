import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeWork, encodeWork, MAX_TITLE_LENGTH, suggestTitle } from './job.ts';

const FALLBACK = { id: 'message-1', at: 5_000 };

describe('the body of a job', () => {
  test('reads as it was written', () => {
    const work = { id: 'w1', title: 'Resize photo 🖼️', sentAt: 4_000 };
    assert.deepEqual(decodeWork(encodeWork(work), FALLBACK), work);
  });

  test('of another program becomes the title', () => {
    assert.deepEqual(decodeWork(' hello ', FALLBACK), { id: 'message-1', title: 'hello', sentAt: 5_000 });
    assert.equal(decodeWork('x'.repeat(1_000), FALLBACK).title.length, MAX_TITLE_LENGTH);
    assert.equal(decodeWork('', FALLBACK).title, '(nothing)');
  });
});

test('suggested titles are numbered from 1', () => {
  assert.equal(suggestTitle(0), 'Resize photo 1');
  assert.equal(suggestTitle(5), 'Resize photo 6');
});
