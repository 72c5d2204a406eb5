import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import type { Operation } from '../../broker/engine.ts';
import { claimedIds, ids, release, Rig, settle, settleLate, type CreateSubject } from './rig.ts';
import { message, names } from './messages.ts';

const ranked = (id: string, priority: number): Operation => ({ kind: 'enqueue', queue: 'a', message: message(id, { priority }) });

/** One of each priority but the usual one, in no order, with two of that. */
const MIXED = [3, 9, 4, 0, 7, 1, 4, 8, 2, 6, 5].map((priority, index) => ranked(`p${priority}.${index}`, priority));
const SORTED = ['p9.1', 'p8.7', 'p7.4', 'p6.9', 'p5.10', 'p4.2', 'p4.6', 'p3.0', 'p2.8', 'p1.5', 'p0.3'];

export function describePriority(create: CreateSubject): void {
  describe('priority', () => {
    test('comes before the order of arrival, which decides within one', () =>
      Rig.use(create, async (rig) => {
        for (const operation of MIXED) await rig.done(operation);
        assert.deepEqual(await rig.idsAtRest('a'), SORTED);
        assert.deepEqual([...claimedIds(await rig.claim('a', 3)), ...claimedIds(await rig.claim('a'))], SORTED);
      }));

    test('also of messages that came in one group', () =>
      Rig.use(create, async (rig) => {
        await rig.done(...MIXED);
        assert.deepEqual(claimedIds(await rig.claim('a')), SORTED);
      }));

    test('lets a newcomer pass whatever waits', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', ...names(20));
        await rig.done(ranked('urgent', 5));
        await rig.done(ranked('idle', 3));
        assert.deepEqual(claimedIds(await rig.claim('a', 2)), ['urgent', 'm1']);
        await rig.done(ranked('urgent too', 9));
        assert.deepEqual(claimedIds(await rig.claim('a')), ['urgent too', ...names(20).slice(1), 'idle']);
      }));

    test('brings a message back to its place among its own', () =>
      Rig.use(create, async (rig) => {
        await rig.done(...names(4, 'low').map((id) => ranked(id, 1)), ...names(4, 'high').map((id) => ranked(id, 8)));
        const claimed = await rig.claim('a', 6);
        assert.deepEqual(claimedIds(claimed), [...names(4, 'high'), 'low1', 'low2']);
        const [first, , third, , low] = claimed;
        await rig.done(release('a', low!), release('a', third!, 'nack'), release('a', first!));
        assert.deepEqual(await rig.idsAtRest('a'), ['high1', 'high3', 'low1', 'low3', 'low4']);
        const again = await rig.claim('a');
        assert.deepEqual(claimedIds(again), ['high1', 'high3', 'low1', 'low3', 'low4']);
        assert.deepEqual(again.map((each) => each.failures), [0, 1, 0, 0, 0]);
        assert.deepEqual(again.map((each) => each.message.priority), [8, 8, 1, 1, 1]);
      }));

    test('keeps the order over rounds of claims and releases', () =>
      Rig.use(create, async (rig) => {
        const all = names(60).map((id, index) => ({ id, priority: [4, 9, 0][index % 3]! }));
        await rig.done(...all.map(({ id, priority }) => ranked(id, priority)));
        const sorted = [9, 4, 0].flatMap((priority) => all.filter((each) => each.priority === priority).map(({ id }) => id));
        for (let round = 0; round < 6; round++) {
          const claimed = await rig.claim('a', 31);
          assert.deepEqual(claimedIds(claimed), sorted.slice(0, 31));
          const parts = [0, 1, 2].map((part) => claimed.filter((_, index) => (index * 7) % 3 === part));
          for (const part of parts) await rig.done(...part.map((each) => release('a', each)));
        }
        assert.deepEqual(await rig.idsAtRest('a'), sorted);
        const last = await rig.claim('a');
        assert.deepEqual(claimedIds(last), sorted);
        await rig.done(...last.map((each) => settle('a', each)));
        assert.deepEqual(await rig.engine.queues(), []);
      }));

    test('is shown page by page in the order of claims', () =>
      Rig.use(create, async (rig) => {
        await rig.done(...MIXED);
        const shown: string[] = [];
        for (let offset = 0; offset < MIXED.length; offset += 3) shown.push(...ids(await rig.engine.browse('a', offset, 3)));
        assert.deepEqual(shown, SORTED);
        assert.deepEqual(await rig.engine.browse('a', MIXED.length, 3), []);
      }));

    test('holds for late settles and purges, too', () =>
      Rig.use(create, async (rig) => {
        await rig.done(...MIXED);
        const claimed = await rig.claim('a', 4);
        await rig.done(...claimed.map((each) => release('a', each)));
        assert.equal(await rig.done(settleLate('a', claimed[1]!), settleLate('a', claimed[3]!)), 0);
        assert.equal(await rig.engine.purge('a', 2), 2);
        assert.deepEqual(await rig.idsAtRest('a'), SORTED.slice(4));
        assert.deepEqual(await rig.counts('a'), { ready: SORTED.length - 4, inFlight: 0 });
        assert.equal(await rig.engine.purge('a', 100), SORTED.length - 4);
        assert.deepEqual(await rig.engine.queues(), []);
      }));

    test('begins anew with a queue that was dropped', () =>
      Rig.use(create, async (rig) => {
        await rig.done(...MIXED);
        await rig.claim('a', 3);
        await rig.engine.dropQueue('a');
        await rig.done(ranked('m1', 4), ranked('m2', 9));
        assert.deepEqual(claimedIds(await rig.claim('a')), ['m2', 'm1']);
      }));

    test('holds in temporary queues', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.createTemporaryQueue('temp:q');
        await rig.done(...[1, 4, 8].map((priority): Operation => ({ kind: 'enqueue', queue: 'temp:q', message: message(`p${priority}`, { priority }) })));
        const claimed = await rig.claim('temp:q');
        assert.deepEqual(claimedIds(claimed), ['p8', 'p4', 'p1']);
        await rig.done(release('temp:q', claimed[0]!));
        assert.deepEqual(claimedIds(await rig.claim('temp:q')), ['p8']);
      }));

    test('goes along with a message that is moved', () =>
      Rig.use(create, async (rig) => {
        await rig.done(ranked('m1', 4), ranked('m2', 4));
        const [first, second] = await rig.claim('a');
        const moved = (id: string, seq: number, priority: number): Operation => ({ kind: 'move', queue: 'a', seq, to: 'DLQ.a', message: message(id, { priority }) });
        await rig.done(moved('m1', first!.seq, 2), moved('m2', second!.seq, 3));
        assert.deepEqual(claimedIds(await rig.claim('DLQ.a')), ['m2', 'm1']);
      }));
  });
}

/** For engines whose store outlives them. */
export function describePriorityRestart(create: CreateSubject): void {
  describe('priority after a crash', () => {
    test('is what it was, for what was at rest and for what was held', () =>
      Rig.use(create, async (rig) => {
        await rig.done(...MIXED);
        await rig.claim('a', 4);
        await rig.restart();
        assert.deepEqual(await rig.idsAtRest('a'), SORTED);
        const [first, second] = await rig.claim('a', 3);
        await rig.done(release('a', second!), settle('a', first!));
        await rig.restart();
        assert.deepEqual(claimedIds(await rig.claim('a')), SORTED.slice(1));
      }));
  });
}
