import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { claimedIds, enqueue, ids, move, release, Rig, settle, settleLate, type CreateSubject } from './rig.ts';
import { names } from './messages.ts';

export function describeRelease(create: CreateSubject): void {
  describe('release', () => {
    test('returns a message to its original place', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', ...names(6));
        const claimed = await rig.claim('a', 4);
        await rig.done(release('a', claimed[2]!), release('a', claimed[0]!));
        await rig.send('a', 'm7');
        assert.deepEqual(claimedIds(await rig.claim('a')), ['m1', 'm3', 'm5', 'm6', 'm7']);
      }));

    test('counts a nack as a failure, a lost holder as a recovery, and an undelivered message not at all', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'm1');
        for (const reason of ['undelivered', 'nack', 'nack', 'gone', 'undelivered'] as const) {
          await rig.done(release('a', await rig.claimOne('a'), reason));
        }
        const { failures, recoveries } = await rig.claimOne('a');
        assert.deepEqual({ failures, recoveries }, { failures: 2, recoveries: 1 });
      }));

    test('refuses a message that is not held', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'm1');
        const claimed = await rig.claimOne('a');
        await rig.done(release('a', claimed));
        await rig.refused('not-held', release('a', claimed));
        await rig.refused('not-held', release('unknown', claimed));
      }));

    test('keeps the order when 10 000 come back out of order', () =>
      Rig.use(create, async (rig) => {
        const all = names(10_000);
        for (let from = 0; from < all.length; from += 500) {
          await rig.done(...all.slice(from, from + 500).map((id) => enqueue('a', id)));
        }
        const claimed = await rig.claim('a');
        const shuffled = claimed.map((_, index) => claimed[(index * 7919) % claimed.length]!);
        for (let from = 0; from < shuffled.length; from += 500) {
          await rig.done(...shuffled.slice(from, from + 500).map((each) => release('a', each, 'gone')));
        }
        assert.deepEqual(await rig.idsAtRest('a'), all);
        const again = await rig.claim('a');
        assert.deepEqual(claimedIds(again), all);
        assert.ok(again.every((each) => each.recoveries === 1));
      }));

    test('shows what came back among the rest, page by page and from any place', () =>
      Rig.use(create, async (rig) => {
        const all = names(3_000);
        for (let from = 0; from < all.length; from += 500) await rig.done(...all.slice(from, from + 500).map((id) => enqueue('a', id)));
        const claimed = await rig.claim('a', 1_500);
        const [odd, even] = [1, 0].map((rest) => claimed.filter((_, index) => index % 2 === rest));
        for (const each of [odd!, even!]) await rig.done(...each.map((one) => release('a', one)));
        const shown = async (offset: number, limit: number): Promise<string[]> => ids(await rig.engine.browse('a', offset, limit));
        for (const offset of [0, 1, 700, 1_499, 1_500, 2_990, 3_000, 3_001]) assert.deepEqual(await shown(offset, 20), all.slice(offset, offset + 20));
        await rig.done(settleLate('a', claimed[10]!), settleLate('a', claimed[11]!));
        const left = all.filter((_, index) => index !== 10 && index !== 11);
        for (const offset of [5, 1_400, 2_900, 2_998]) assert.deepEqual(await shown(offset, 1_100), left.slice(offset, offset + 1_100));
        assert.deepEqual(claimedIds(await rig.claim('a')), left);
      }));

    test('keeps the order over rounds of claims and releases', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', ...names(40));
        for (let round = 0; round < 8; round++) {
          const claimed = await rig.claim('a', 20);
          const odd = claimed.filter((_, index) => index % 2 === 1);
          const even = claimed.filter((_, index) => index % 2 === 0);
          await rig.done(...even.map((each) => release('a', each)));
          await rig.send('a', `later${round}`);
          await rig.done(...odd.toReversed().map((each) => release('a', each)));
        }
        const later = Array.from({ length: 8 }, (_, round) => `later${round}`);
        assert.deepEqual(claimedIds(await rig.claim('a')), [...names(40), ...later]);
      }));
  });

  describe('move', () => {
    test('settles here and enqueues there in one step', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'm1', 'm2');
        await rig.send('DLQ.a', 'older');
        await rig.done(move('a', await rig.claimOne('a'), 'DLQ.a', 'm1'));
        assert.deepEqual(await rig.idsAtRest('a'), ['m2']);
        assert.deepEqual(claimedIds(await rig.claim('DLQ.a')), ['older', 'm1']);
        assert.deepEqual(await rig.counts('a'), { ready: 1, inFlight: 0 });
      }));

    test('refuses a message that is not held, and enqueues nothing', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'm1');
        const claimed = await rig.claimOne('a');
        await rig.done(settle('a', claimed));
        await rig.refused('not-held', move('a', claimed, 'DLQ.a', 'm1'));
        assert.deepEqual(await rig.engine.queues(), []);
      }));

    test('puts a message at the end of its own queue', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'm1', 'm2');
        await rig.done(move('a', await rig.claimOne('a'), 'a', 'm1'));
        assert.deepEqual(claimedIds(await rig.claim('a')), ['m2', 'm1']);
      }));
  });

  describe('reading a held message again', () => {
    test('gives it as long as it is held', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'm1');
        const claimed = await rig.claimOne('a');
        assert.deepEqual(await rig.engine.readHeld('a', claimed.seq), claimed.message);
        await rig.done(release('a', claimed));
        assert.equal(await rig.engine.readHeld('a', claimed.seq), undefined);
        assert.equal(await rig.engine.readHeld('unknown', claimed.seq), undefined);
      }));
  });
}
