import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import type { Operation } from '../../broker/engine.ts';
import { once } from '../engine-contract/repeats.ts';
import { enqueue } from '../engine-contract/rig.ts';
import type { StagedGroup } from './effect.ts';
import { isVoid, Repeats } from './repeats.ts';
import { State } from './state.ts';

function stage(state: State, ...operations: Operation[]): StagedGroup<never> {
  const staged = state.stage({ operations, lane: 'durable' });
  if (!staged.ok) assert.fail(staged.failure.detail);
  return staged;
}

describe('a key', () => {
  test('is as good as used while its group is staged, and free again when that is undone', () => {
    const state = new State();
    const first = stage(state, once(enqueue('a', 'm1'), 'k'));
    const second = stage(state, once(enqueue('a', 'm2'), 'k'), enqueue('a', 'm3'));
    assert.equal(second.once!.repeats, 1);
    assert.equal(isVoid(second.once!), false);
    state.undo(first);
    assert.equal(isVoid(second.once!), true, 'what it left something out for came to nothing');
    state.undo(second);
    const third = stage(state, once(enqueue('a', 'm2'), 'k'));
    assert.deepEqual([third.once!.repeats, isVoid(third.once!)], [0, false]);
    state.commit(third);
    assert.deepEqual(state.browse('a', 0, 9).map(({ content }) => content.id), ['m2']);
  });

  test('that was used leaves nobody in doubt', () => {
    const state = new State();
    state.commit(stage(state, once(enqueue('a', 'm1'), 'k')));
    const repeat = stage(state, once(enqueue('a', 'm2'), 'k'));
    assert.deepEqual(repeat.once, { keys: [], leansOn: [], repeats: 1 });
  });

  test('is forgotten when its window is over, be it asked for or not', () => {
    let now = 1000;
    const state = new State(() => now);
    for (const [key, windowMs] of [['k1', 300], ['k2', 100], ['k3', 200]] as const) state.commit(stage(state, once(enqueue('a', 'm'), key, windowMs)));
    now = 1199;
    assert.equal(stage(state, once(enqueue('a', 'm'), 'k3')).once!.repeats, 1);
    assert.equal(state.repeats.size, 3);
    now = 1200;
    state.repeats.forgetPast();
    assert.equal(state.repeats.size, 1);
    assert.ok(state.repeats.find('k1'));
  });

  test('is told of once when it is forgotten, also where it is used anew after the clock went back', () => {
    let now = 1000;
    const repeats = new Repeats(() => now);
    const forgotten: string[] = [];
    repeats.onForget = ({ key, expiresAt }) => forgotten.push(`${key} ${expiresAt}`);
    repeats.commit(repeats.stage({ key: 'k', windowMs: 100 }));
    now = 1100;
    assert.equal(repeats.find('k'), undefined);
    now = 1099;
    repeats.commit(repeats.stage({ key: 'k', windowMs: 100 }));
    now = 5000;
    repeats.forgetPast();
    assert.deepEqual(forgotten, ['k 1100', 'k 1199']);
    assert.equal(repeats.size, 0);
  });
});

test('no more keys are remembered than that: the next to expire goes', () => {
  const repeats = new Repeats(() => 0, 3);
  for (const [i, key] of ['k0', 'k1', 'k2', 'k3', 'k4'].entries()) repeats.commit(repeats.stage({ key, windowMs: 100 - i }));
  assert.deepEqual(['k0', 'k1', 'k2', 'k3', 'k4'].filter((key) => repeats.find(key)), ['k0', 'k1', 'k2']);
  assert.equal(repeats.forgottenEarly, 2);
});
