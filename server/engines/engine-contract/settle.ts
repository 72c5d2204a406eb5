import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { claimedIds, release, Rig, settle, settleLate, type CreateSubject } from './rig.ts';
import { names } from './messages.ts';

export function describeSettle(create: CreateSubject): void {
  describe('settle', () => {
    test('removes a held message for good', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'm1', 'm2');
        await rig.done(settle('a', await rig.claimOne('a')));
        assert.deepEqual(await rig.counts('a'), { ready: 1, inFlight: 0 });
        assert.deepEqual(claimedIds(await rig.claim('a')), ['m2']);
      }));

    test('takes messages in any order', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', ...names(9));
        const claimed = await rig.claim('a');
        for (const at of [8, 0, 4, 3, 7, 1, 6, 2, 5]) await rig.done(settle('a', claimed[at]!));
        assert.deepEqual(await rig.engine.queues(), []);
      }));

    test('refuses a message that is settled already', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'm1');
        const claimed = await rig.claimOne('a');
        await rig.done(settle('a', claimed));
        await rig.refused('not-held', settle('a', claimed));
      }));

    test('refuses the second of two that are under way at once', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'm1');
        const claimed = await rig.claimOne('a');
        const [first, second] = await Promise.all([rig.apply([settle('a', claimed)]), rig.apply([settle('a', claimed)])]);
        assert.deepEqual(first, { ok: true, missed: 0, repeats: 0 });
        assert.ok(!second.ok);
        assert.equal(second.failure.code, 'not-held');
      }));

    test('refuses a message that went back to its queue', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'm1');
        const claimed = await rig.claimOne('a');
        const [released, settled] = await Promise.all([rig.apply([release('a', claimed)]), rig.apply([settle('a', claimed)])]);
        assert.equal(released.ok, true);
        assert.equal(settled.ok, false);
        await rig.refused('not-held', settle('a', claimed));
        assert.deepEqual(claimedIds(await rig.claim('a')), ['m1']);
      }));

    test('refuses numbers that were never given out, and unknown queues', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'm1');
        const claimed = await rig.claimOne('a');
        await rig.refused('not-held', settle('a', { seq: claimed.seq + 1000 }));
        await rig.refused('not-held', settle('b', claimed));
        await rig.done(settle('a', claimed));
      }));
  });

  describe('a late settle', () => {
    test('removes a message that is at rest again', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', ...names(4));
        const claimed = await rig.claim('a', 3);
        await rig.done(...claimed.map((each) => release('a', each)));
        assert.equal(await rig.done(settleLate('a', claimed[1]!)), 0);
        assert.deepEqual(await rig.idsAtRest('a'), ['m1', 'm3', 'm4']);
        assert.deepEqual(claimedIds(await rig.claim('a')), ['m1', 'm3', 'm4']);
      }));

    test('removes a message whose return is still under way', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'm1', 'm2');
        const claimed = await rig.claimOne('a');
        const outcomes = await Promise.all([rig.apply([release('a', claimed)]), rig.apply([settleLate('a', claimed)])]);
        assert.deepEqual(outcomes, [{ ok: true, missed: 0, repeats: 0 }, { ok: true, missed: 0, repeats: 0 }]);
        assert.deepEqual(claimedIds(await rig.claim('a')), ['m2']);
      }));

    test('misses a message that is gone', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'm1', 'm2');
        const claimed = await rig.claimOne('a');
        await rig.done(settle('a', claimed));
        assert.equal(await rig.done(settleLate('a', claimed), settleLate('a', { seq: claimed.seq + 1000 })), 2);
        assert.deepEqual(await rig.idsAtRest('a'), ['m2']);
      }));

    test('leaves a message alone that someone holds again', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'm1');
        const first = await rig.claimOne('a');
        await rig.done(release('a', first, 'gone'));
        const second = await rig.claimOne('a');
        assert.equal(await rig.done(settleLate('a', first)), 1);
        await rig.done(settle('a', second));
      }));

    test('counts once what is named twice', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'm1');
        const claimed = await rig.claimOne('a');
        await rig.done(release('a', claimed));
        assert.equal(await rig.done(settleLate('a', claimed), settleLate('a', claimed)), 1);
        assert.deepEqual(await rig.engine.queues(), []);
      }));

    test('empties a queue from the middle', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', ...names(200));
        const claimed = await rig.claim('a');
        await rig.done(...claimed.map((each) => release('a', each)));
        const shuffled = claimed.map((each, index) => ({ each, key: (index * 7919) % 200 })).sort((l, r) => l.key - r.key);
        for (const { each } of shuffled) assert.equal(await rig.done(settleLate('a', each)), 0);
        assert.deepEqual(await rig.claim('a'), []);
        await rig.send('a', 'next');
        assert.deepEqual(claimedIds(await rig.claim('a')), ['next']);
      }));
  });
}
