import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SortedList } from './sorted-list.ts';

describe('sorted list', () => {
  test('is a sorted array, whichever way items come and go', () => {
    const step = fc.record({ isTaken: fc.boolean(), number: fc.nat({ max: 40 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const list = new SortedList<{ readonly number: number }>((item) => item.number);
        const numbers = new Set<number>();
        for (const { isTaken, number } of steps) {
          if (isTaken) {
            assert.equal(list.take(number)?.number, numbers.delete(number) ? number : undefined);
          } else if (!numbers.has(number)) {
            list.insert({ number });
            numbers.add(number);
          }
        }
        const sorted = [...numbers].sort((one, other) => one - other);
        assert.deepEqual([...list].map((item) => item.number), sorted);
        assert.deepEqual([list.length, list.first()?.number, list.last()?.number], [sorted.length, sorted[0], sorted.at(-1)]);
        for (let number = 0; number <= 41; number++) {
          assert.equal(list.get(number)?.number, numbers.has(number) ? number : undefined);
          assert.equal(list.from(number)?.number, sorted.find((each) => each >= number));
        }
      }),
    );
  });

  test('of a hundred thousand items costs little for each, in whatever order they come', () => {
    const list = new SortedList<number>((item) => item);
    const count = 100_000;
    // Every number once, all over the place.
    for (let i = 0; i < count; i++) list.insert((i * 7919) % count);
    assert.deepEqual([list.length, list.first(), list.last(), list.from(0.5)], [count, 0, count - 1, 1]);
    let last = -1;
    for (const item of list) assert.equal(item, ++last);
    for (let i = 0; i < count; i++) assert.equal(list.take((i * 104_729) % count), (i * 104_729) % count);
    assert.deepEqual([list.length, list.first()], [0, undefined]);
  });
});
