import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import type { Claimed, Operation } from '../../broker/engine.ts';
import { names } from './messages.ts';
import { enqueue, move, release, Rig, settle, type CreateSubject } from './rig.ts';

const MESSAGES_EACH = 150;

export function describeLedger(create: CreateSubject): void {
  describe('producers and consumers at once', () => {
    test('settle every message once, whatever is given back or moved in between', () =>
      Rig.use(create, async (rig) => {
        const settled: string[] = [];
        const sent = ['p', 'q', 'r'].flatMap((producer) => names(MESSAGES_EACH, producer));
        const produce = (producer: string): Promise<unknown> => {
          return Promise.all(names(MESSAGES_EACH, producer).map((id) => rig.done(enqueue('work', id))));
        };
        const consume = async (queue: string, number: number): Promise<void> => {
          for (let round = number; settled.length < sent.length; round++) {
            const seen = rig.events.hintCount(queue);
            const claimed = await rig.claim(queue, 1 + (round % 7));
            await rig.done(...claimed.map((each, index) => treat(queue, each, round + index)));
            for (const [index, each] of claimed.entries()) if (isSettled(queue, round + index)) settled.push(each.message.id);
            if (claimed.length === 0) await rig.events.untilReady(queue, seen, () => settled.length >= sent.length);
          }
          rig.events.recheck();
        };
        const consumers = [consume('work', 1), consume('work', 3), consume('later', 5)];
        await Promise.all([...['p', 'q', 'r'].map(produce), ...consumers]);
        assert.deepEqual(settled.toSorted(), sent.toSorted());
        assert.deepEqual(await rig.engine.queues(), []);
      }));

    test('see each producer’s messages in its order, when there is one consumer', () =>
      Rig.use(create, async (rig) => {
        const producers = ['p', 'q', 'r'];
        const sending = producers.map((producer) => rig.send('work', ...names(MESSAGES_EACH, producer)));
        const received: string[] = [];
        while (received.length < producers.length * MESSAGES_EACH) {
          const seen = rig.events.hintCount('work');
          const claimed = await rig.claim('work', 20);
          received.push(...claimed.map((each) => each.message.id));
          if (claimed.length > 0) await rig.done(...claimed.map((each) => settle('work', each)));
          else await rig.events.untilReady('work', seen);
        }
        await Promise.all(sending);
        for (const producer of producers) {
          const own = received.filter((id) => id.startsWith(producer));
          assert.deepEqual(own, names(MESSAGES_EACH, producer));
        }
      }));
  });
}

const isSettled = (queue: string, chance: number): boolean => queue === 'later' || chance % 3 === 0;

/** Settles a third, gives back a third, and moves the rest, to be settled where they went. */
function treat(queue: string, claimed: Claimed, chance: number): Operation {
  if (isSettled(queue, chance)) return settle(queue, claimed);
  if (chance % 3 === 1) return release(queue, claimed, 'nack');
  return move(queue, claimed, 'later', claimed.message.id);
}
