import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import type { ConsumerWant } from '../../broker/engine.ts';
import { names } from './messages.ts';
import { claimedIds, release, Rig, type CreateSubject } from './rig.ts';

const NO_BOUND = 2 ** 40;

/** Consumers called c0, c1, … */
const wants = (...each: readonly (readonly [credit: number, priority: number])[]): ConsumerWant[] =>
  each.map(([credit, priority], index) => ({ consumer: `c${index}`, credit, priority }));

export function describeConsumerPriority(create: CreateSubject): void {
  describe('consumers of several priorities', () => {
    const dealt = async (rig: Rig, ...each: readonly (readonly [number, number])[]): Promise<number[]> =>
      (await rig.engine.claim('a', wants(...each), NO_BOUND)).map(({ want }) => want);

    test('get nothing as long as a higher one has credit', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', ...names(8));
        assert.deepEqual(await dealt(rig, [2, 0], [3, 10], [1, -5], [9, -128]), [1, 1, 1, 0, 0, 2, 3, 3]);
      }));

    test('are served in turn with those of the same', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', ...names(9));
        assert.deepEqual(await dealt(rig, [3, 7], [9, 127], [0, 127], [2, 127]), [1, 3, 1, 3, 1, 1, 1, 1, 1]);
        await rig.send('a', ...names(5));
        assert.deepEqual(await dealt(rig, [5, 1], [2, 2], [5, 1]), [1, 1, 0, 2, 0]);
      }));

    test('get messages in the order of the queue all the same', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', ...names(6));
        const claimed = await rig.engine.claim('a', wants([2, 0], [2, 5]), NO_BOUND);
        assert.deepEqual(claimedIds(claimed), names(4));
        await rig.done(release('a', claimed[3]!), release('a', claimed[0]!));
        assert.deepEqual(claimedIds(await rig.engine.claim('a', wants([2, 0], [1, 5]), NO_BOUND)), ['m1', 'm4', 'm5']);
      }));

    test('may come and go, and be like any other again', () =>
      Rig.use(create, async (rig) => {
        assert.deepEqual(await dealt(rig, [2, 9], [2, -9]), []);
        const seen = rig.events.hintCount('a');
        await rig.send('a', ...names(12));
        await rig.events.untilReady('a', seen);
        assert.deepEqual(await dealt(rig, [2, -9]), [0, 0]);
        assert.deepEqual(claimedIds(await rig.claim('a', 2)), ['m3', 'm4']);
        rig.engine.leave('a');
        assert.deepEqual(claimedIds(await rig.claim('a', 2)), ['m5', 'm6']);
        assert.deepEqual(await dealt(rig, [1, 3], [9, 4]), [1, 1, 1, 1, 1, 1]);
      }));

    test('hear of what comes', () =>
      Rig.use(create, async (rig) => {
        for (const id of names(10)) {
          assert.deepEqual(await dealt(rig, [1, 100], [1, -100]), []);
          const seen = rig.events.hintCount('a');
          await rig.send('a', id);
          await rig.events.untilReady('a', seen);
          assert.deepEqual(await dealt(rig, [1, -100], [1, 100]), [1]);
        }
      }));
  });
}
