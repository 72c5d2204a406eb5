import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import type { Operation } from '../../broker/engine.ts';
import { messageBytes } from '../../broker/message.ts';
import { message, names } from '../engine-contract/messages.ts';
import { enqueue, release, settle, settleLate } from '../engine-contract/rig.ts';
import type { StagedGroup } from './effect.ts';
import { State } from './state.ts';

const NO_BOUND = 2 ** 40;

function stage(state: State, ...operations: Operation[]): StagedGroup<never> {
  const staged = state.stage({ operations, lane: 'durable' });
  if (!staged.ok) assert.fail(staged.failure.detail);
  return staged;
}

const done = (state: State, ...operations: Operation[]): unknown => state.commit(stage(state, ...operations));
const isRefused = (state: State, ...operations: Operation[]): boolean => !state.stage({ operations, lane: 'durable' }).ok;
const claim = (state: State, queue: string, credit = 1000): { seq: number; id: string }[] =>
  state.claim(queue, [{ credit }], NO_BOUND).entries.map(({ entry }) => ({ seq: entry.seq, id: entry.content.id }));
const idsAtRest = (state: State, queue: string): string[] => state.browse(queue, 0, 1000).map((entry) => entry.content.id);

/** Sends messages of these ids and claims them all. */
function held(state: State, queue: string, ...ids: string[]): { seq: number; id: string }[] {
  done(state, ...ids.map((id) => enqueue(queue, id)));
  return claim(state, queue);
}

describe('a staged group', () => {
  test('shows nothing before it is committed', () => {
    const state = new State();
    const staged = stage(state, enqueue('a', 'm1'), enqueue('a', 'm2'));
    assert.deepEqual(claim(state, 'a'), []);
    assert.deepEqual(idsAtRest(state, 'a'), []);
    assert.deepEqual(state.queues(), []);
    assert.deepEqual(state.commit(staged).ready, ['a', 'a']);
    assert.deepEqual(idsAtRest(state, 'a'), ['m1', 'm2']);
  });

  test('leaves no trace when it is undone', () => {
    const state = new State();
    const [m1, m2, m3] = held(state, 'a', 'm1', 'm2', 'm3');
    done(state, release('a', m3!));
    const { bytes } = state;
    const staged = stage(state, enqueue('b', 'x'), settle('a', m1!), release('a', m2!, 'nack'), settleLate('a', m3!));
    assert.equal(state.bytes, bytes + messageBytes(message('x')));
    state.undo(staged);
    assert.equal(state.bytes, bytes);
    assert.deepEqual(state.queues().map(({ name, ready, inFlight }) => ({ name, ready, inFlight })), [{ name: 'a', ready: 1, inFlight: 2 }]);
    done(state, release('a', m1!), release('a', m2!));
    const again = state.claim('a', [{ credit: 10 }], NO_BOUND).entries;
    assert.deepEqual(again.map(({ entry }) => [entry.content.id, entry.failures]), [['m1', 0], ['m2', 0], ['m3', 0]]);
  });

  test('says what it does in effects with the numbers and counters they lead to', () => {
    const state = new State();
    const [m1, m2] = held(state, 'a', 'm1', 'm2');
    const { effects } = stage(state, settle('a', m1!), release('a', m2!, 'gone'), enqueue('b', 'x'));
    const told = effects.map((effect) => {
      const { kind, queue, entry } = effect;
      return effect.kind === 'return' ? [kind, queue.name, entry.seq, effect.failures, effect.recoveries] : [kind, queue.name, entry.seq];
    });
    assert.deepEqual(told, [['drop', 'a', 1], ['return', 'a', 2, 0, 1], ['put', 'b', 3]]);
  });

  test('keeps what it settles or returns from every later group until it is undone', () => {
    const state = new State();
    const [m1, m2] = held(state, 'a', 'm1', 'm2');
    const first = stage(state, settle('a', m1!), release('a', m2!));
    for (const each of [m1!, m2!]) {
      assert.ok(isRefused(state, settle('a', each)));
      assert.ok(isRefused(state, release('a', each)));
      assert.equal(state.findHeld('a', each.seq), undefined);
    }
    state.undo(first);
    done(state, settle('a', m1!), settle('a', m2!));
    assert.deepEqual(state.queues(), []);
  });

  test('hides a message at rest that it settles late, and gives it back when it is undone', () => {
    const state = new State();
    const [, m2] = held(state, 'a', 'm1', 'm2', 'm3');
    done(state, ...[1, 2, 3].map((seq) => release('a', { seq })));
    const staged = stage(state, settleLate('a', m2!));
    assert.deepEqual(idsAtRest(state, 'a'), ['m1', 'm3']);
    assert.equal(stage(state, settleLate('a', m2!)).missed, 1);
    state.undo(staged);
    assert.deepEqual(idsAtRest(state, 'a'), ['m1', 'm2', 'm3']);
  });

  const fates = ['commit', 'undo'] as const;
  for (const first of fates) {
    for (const second of fates) {
      for (const order of ['in order', 'the other way round']) {
        test(`ends well: ${first} of a release and ${second} of a late settle staged over it, ${order}`, () => {
          const state = new State();
          const [m1] = held(state, 'a', 'm1');
          const released = stage(state, release('a', m1!, 'nack'));
          const settled = stage(state, settleLate('a', m1!));
          const steps = [() => state[first](released), () => state[second](settled)];
          for (const step of order === 'in order' ? steps : steps.toReversed()) step();
          const isGone = second === 'commit';
          const isHeld = !isGone && first === 'undo';
          assert.deepEqual(idsAtRest(state, 'a'), isGone || isHeld ? [] : ['m1']);
          assert.equal(state.findHeld('a', m1!.seq) !== undefined, isHeld);
          assert.equal(state.bytes, isGone ? 0 : messageBytes(message('m1')));
        });
      }
    }
  }

  test('stands in its place even if a later one was committed first', () => {
    const state = new State();
    const staged = names(5).map((id) => stage(state, enqueue('a', id)));
    for (const at of [3, 1, 4, 0, 2]) state.commit(staged[at]!);
    assert.deepEqual(claim(state, 'a').map((each) => each.id), names(5));
  });

  test('comes to nothing in a queue that was dropped meanwhile', () => {
    const state = new State();
    const [m1, m2] = held(state, 'a', 'm1', 'm2');
    const put = stage(state, enqueue('a', 'm3'), settle('a', m1!));
    const undone = stage(state, enqueue('a', 'm4'), release('a', m2!));
    state.dropQueue('a');
    done(state, enqueue('a', 'new'));
    assert.deepEqual(state.commit(put).ready, []);
    state.undo(undone);
    assert.deepEqual(idsAtRest(state, 'a'), ['new']);
    assert.equal(state.bytes, messageBytes(message('new')));
  });

  test('purges without showing it before it is committed', () => {
    const state = new State();
    done(state, ...names(5).map((id) => enqueue('a', id)));
    const first = state.stagePurge('a', 2);
    state.undo(first);
    assert.deepEqual(idsAtRest(state, 'a'), names(5));
    state.commit(state.stagePurge('a', 2));
    assert.deepEqual(idsAtRest(state, 'a'), ['m3', 'm4', 'm5']);
    assert.equal(state.bytes, 3 * messageBytes(message('m3')));
  });
});

