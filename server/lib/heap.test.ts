import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Heap } from './heap.ts';

function drain(heap: Heap<number>): number[] {
  const items: number[] = [];
  while (heap.length > 0) items.push(heap.pop()!);
  return items;
}

const ascending = (left: number, right: number): boolean => left < right;
const sorted = (items: readonly number[]): number[] => [...items].sort((left, right) => left - right);

describe('heap', () => {
  test('gives its items back in order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (items) => {
        const heap = new Heap(ascending);
        for (const item of items) heap.push(item);
        assert.equal(heap.peek(), sorted(items)[0]);
        assert.deepEqual(drain(heap), sorted(items));
      }),
    );
  });

  test('takes a whole new content at once', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.array(fc.integer()), (old, items) => {
        const heap = new Heap(ascending);
        for (const item of old) heap.push(item);
        heap.replace(items);
        assert.deepEqual(drain(heap), sorted(items));
      }),
    );
  });

  test('is empty without items', () => {
    const heap = new Heap(ascending);
    assert.equal(heap.peek(), undefined);
    assert.equal(heap.pop(), undefined);
  });
});
