import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Ranges } from './ranges.ts';

const LAST = 60;
const open = [LAST + 1, Infinity];

const listed = (ranges: Ranges): number[][] => Array.from({ length: ranges.count }, (_, i) => [ranges.at(i)!.from, ranges.at(i)!.to]);
const numbersIn = (ranges: Ranges): number[] => Array.from({ length: LAST + 1 }, (_, number) => number).filter((number) => ranges.has(number));

describe('ranges', () => {
  test('begin with all numbers from one on', () => {
    const ranges = new Ranges(4, 7);
    assert.deepEqual(listed(ranges), [[7, Infinity]]);
    assert.deepEqual([ranges.has(6), ranges.has(7), ranges.has(2 ** 50)], [false, true, true]);
  });

  test('join what touches, and cut off what was passed', () => {
    const ranges = new Ranges(8, 61);
    for (const number of [5, 9, 10, 7, 6, 20]) ranges.add(number);
    assert.deepEqual(listed(ranges), [[5, 7], [9, 10], [20, 20], open]);
    ranges.dropThrough(9);
    assert.deepEqual(listed(ranges), [[10, 10], [20, 20], open]);
    ranges.dropThrough(100);
    assert.deepEqual(listed(ranges), [[101, Infinity]]);
    ranges.add(60, 100);
    assert.deepEqual(listed(ranges), [[60, Infinity]]);
  });

  test('join the two with the least between them when they are too many', () => {
    const ranges = new Ranges(4, 61);
    for (const number of [10, 20, 25, 40]) ranges.add(number);
    assert.deepEqual(listed(ranges), [[10, 10], [20, 25], [40, 40], open]);
    ranges.add(45);
    assert.deepEqual(listed(ranges), [[10, 10], [20, 25], [40, 45], open]);
  });

  test('hold what a set holds, or more if they had to be joined, whatever comes and goes', () => {
    const number = fc.nat({ max: LAST });
    const step = fc.record({ verb: fc.constantFrom('add', 'add', 'range', 'drop'), number, length: fc.nat({ max: 9 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.constantFrom(2, 4, 100), (steps, limit) => {
        const ranges = new Ranges(limit, LAST + 1);
        const set = new Set<number>();
        for (const { verb, number: from, length } of steps) {
          if (verb === 'drop') {
            ranges.dropThrough(from);
            for (const each of set) if (each <= from) set.delete(each);
          } else {
            const to = Math.min(LAST, verb === 'add' ? from : from + length);
            ranges.add(from, to);
            for (let each = from; each <= to; each++) set.add(each);
          }
          assert.ok(ranges.count <= limit && ranges.has(LAST + 1));
        }
        const held = numbersIn(ranges);
        if (limit === 100) assert.deepEqual(held, [...set].sort((one, other) => one - other));
        else for (const each of set) assert.ok(held.includes(each), `expected ${each} among ${held}`);
      }),
    );
  });
});
