import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { messageBytes } from '../../broker/message.ts';
import { ALL, claimedIds, enqueue, ids, release, Rig, settle, settleLate, type CreateSubject } from './rig.ts';
import { message, names } from './messages.ts';

export function describeInspection(create: CreateSubject): void {
  describe('browse', () => {
    test('shows messages at rest in order, by pages, and claims nothing', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', ...names(10));
        await rig.claim('a', 2);
        assert.deepEqual(ids(await rig.engine.browse('a', 0, 3)), ['m3', 'm4', 'm5']);
        assert.deepEqual(ids(await rig.engine.browse('a', 6, 10)), ['m9', 'm10']);
        assert.deepEqual(await rig.engine.browse('a', 8, 10), []);
        assert.deepEqual(await rig.engine.browse('a', 0, 0), []);
        assert.deepEqual(await rig.engine.browse('unknown', 0, 10), []);
        assert.equal((await rig.claim('a')).length, 8);
      }));

    test('shows no more octets than asked for, but one message at least', () =>
      Rig.use(create, async (rig) => {
        const sent = [10, 5_000, 10, 10, 3_000_000, 10].map((size, i) => message(`m${i + 1}`, { body: Buffer.alloc(size) }));
        for (const each of sent) await rig.done({ kind: 'enqueue', queue: 'a', message: each });
        const [small, large] = [messageBytes(sent[0]!), messageBytes(sent[1]!)];
        const page = async (offset: number, maxBytes: number) => ids(await rig.engine.browse('a', offset, 10, maxBytes));
        assert.deepEqual(await page(0, small + large), ['m1', 'm2']);
        assert.deepEqual(await page(0, small + large - 1), ['m1']);
        assert.deepEqual(await page(1, 0), ['m2']);
        assert.deepEqual(await page(2, 2 ** 20), ['m3', 'm4']);
        assert.deepEqual(await page(4, 2 ** 20), ['m5']);
        assert.deepEqual(await page(5, 2 ** 20), ['m6']);
      }));

    test('pages through messages that came back among new ones', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', ...names(12));
        const claimed = await rig.claim('a', 8);
        for (const at of [5, 1, 7, 3]) await rig.done(release('a', claimed[at]!));
        await rig.done(settleLate('a', claimed[3]!));
        const expected = ['m2', 'm6', 'm8', 'm9', 'm10', 'm11', 'm12'];
        for (let offset = 0; offset <= expected.length; offset++) {
          for (let limit = 0; limit <= expected.length; limit++) {
            const page = ids(await rig.engine.browse('a', offset, limit));
            assert.deepEqual(page, expected.slice(offset, offset + limit));
          }
        }
      }));
  });

  describe('purge', () => {
    test('removes messages at rest from the head, and tells how many', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', ...names(10));
        const held = await rig.claim('a', 2);
        assert.equal(await rig.engine.purge('a', 3), 3);
        assert.deepEqual(await rig.idsAtRest('a'), names(10).slice(5));
        assert.equal(await rig.engine.purge('a', 100), 5);
        assert.equal(await rig.engine.purge('a', 100), 0);
        assert.equal(await rig.engine.purge('unknown', 100), 0);
        assert.deepEqual(await rig.counts('a'), { ready: 0, inFlight: 2 });
        await rig.done(release('a', held[1]!), settle('a', held[0]!));
        assert.deepEqual(claimedIds(await rig.claim('a')), ['m2']);
      }));

    test('takes those that came back in their turn', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', ...names(6));
        const claimed = await rig.claim('a', 4);
        await rig.done(release('a', claimed[3]!), release('a', claimed[1]!));
        assert.equal(await rig.engine.purge('a', 3), 3);
        assert.deepEqual(await rig.idsAtRest('a'), ['m6']);
      }));
  });

  describe('queues', () => {
    test('counts messages and octets at rest and held', () =>
      Rig.use(create, async (rig) => {
        const sent = names(3).map((id) => message(id, { body: Buffer.alloc(1000) }));
        await rig.done(...sent.map((each) => ({ kind: 'enqueue' as const, queue: 'a', message: each })));
        await rig.send('b', 'm4');
        const claimed = await rig.claim('a', 2);
        const bytes = messageBytes(sent[0]!);
        const infos = (await rig.engine.queues()).sort((left, right) => left.name.localeCompare(right.name));
        assert.deepEqual(infos, [
          { name: 'a', temporary: false, ready: 1, inFlight: 2, scheduled: 0, dead: 0, bytes: 3 * bytes },
          { name: 'b', temporary: false, ready: 1, inFlight: 0, scheduled: 0, dead: 0, bytes: messageBytes(message('m4')) },
        ]);
        await rig.done(settle('a', claimed[0]!), release('a', claimed[1]!));
        const after = (await rig.engine.queues()).find((info) => info.name === 'a');
        assert.deepEqual(after, { name: 'a', temporary: false, ready: 2, inFlight: 0, scheduled: 0, dead: 0, bytes: 2 * bytes });
      }));

    test('forgets a queue that is empty with nothing held, and takes its name again', () =>
      Rig.use(create, async (rig) => {
        for (let round = 0; round < 3; round++) {
          await rig.send('a', 'm1');
          const claimed = await rig.claimOne('a');
          assert.deepEqual(await rig.counts('a'), { ready: 0, inFlight: 1 });
          await rig.done(settle('a', claimed));
          assert.deepEqual(await rig.engine.queues(), []);
        }
      }));

    test('outlives a thousand names used once', () =>
      Rig.use(create, async (rig) => {
        const all = names(1000, 'queue');
        await Promise.all(all.map((name) => rig.send(name, 'm1')));
        assert.equal((await rig.engine.queues()).length, 1000);
        await Promise.all(all.map(async (name) => rig.done(settle(name, await rig.claimOne(name)))));
        assert.deepEqual(await rig.engine.queues(), []);
        await rig.send('queue1', 'again');
        assert.deepEqual(await rig.idsAtRest('queue1'), ['again']);
      }));
  });

  describe('dropping a queue', () => {
    test('removes its messages, held ones included, and nobody else’s', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', ...names(3));
        await rig.send('b', 'm4');
        const claimed = await rig.claimOne('a');
        await rig.engine.dropQueue('a');
        await rig.engine.dropQueue('unknown');
        assert.deepEqual(await rig.claim('a'), []);
        await rig.refused('not-held', settle('a', claimed));
        assert.equal(await rig.done(settleLate('a', claimed)), 1);
        await rig.done(enqueue('a', 'new'));
        assert.deepEqual(claimedIds(await rig.claim('a', ALL)), ['new']);
        assert.deepEqual(await rig.idsAtRest('b'), ['m4']);
      }));
  });
}
