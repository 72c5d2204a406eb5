import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { claimedIds, enqueue, move, release, Rig, settle, type CreateSubject } from './rig.ts';

export function describeTemporaryQueues(create: CreateSubject): void {
  describe('a temporary queue', () => {
    test('works as any other', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.createTemporaryQueue('temp:q');
        await rig.send('temp:q', 'm1', 'm2', 'm3');
        const claimed = await rig.claim('temp:q', 2);
        await rig.done(settle('temp:q', claimed[0]!));
        await rig.done(release('temp:q', claimed[1]!, 'nack'));
        const again = await rig.claim('temp:q');
        assert.deepEqual(claimedIds(again), ['m2', 'm3']);
        assert.equal(again[0]!.failures, 1);
      }));

    test('exists while it is empty, until it is dropped', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.createTemporaryQueue('temp:q');
        const empty = { name: 'temp:q', temporary: true, ready: 0, inFlight: 0, scheduled: 0, dead: 0, bytes: 0 };
        assert.deepEqual(await rig.engine.queues(), [empty]);
        await rig.send('temp:q', 'm1');
        await rig.done(settle('temp:q', await rig.claimOne('temp:q')));
        assert.deepEqual(await rig.engine.queues(), [empty]);
        await rig.engine.dropQueue('temp:q');
        assert.deepEqual(await rig.engine.queues(), []);
      }));

    test('is the same when it is created twice', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.createTemporaryQueue('temp:q');
        await rig.send('temp:q', 'm1');
        await rig.engine.createTemporaryQueue('temp:q');
        assert.deepEqual(claimedIds(await rig.claim('temp:q')), ['m1']);
      }));

    test('that is gone drops what is sent to it, and nothing else of the group', () =>
      Rig.use(create, async (rig) => {
        await rig.done(enqueue('temp:gone', 'm1'), enqueue('a', 'm2'));
        assert.deepEqual(await rig.claim('temp:gone'), []);
        assert.deepEqual(await rig.idsAtRest('a'), ['m2']);
        await rig.done(move('a', await rig.claimOne('a'), 'temp:gone', 'm2'));
        assert.deepEqual(await rig.engine.queues(), []);
      }));

    test('takes its held messages with it when it is dropped', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.createTemporaryQueue('temp:q');
        await rig.send('temp:q', 'm1', 'm2');
        const claimed = await rig.claimOne('temp:q');
        await rig.engine.dropQueue('temp:q');
        await rig.refused('not-held', settle('temp:q', claimed));
        await rig.engine.createTemporaryQueue('temp:q');
        assert.deepEqual(await rig.claim('temp:q'), []);
        await rig.refused('not-held', release('temp:q', claimed));
      }));

    test('tells when it has something', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.createTemporaryQueue('temp:q');
        assert.deepEqual(await rig.claim('temp:q'), []);
        await rig.send('temp:q', 'm1');
        await rig.events.untilReady('temp:q');
      }));
  });
}
