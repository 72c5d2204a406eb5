import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import type { Operation } from '../../broker/engine.ts';
import { message, names } from './messages.ts';
import { claimedIds, enqueue, release, Rig, settle, settleLate, type CreateSubject } from './rig.ts';

const value = (id: string, lastValue: string, priority = 4): Operation => ({ kind: 'enqueue', queue: 'a', message: message(id, { lastValue, priority }) });

export function describeLastValues(create: CreateSubject): void {
  describe('a last value', () => {
    test('takes the place of the one before it with its key, and stands at the end', () =>
      Rig.use(create, async (rig) => {
        for (const [id, key] of [['m1', 'x'], ['m2', 'größe'], ['m3', 'z'], ['m4', 'x'], ['m5', 'größe']] as const) await rig.done(value(id, key));
        assert.deepEqual(await rig.idsAtRest('a'), ['m3', 'm4', 'm5']);
        const [info] = await rig.engine.queues();
        assert.equal(info?.ready, 3);
        const claimed = await rig.claim('a');
        assert.deepEqual(claimed.map(({ message: { id, lastValue } }) => [id, lastValue]), [['m3', 'z'], ['m4', 'x'], ['m5', 'größe']]);
        await rig.done(...claimed.map((each) => settle('a', each)));
        assert.deepEqual(await rig.engine.queues(), []);
      }));

    test('leaves those without a key, and those of other queues, alone', () =>
      Rig.use(create, async (rig) => {
        await rig.done(enqueue('a', 'm1'), value('m2', 'x'), enqueue('a', 'm3'), value('m4', 'x'));
        await rig.done({ kind: 'enqueue', queue: 'b', message: message('m5', { lastValue: 'x' }) });
        assert.deepEqual(await rig.idsAtRest('a'), ['m1', 'm3', 'm4']);
        assert.deepEqual(await rig.idsAtRest('b'), ['m5']);
      }));

    test('is the last of many under way at once, and of one group', () =>
      Rig.use(create, async (rig) => {
        await Promise.all(names(50).map((id, i) => rig.done(value(id, `k${i % 3}`))));
        assert.deepEqual(await rig.idsAtRest('a'), ['m48', 'm49', 'm50']);
        await rig.done(...names(50, 'n').map((id, i) => value(id, `k${i % 3}`)));
        assert.deepEqual(await rig.idsAtRest('a'), ['n48', 'n49', 'n50']);
        assert.deepEqual(await rig.counts('a'), { ready: 3, inFlight: 0 });
      }));

    test('finds one of another priority', () =>
      Rig.use(create, async (rig) => {
        await rig.done(value('m1', 'x', 9), value('m2', 'y', 1));
        await rig.done(value('m3', 'x', 2), value('m4', 'y', 8));
        assert.deepEqual(await rig.idsAtRest('a'), ['m4', 'm3']);
      }));

    test('leaves one that is held to its holder, who can settle it', () =>
      Rig.use(create, async (rig) => {
        await rig.done(value('m1', 'x'));
        const held = await rig.claimOne('a');
        await rig.done(value('m2', 'x'));
        assert.deepEqual(await rig.counts('a'), { ready: 1, inFlight: 1 });
        await rig.done(settle('a', held), value('m3', 'x'));
        assert.deepEqual(await rig.idsAtRest('a'), ['m3']);
      }));

    test('does not come back when a newer one is there, be that held or at rest', () =>
      Rig.use(create, async (rig) => {
        await rig.done(value('m1', 'x'));
        const first = await rig.claimOne('a');
        await rig.done(value('m2', 'x'));
        const second = await rig.claimOne('a');
        await rig.done(value('m3', 'x'), value('other', 'y'));
        await rig.done(release('a', second, 'nack'));
        await rig.done(release('a', first));
        assert.deepEqual(await rig.idsAtRest('a'), ['m3', 'other']);
        await rig.refused('not-held', settle('a', first));
        assert.equal(await rig.done(settleLate('a', second)), 1);
        assert.deepEqual(await rig.counts('a'), { ready: 2, inFlight: 0 });
      }));

    test('comes back when the newer ones are gone', () =>
      Rig.use(create, async (rig) => {
        await rig.done(value('m1', 'x'));
        const first = await rig.claimOne('a');
        await rig.done(value('m2', 'x'));
        await rig.done(settle('a', await rig.claimOne('a')));
        await rig.done(release('a', first, 'nack'));
        const again = await rig.claimOne('a');
        assert.deepEqual([again.message.id, again.failures], ['m1', 1]);
        await rig.done(release('a', again));
        await rig.done(value('m3', 'x'));
        assert.deepEqual(await rig.idsAtRest('a'), ['m3']);
      }));

    test('takes the place of an older one that came back before it', () =>
      Rig.use(create, async (rig) => {
        await rig.done(value('m1', 'x'));
        const first = await rig.claimOne('a');
        await rig.done(value('m2', 'x'));
        const second = await rig.claimOne('a');
        await rig.done(value('m3', 'x'));
        await rig.done(settle('a', await rig.claimOne('a')));
        await rig.done(release('a', first));
        assert.deepEqual(await rig.idsAtRest('a'), ['m1']);
        await rig.done(release('a', second));
        assert.deepEqual(await rig.idsAtRest('a'), ['m2']);
      }));

    test('of a group that failed replaces nothing', () =>
      Rig.use(create, async (rig) => {
        await rig.done(value('m1', 'x'));
        await rig.refused('not-held', value('m2', 'x'), settle('a', { seq: 1_000_000 }));
        assert.deepEqual(await rig.idsAtRest('a'), ['m1']);
        await rig.done(value('m3', 'x'));
        assert.deepEqual(claimedIds(await rig.claim('a')), ['m3']);
      }));

    test('may be changed ten thousand times behind one that stays', () =>
      Rig.use(create, async (rig) => {
        await rig.done(value('stays', 'x'));
        for (let round = 0; round < 20; round++) await rig.done(...names(500).map((id, i) => value(`${round}.${id}`, `k${i % 5}`)));
        assert.deepEqual(await rig.idsAtRest('a'), ['stays', '19.m496', '19.m497', '19.m498', '19.m499', '19.m500']);
        assert.equal((await rig.claim('a')).length, 6);
      }));
  });
}

/** For engines whose store outlives them. */
export function describeLastValuesRestart(create: CreateSubject): void {
  test('last values are those they were after a crash, and what was in flight does not come back before a newer one', () =>
    Rig.use(create, async (rig) => {
      await rig.done(value('m1', 'x'), value('m2', 'y'), value('m3', 'z'));
      assert.equal((await rig.claim('a', 2)).length, 2);
      await rig.done(value('m4', 'x'), value('m5', 'z'));
      await rig.restart();
      assert.deepEqual(await rig.idsAtRest('a'), ['m2', 'm4', 'm5']);
      await rig.done(value('m6', 'y'));
      const [newest] = await rig.claim('a', 1);
      assert.equal(newest?.message.id, 'm4');
      await rig.done(settle('a', newest));
      await rig.restart();
      assert.deepEqual(await rig.idsAtRest('a'), ['m5', 'm6'], 'what made way stays away when its successor is gone');
      await rig.done(value('m7', 'x'), value('m8', 'z'));
      assert.deepEqual(await rig.idsAtRest('a'), ['m6', 'm7', 'm8']);
    }));
}
