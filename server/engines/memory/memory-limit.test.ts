import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import type { Operation } from '../../broker/engine.ts';
import { messageBytes } from '../../broker/message.ts';
import { message, names } from '../engine-contract/messages.ts';
import { enqueue, move, publish, Rig, settle } from '../engine-contract/rig.ts';
import { MemoryEngine } from './memory-engine.ts';

const one = messageBytes(message('m1'));

/** Room for ten messages of `message('m1')`'s size. */
const use = (run: (rig: Rig) => Promise<void>): Promise<void> =>
  Rig.use(async () => ({ engine: new MemoryEngine({ memoryLimitBytes: 10 * one }), cleanup: async () => undefined }), run);

const fill = (count: number): Operation[] => Array.from({ length: count }, () => enqueue('a', 'm1'));

describe('memory limit', () => {
  test('refuses what does not fit, and lets settlements and topics through', () =>
    use(async (rig) => {
      await rig.done(...fill(10));
      await rig.refused('memory-limit', enqueue('b', 'm1'));
      await rig.done(publish('news', 'm1'));
      const claimed = await rig.claim('a', 2);
      await rig.refused('memory-limit', settle('a', claimed[0]!), ...fill(2));
      await rig.done(settle('a', claimed[0]!));
      await rig.done(enqueue('b', 'm1'));
      await rig.refused('memory-limit', enqueue('b', 'm1'));
    }));

  test('takes a whole group or nothing of it', () =>
    use(async (rig) => {
      await rig.refused('memory-limit', ...fill(11));
      assert.deepEqual(await rig.engine.queues(), []);
      await rig.done(...fill(10));
    }));

  test('lets a dead letter take the place of the message it was', () =>
    use(async (rig) => {
      await rig.done(...fill(10));
      await rig.done(move('a', await rig.claimOne('a'), 'DLQ.a', 'm1'));
      assert.deepEqual(await rig.idsAtRest('DLQ.a'), ['m1']);
    }));

  test('lets settlements through even where dead letters have outgrown it', () =>
    use(async (rig) => {
      await rig.done(...fill(10));
      const [first, second] = await rig.claim('a', 2);
      const grown = message('m1', { body: Buffer.alloc(1000) });
      await rig.done({ kind: 'move', queue: 'a', seq: first!.seq, to: 'DLQ.a', message: grown });
      await rig.done(settle('a', second!), publish('news', 'm1'));
      await rig.refused('memory-limit', enqueue('a', 'm1'));
    }));

  test('has its room back after purges, drops and refusals', () =>
    use(async (rig) => {
      for (const name of names(5, 'q')) {
        await rig.done(...fill(10));
        await rig.refused('not-held', settle('a', { seq: 1_000_000 }));
        assert.equal(await rig.engine.purge('a', 4), 4);
        await rig.refused('not-held', ...fill(4), settle('a', { seq: 1_000_000 }));
        await rig.done(...Array.from({ length: 4 }, () => enqueue(name, 'm1')));
        await rig.claim(name, 1);
        await rig.engine.dropQueue(name);
        await rig.engine.dropQueue('a');
      }
      await rig.done(...fill(10));
    }));
});
