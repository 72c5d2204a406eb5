import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { message } from '../engine-contract/messages.ts';
import { Entry } from './entry.ts';
import { ReadyOrder } from './ready-order.ts';

const content = message('m');
const entry = (seq: number): Entry => new Entry<never>(seq, 1, content);
const seqs = (entries: readonly Entry[]): number[] => entries.map((each) => each.seq);

/** `insert` takes the next number or, the other way, one that was taken out before. */
type Step = { readonly verb: 'insert' | 'reinsert' | 'shift' | 'take' | 'list'; readonly pick: number; readonly limit: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    verb: fc.constantFrom('insert', 'insert', 'reinsert', 'reinsert', 'shift', 'take', 'take', 'list'),
    pick: fc.nat({ max: 99 }),
    limit: fc.nat({ max: 9 }),
  }),
  { maxLength: 150, size: 'max' },
);

describe('ready order', () => {
  test('is a sorted list, whichever way entries come and go', () => {
    fc.assert(
      fc.property(steps, (each) => {
        const order = new ReadyOrder<never>();
        let sorted: number[] = [];
        const outside: number[] = [];
        let last = 0;
        for (const { verb, pick, limit } of each) {
          if (verb === 'insert') {
            order.insert(entry(++last));
            sorted.push(last);
          } else if (verb === 'reinsert' && outside.length > 0) {
            const [seq] = outside.splice(pick % outside.length, 1);
            order.insert(entry(seq!));
            sorted = [...sorted, seq!].sort((left, right) => left - right);
          } else if (verb === 'shift') {
            const seq = sorted.shift();
            assert.equal(order.shift()?.seq, seq);
            if (seq !== undefined) outside.push(seq);
          } else if (verb === 'take') {
            const seq = pick % (last + 2);
            const place = sorted.indexOf(seq);
            assert.equal(order.take(seq)?.seq, place === -1 ? undefined : seq);
            if (place !== -1) outside.push(...sorted.splice(place, 1));
          } else if (verb === 'list') {
            assert.deepEqual(seqs(order.list(pick % 10, limit)), sorted.slice(pick % 10, (pick % 10) + limit));
          }
          assert.equal(order.length, sorted.length);
          assert.equal(order.first()?.seq, sorted[0]);
          assert.equal(order.from(pick)?.seq, sorted.find((seq) => seq >= pick));
          assert.ok(order.last >= (sorted.at(-1) ?? 0), `expected ${sorted.at(-1)} at the end, got ${order.last}`);
        }
        assert.deepEqual(seqs(order.list(0, 1000)), sorted);
      }),
    );
  });

  test('keeps no more holes than entries, also behind a head that nobody takes', () => {
    const order = new ReadyOrder<never>();
    const before = process.memoryUsage().heapUsed;
    const taken: Entry[] = [];
    order.insert(entry(1));
    for (let seq = 2; seq < 1_000_000; seq += 2) {
      order.insert(entry(seq));
      // Behind it always stands another one, so that the hole is not the last.
      order.insert(entry(seq + 1));
      if (seq > 2) assert.equal(order.take(seq - 1)?.seq, seq - 1);
      const gone = order.take(seq)!;
      if (seq % 100_000 === 0) taken.push(gone);
    }
    assert.deepEqual(seqs(order.list(0, 10)), [1, 999_999]);
    assert.ok(process.memoryUsage().heapUsed - before < 30_000_000, 'expected a million that came and went to leave little');
    for (const each of taken) order.insert(each);
    assert.deepEqual(seqs(order.list(0, 100)), [1, ...seqs(taken), 999_999]);
  });
});
