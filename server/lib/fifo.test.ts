import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Fifo } from './fifo.ts';

type Step = { readonly verb: 'push' | 'unshift' | 'shift' | 'pop' | 'set'; readonly value: number };

const step: fc.Arbitrary<Step> = fc.record({
  verb: fc.constantFrom('push', 'push', 'unshift', 'shift', 'pop', 'set'),
  value: fc.nat(),
});

function contents(fifo: Fifo<number>): (number | undefined)[] {
  return Array.from({ length: fifo.length }, (_, index) => fifo.at(index));
}

describe('fifo', () => {
  test('does what an array does', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const fifo = new Fifo<number>();
        const array: number[] = [];
        for (const { verb, value } of steps) {
          if (verb === 'push') {
            fifo.push(value);
            array.push(value);
          } else if (verb === 'unshift') {
            fifo.unshift(value);
            array.unshift(value);
          } else if (verb === 'shift') {
            assert.equal(fifo.shift(), array.shift());
          } else if (verb === 'pop') {
            assert.equal(fifo.pop(), array.pop());
          } else if (array.length > 0) {
            fifo.set(value % array.length, value);
            array[value % array.length] = value;
          }
          assert.deepEqual(contents(fifo), array);
        }
      }),
    );
  });

  test('keeps its order while it grows and shrinks by the hundred thousand', () => {
    const fifo = new Fifo<number>();
    for (let i = 0; i < 100_000; i++) fifo.push(i);
    for (let i = 0; i < 50_000; i++) assert.equal(fifo.shift(), i);
    for (let i = 100_000; i < 120_000; i++) fifo.push(i);
    for (let i = 50_000; i < 120_000; i++) assert.equal(fifo.shift(), i);
    assert.equal(fifo.shift(), undefined);
  });

  test('answers undefined outside of the queue and refuses to set there', () => {
    const fifo = new Fifo<string>();
    fifo.push('a');
    assert.equal(fifo.at(-1), undefined);
    assert.equal(fifo.at(1), undefined);
    assert.throws(() => fifo.set(1, 'b'), /expected a place below 1, got 1/);
  });
});
