import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { claimedIds, enqueue, ids, Rig, type CreateSubject } from './rig.ts';
import { message, names } from './messages.ts';

export function describeOrder(create: CreateSubject): void {
  describe('enqueue and claim', () => {
    test('claims in the order of the enqueues', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', ...names(20));
        assert.deepEqual(claimedIds(await rig.claim('a', 7)), names(20).slice(0, 7));
        assert.deepEqual(claimedIds(await rig.claim('a')), names(20).slice(7));
        assert.deepEqual(await rig.claim('a'), []);
      }));

    test('keeps the order inside of a group', () =>
      Rig.use(create, async (rig) => {
        await rig.done(...names(50).map((id) => enqueue('a', id)));
        assert.deepEqual(claimedIds(await rig.claim('a')), names(50));
      }));

    test('gives back the whole message', () =>
      Rig.use(create, async (rig) => {
        const sent = message('m-0.1', {
          destination: '/queue/größe',
          headers: ['reply-to', '/temp-queue/x', 'empty', '', 'emoji', '😀', 'reply-to', 'twice'],
          body: Buffer.from([0, 1, 2, 0xff, 0xfe, 0, 10]),
          isText: false,
          timestamp: 1_753_000_000_123,
          priority: 9,
          group: 'grüppe',
          origin: '',
        });
        await rig.done({ kind: 'enqueue', queue: 'a', message: sent });
        assert.deepEqual(await rig.engine.browse('a', 0, 10), [sent]);
        const claimed = await rig.claimOne('a');
        assert.deepEqual(claimed.message, sent);
        assert.deepEqual([claimed.failures, claimed.recoveries, claimed.want], [0, 0, 0]);
      }));

    test('carries an empty body and one of a megabyte', () =>
      Rig.use(create, async (rig) => {
        const bodies = [Buffer.alloc(0), Buffer.alloc(1024 * 1024, 'stomp')];
        for (const body of bodies) await rig.done({ kind: 'enqueue', queue: 'a', message: message('m', { body }) });
        assert.deepEqual((await rig.claim('a')).map((each) => each.message.body), bodies);
      }));

    test('numbers messages upwards, over claims and over the life of the queue', () =>
      Rig.use(create, async (rig) => {
        const seqs: number[] = [];
        for (const id of names(5)) {
          await rig.send('a', id);
          const claimed = await rig.claimOne('a');
          seqs.push(claimed.seq);
          await rig.done({ kind: 'settle', queue: 'a', seq: claimed.seq });
        }
        assert.deepEqual(seqs, [...new Set(seqs)].sort((left, right) => left - right));
      }));

    test('never gives one message to two claims', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', ...names(60));
        const claims = await Promise.all([rig.claim('a', 20), rig.claim('a', 20), rig.claim('a', 20), rig.claim('a', 20)]);
        assert.deepEqual(claimedIds(claims.flat()), names(60));
      }));

    test('claims nothing from a queue that nobody sent to', () =>
      Rig.use(create, async (rig) => {
        assert.deepEqual(await rig.claim('nobody'), []);
        assert.deepEqual(await rig.engine.queues(), []);
      }));

    test('keeps queues apart, whatever their names', () =>
      Rig.use(create, async (rig) => {
        const queues = ['a', 'A', 'a/b', 'a.b', 'ä', '😀', ' ', 'a:b', '__proto__', '%2F'];
        for (const queue of queues) await rig.send(queue, `of ${queue}`);
        for (const queue of queues) assert.deepEqual(claimedIds(await rig.claim(queue)), [`of ${queue}`]);
      }));

    test('shows a message no earlier than its group is done, and then at once', () =>
      Rig.use(create, async (rig) => {
        for (const id of names(50)) {
          await rig.send('a', id);
          assert.equal((await rig.claimOne('a')).message.id, id);
        }
      }));

    test('keeps the same message twice if it is sent twice', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'm1', 'm1');
        assert.deepEqual(ids(await rig.engine.browse('a', 0, 10)), ['m1', 'm1']);
      }));
  });
}