describe('queues', () => {
  /** Enough to push everything else out of the memory for empty ones. */
  function useMany(state: State): void {
    for (const name of names(1000, 'once')) done(state, settle(name, held(state, name, 'm')[0]!));
  }

  test('are forgotten after use, whatever was done to them', () => {
    const state = new State();
    useMany(state);
    for (const name of names(1000, 'undone')) state.undo(stage(state, enqueue(name, 'm')));
    for (const name of names(1000, 'dropped')) {
      done(state, enqueue(name, 'm'));
      state.dropQueue(name);
    }
    for (const name of names(1000, 'purged')) {
      done(state, enqueue(name, 'm'));
      state.commit(state.stagePurge(name, 1));
    }
    assert.ok(state.queueCount <= 256, `expected at most 256 queues, got ${state.queueCount}`);
    assert.equal(state.bytes, 0);
  });

  test('are not forgotten while something is staged for them', () => {
    const state = new State();
    done(state, settle('a', held(state, 'a', 'm1')[0]!));
    const staged = stage(state, enqueue('a', 'm2'));
    useMany(state);
    state.commit(staged);
    assert.deepEqual(idsAtRest(state, 'a'), ['m2']);
  });

  test('that are temporary are never forgotten', () => {
    const state = new State();
    state.createTemporaryQueue('temp:q');
    done(state, settle('temp:q', held(state, 'temp:q', 'm1')[0]!));
    useMany(state);
    assert.deepEqual(state.queues().map((info) => info.name), ['temp:q']);
  });

  test('of the same name are not mistaken for each other', () => {
    const state = new State();
    done(state, settle('a', held(state, 'a', 'm1')[0]!));
    state.dropQueue('a');
    done(state, enqueue('a', 'm2'));
    claim(state, 'a');
    useMany(state);
    assert.deepEqual(state.queues().map(({ name, inFlight }) => ({ name, inFlight })), [{ name: 'a', inFlight: 1 }]);
  });

  test('that are to be temporary must be called so', () => {
    assert.throws(() => new State().createTemporaryQueue('a'), /expected the name of a temporary queue, got a/);
  });
});
