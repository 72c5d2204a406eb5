import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { messageBytes } from '../../broker/message.ts';
import { ALL, claimedIds, enqueue, release, Rig, settle, type CreateSubject } from './rig.ts';
import { message, names } from './messages.ts';

const NO_BOUND = 2 ** 40;

export function describeClaims(create: CreateSubject): void {
  describe('several wants', () => {
    test('are served in turn, one message each, until their credit is used', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', ...names(10));
        const claimed = await rig.engine.claim('a', [{ credit: 2 }, { credit: 0 }, { credit: 4 }, { credit: 1 }], NO_BOUND);
        assert.deepEqual(claimedIds(claimed), names(7));
        assert.deepEqual(claimed.map((each) => each.want), [0, 2, 3, 0, 2, 2, 2]);
      }));

    test('share what there is', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', ...names(5));
        const claimed = await rig.engine.claim('a', [{ credit: 100 }, { credit: 100 }, { credit: 100 }], NO_BOUND);
        assert.deepEqual(claimed.map((each) => each.want), [0, 1, 2, 0, 1]);
      }));

    test('without credit, or none at all, get nothing', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'm1');
        assert.deepEqual(await rig.engine.claim('a', [{ credit: 0 }, { credit: 0 }], NO_BOUND), []);
        assert.deepEqual(await rig.engine.claim('a', [], NO_BOUND), []);
        assert.deepEqual(await rig.idsAtRest('a'), ['m1']);
      }));
  });

  describe('the bound in octets', () => {
    const large = (id: string): ReturnType<typeof message> => message(id, { body: Buffer.alloc(1000) });
    const one = messageBytes(large('m1'));

    test('ends a claim before the message that does not fit', () =>
      Rig.use(create, async (rig) => {
        await rig.done(...names(6).map((id) => ({ kind: 'enqueue' as const, queue: 'a', message: large(id) })));
        assert.equal((await rig.claim('a', ALL, 3 * one)).length, 3);
        assert.equal((await rig.claim('a', ALL, 3 * one - 1)).length, 2);
        assert.deepEqual(claimedIds(await rig.claim('a')), ['m6']);
      }));

    test('lets at least one message through', () =>
      Rig.use(create, async (rig) => {
        await rig.done(...names(2).map((id) => ({ kind: 'enqueue' as const, queue: 'a', message: large(id) })));
        assert.deepEqual(claimedIds(await rig.claim('a', ALL, 1)), ['m1']);
        assert.deepEqual(claimedIds(await rig.claim('a', ALL, 0)), ['m2']);
      }));

    test('is followed by a hint when there is more', () =>
      Rig.use(create, async (rig) => {
        await rig.done(...names(2).map((id) => ({ kind: 'enqueue' as const, queue: 'a', message: large(id) })));
        await rig.claim('a', 0);
        const seen = rig.events.hintCount('a');
        await rig.claim('a', ALL, 1);
        await rig.events.untilReady('a', seen);
      }));
  });

  describe('a hint', () => {
    test('comes when a message arrives at a queue that had less than was wanted', () =>
      Rig.use(create, async (rig) => {
        for (const id of names(20)) {
          assert.deepEqual(await rig.claim('a'), []);
          const seen = rig.events.hintCount('a');
          await rig.send('a', id);
          await rig.events.untilReady('a', seen);
          await rig.done(settle('a', await rig.claimOne('a')));
        }
      }));

    test('comes when a message is given back', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'm1');
        const claimed = await rig.claimOne('a');
        assert.deepEqual(await rig.claim('a'), []);
        const seen = rig.events.hintCount('a');
        await rig.done(release('a', claimed));
        await rig.events.untilReady('a', seen);
        assert.deepEqual(claimedIds(await rig.claim('a')), ['m1']);
      }));

    test('comes for every queue of a group', () =>
      Rig.use(create, async (rig) => {
        for (const queue of names(5, 'q')) assert.deepEqual(await rig.claim(queue), []);
        await rig.done(...names(5, 'q').map((queue) => enqueue(queue, 'm1')));
        for (const queue of names(5, 'q')) await rig.events.untilReady(queue);
      }));

    test('is enough to empty a queue that is filled all the time', () =>
      Rig.use(create, async (rig) => {
        const received: string[] = [];
        const sent = names(500);
        const sending = Promise.all(sent.map((id) => rig.send('a', id)));
        while (received.length < sent.length) {
          const seen = rig.events.hintCount('a');
          const claimed = await rig.claim('a', 10);
          for (const each of claimed) received.push(each.message.id);
          if (claimed.length > 0) await rig.done(...claimed.map((each) => settle('a', each)));
          else await rig.events.untilReady('a', seen);
        }
        await sending;
        assert.deepEqual(received, sent);
      }));
  });
}
