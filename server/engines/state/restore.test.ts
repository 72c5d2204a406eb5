import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Operation } from '../../broker/engine.ts';
import { messageBytes } from '../../broker/message.ts';
import { message } from '../engine-contract/messages.ts';
import { enqueue } from '../engine-contract/rig.ts';
import { Entry } from './entry.ts';
import type { Restore } from './restore.ts';
import { State } from './state.ts';
import { PLAIN_TERMS } from './terms.ts';

type Line = (restore: Restore<never>) => unknown;

/** A state that writes down what it does, as an engine with a disk would. */
class WrittenState {
  readonly state = new State();
  readonly journal: Line[] = [];
  #count = 0;

  apply(operations: readonly Operation[]): void {
    const staged = this.state.stage({ operations, lane: 'durable' });
    if (!staged.ok) return;
    for (const effect of staged.effects) {
      const { name } = effect.queue;
      const { seq, bytes } = effect.entry;
      if (effect.kind === 'put') this.journal.push((restore) => restore.put(name, new Entry<never>(seq, bytes, effect.message, effect.entry.terms)));
      else if (effect.kind === 'drop') this.journal.push((restore) => assert.ok(restore.drop(name, seq)));
      else this.journal.push((restore) => assert.ok(restore.giveBack(name, seq, effect.failures, effect.recoveries)));
    }
    this.state.commit(staged);
  }

  send(queue: string): void {
    this.apply([enqueue(queue, `m${++this.#count}`)]);
  }

  claim(queue: string, credit: number): void {
    for (const { entry } of this.state.claim(queue, [{ credit }], 2 ** 40).entries) {
      const { seq } = entry;
      this.journal.push((restore) => assert.ok(restore.claim(queue, seq)));
    }
  }

  drop(queue: string): void {
    this.state.dropQueue(queue);
    this.journal.push((restore) => restore.dropQueue(queue));
  }

  replay(): State {
    const state = new State();
    for (const line of this.journal) line(state.restore);
    return state;
  }
}

function dump(state: State): unknown {
  return state
    .queues()
    .sort((left, right) => left.name.localeCompare(right.name))
    .map((info) => ({
      ...info,
      entries: state.browse(info.name, 0, 10_000).map(({ seq, failures, recoveries, content }) => ({ seq, failures, recoveries, content })),
    }));
}

const queue = fc.constantFrom('a', 'b');
const seq = fc.integer({ min: 1, max: 30 });
const reason = fc.constantFrom('undelivered' as const, 'nack' as const, 'gone' as const);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ verb: fc.constant('send' as const), queue }) },
  { weight: 4, arbitrary: fc.record({ verb: fc.constant('claim' as const), queue, credit: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 4, arbitrary: fc.record({ verb: fc.constant('settle' as const), queue, seq, late: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ verb: fc.constant('release' as const), queue, seq, reason }) },
  { weight: 1, arbitrary: fc.record({ verb: fc.constant('drop' as const), queue }) },
);

describe('restore', () => {
  test('leads to the same state as the steps that were written down', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100, size: 'max' }), (steps) => {
        const written = new WrittenState();
        for (const each of steps) {
          if (each.verb === 'send') written.send(each.queue);
          else if (each.verb === 'claim') written.claim(each.queue, each.credit);
          else if (each.verb === 'settle') written.apply([{ kind: 'settle', queue: each.queue, seq: each.seq, late: each.late }]);
          else if (each.verb === 'release') written.apply([{ kind: 'release', queue: each.queue, seq: each.seq, reason: each.reason }]);
          else if (each.verb === 'drop') written.drop(each.queue);
        }
        const { state } = written;
        const replayed = written.replay();
        assert.deepEqual(dump(replayed), dump(state));
        assert.deepEqual([replayed.bytes, replayed.lastSeq], [state.bytes, state.lastSeq]);
        const heldCount = state.queues().reduce((sum, info) => sum + info.inFlight, 0);
        assert.equal(replayed.restore.recoverHeld(), heldCount);
        assert.equal(state.restore.recoverHeld(), heldCount);
        assert.deepEqual(dump(replayed), dump(state));
      }),
    );
  });

  test('counts a recovery for every claim that nobody ended', () => {
    const { restore } = new State();
    restore.put('a', new Entry<never>(7, 10, message('m1')));
    for (let crash = 0; crash < 3; crash++) assert.ok(restore.claim('a', 7));
    assert.equal(restore.recoverHeld(), 1);
    assert.ok(restore.claim('a', 7));
    assert.ok(restore.giveBack('a', 7, 2, 3));
    assert.equal(restore.recoverHeld(), 0);
  });

  test('gives back what was held with its counters, in order', () => {
    const state = new State();
    for (let each = 1; each <= 5; each++) state.restore.put('a', new Entry<never>(each, 10, message(`m${each}`), PLAIN_TERMS, each, 0));
    for (const each of [1, 2, 4]) state.restore.claim('a', each);
    state.restore.claim('a', 2);
    state.restore.recoverHeld();
    const counters = state.browse('a', 0, 10).map((entry) => [entry.seq, entry.failures, entry.recoveries]);
    assert.deepEqual(counters, [[1, 1, 1], [2, 2, 2], [3, 3, 0], [4, 4, 1], [5, 5, 0]]);
  });

  test('tells what it cannot find', () => {
    const { restore } = new State();
    restore.put('a', new Entry<never>(1, 10, message('m1')));
    assert.equal(restore.drop('a', 2), false);
    assert.equal(restore.drop('b', 1), false);
    assert.equal(restore.claim('a', 2), false);
    assert.equal(restore.giveBack('a', 2, 0, 0), false);
    assert.equal(restore.drop('a', 1), true);
    assert.equal(restore.drop('a', 1), false);
  });

  test('goes on numbering above everything that was ever given out', () => {
    const state = new State();
    state.restore.lastSeq(40);
    state.restore.put('a', new Entry<never>(12, messageBytes(message('m1')), message('m1')));
    const staged = state.stage({ operations: [enqueue('a', 'm2')], lane: 'durable' });
    assert.ok(staged.ok);
    assert.deepEqual(staged.effects.map((effect) => effect.entry.seq), [41]);
  });
});
