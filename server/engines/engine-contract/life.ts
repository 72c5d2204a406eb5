import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { assertRefused, claimedIds, enqueue, move, publish, release, Rig, settle, type CreateSubject } from './rig.ts';
import { names } from './messages.ts';

export function describeClose(create: CreateSubject): void {
  describe('close', () => {
    test('finishes what was given before, and refuses what comes after', () =>
      Rig.use(create, async (rig) => {
        const before = names(50).map((id) => rig.apply([enqueue('a', id)]));
        const closing = rig.engine.close();
        const after = rig.apply([enqueue('a', 'late')]);
        for (const outcome of await Promise.all(before)) assert.deepEqual(outcome, { ok: true, missed: 0, repeats: 0 });
        await closing;
        assertRefused(await after, 'store-failed');
        assertRefused(await rig.apply([publish('news', 'n1')]), 'store-failed');
        assert.deepEqual(await rig.claim('a'), []);
      }));

    test('may be called again', () =>
      Rig.use(create, async (rig) => {
        await Promise.all([rig.engine.close(), rig.engine.close()]);
        await rig.engine.close();
      }));

    test('is silent afterwards', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.watch('news');
        await rig.engine.close();
        const count = rig.events.messages.length + rig.events.ready.length;
        await rig.apply([publish('news', 'n1'), enqueue('a', 'm1')]);
        assert.equal(rig.events.messages.length + rig.events.ready.length, count);
      }));
  });
}

/** For engines whose store outlives them; the others have no such tests. */
export function describeRestart(create: CreateSubject): void {
  describe('after a crash', () => {
    test('everything that was resolved is there, in order', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', ...names(300));
        await rig.done(...names(10, 'x').map((id) => enqueue('b', id)));
        const before = await rig.engine.browse('a', 0, 1000);
        await rig.restart();
        assert.deepEqual(await rig.engine.browse('a', 0, 1000), before);
        assert.deepEqual(await rig.idsAtRest('b'), names(10, 'x'));
      }));

    test('what was settled stays away, and what was moved stands where it was moved to', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', ...names(6));
        const claimed = await rig.claim('a', 4);
        await rig.done(settle('a', claimed[1]!));
        await rig.done(move('a', claimed[2]!, 'DLQ.a', 'm3'));
        await rig.done(release('a', claimed[0]!, 'nack'), release('a', claimed[3]!));
        await rig.restart();
        assert.deepEqual(await rig.idsAtRest('DLQ.a'), ['m3']);
        const again = await rig.claim('a');
        assert.deepEqual(claimedIds(again), ['m1', 'm4', 'm5', 'm6']);
        assert.deepEqual(again.map((each) => each.failures), [1, 0, 0, 0]);
        assert.deepEqual(again.map((each) => each.recoveries), [0, 0, 0, 0]);
      }));

    test('what was held is back in its place, with one more recovery each time', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', ...names(5));
        for (let crash = 0; crash < 3; crash++) {
          assert.equal((await rig.claim('a', 2)).length, 2);
          await rig.restart();
          assert.deepEqual(await rig.counts('a'), { ready: 5, inFlight: 0 });
        }
        await rig.restart();
        const claimed = await rig.claim('a');
        assert.deepEqual(claimedIds(claimed), names(5));
        assert.deepEqual(claimed.map((each) => each.recoveries), [3, 3, 0, 0, 0]);
        await rig.done(...claimed.map((each) => settle('a', each)));
        await rig.restart();
        assert.deepEqual(await rig.engine.queues(), []);
      }));

    test('messages are numbered above those that are still there', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', ...names(3));
        await rig.restart();
        await rig.send('a', 'm4');
        const claimed = await rig.claim('a');
        assert.deepEqual(claimedIds(claimed), names(4));
        const seqs = claimed.map((each) => each.seq);
        assert.deepEqual(seqs, [...new Set(seqs)].sort((left, right) => left - right));
      }));

    test('temporary, purged and dropped queues are gone', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.createTemporaryQueue('temp:q');
        await rig.done(enqueue('temp:q', 'm1'), enqueue('a', 'm2'), enqueue('b', 'm3'), enqueue('c', 'm4'));
        await rig.engine.dropQueue('b');
        assert.equal(await rig.engine.purge('c', 10), 1);
        await rig.restart();
        assert.deepEqual((await rig.engine.queues()).map((info) => info.name), ['a']);
      }));

    test('a queue that was dropped and used again has only the new messages', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'old1', 'old2');
        await rig.claimOne('a');
        await rig.engine.dropQueue('a');
        await rig.send('a', 'new');
        await rig.restart();
        assert.deepEqual(await rig.idsAtRest('a'), ['new']);
      }));

    test('a refused group left nothing', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'm1');
        const claimed = await rig.claimOne('a');
        await rig.refused('not-held', settle('a', claimed), enqueue('b', 'x'), settle('a', claimed));
        await rig.restart();
        assert.deepEqual(await rig.idsAtRest('a'), ['m1']);
        assert.deepEqual(await rig.idsAtRest('b'), []);
      }));

    test('a group that was still under way is there whole or not at all', () =>
      Rig.use(create, async (rig) => {
        const resolved = new Set<string>();
        const all = names(60);
        const underWay = all.map(async (id) => {
          const outcome = await rig.apply(['a', 'b', 'c'].map((queue) => enqueue(queue, id)));
          if (outcome.ok) resolved.add(id);
        });
        await underWay[19];
        const promised = [...resolved];
        await rig.restart();
        const there = await rig.idsAtRest('a');
        assert.deepEqual(there, all.slice(0, there.length));
        assert.deepEqual(await rig.idsAtRest('b'), there);
        assert.deepEqual(await rig.idsAtRest('c'), there);
        for (const id of promised) assert.ok(there.includes(id), `expected ${id}, which was promised`);
      }));

    test('an orderly end counts no less: nothing was released', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', ...names(3));
        await rig.claim('a', 1);
        await rig.engine.close();
        await rig.restart();
        const claimed = await rig.claim('a');
        assert.deepEqual(claimedIds(claimed), names(3));
        assert.deepEqual(claimed.map((each) => each.recoveries), [1, 0, 0]);
      }));
  });
}
