import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { claimedIds, enqueue, settle } from '../engine-contract/rig.ts';
import { names } from '../engine-contract/messages.ts';
import { FaultyEngine } from './testing/faulty-engine.ts';

function lastSegment({ directory }: FaultyEngine): string {
  const logs = fs.readdirSync(directory).filter((name) => name.endsWith('.log'));
  return path.join(directory, logs.sort().at(-1)!);
}

describe('after a crash', () => {
  test('a group that was torn is gone as a whole, and all before it is there', async (t) => {
    const faulty = await FaultyEngine.start(t);
    await faulty.rig.send('a', 'm1', 'm2');
    const held = await faulty.rig.claimOne('a');
    const before = fs.statSync(lastSegment(faulty)).size;
    await faulty.rig.done(settle('a', held), enqueue('b', 'x'), enqueue('c', 'y'));
    const whole = fs.readFileSync(lastSegment(faulty));
    for (let size = before; size < whole.length; size += 7) {
      await faulty.crash(() => fs.writeFileSync(lastSegment(faulty), whole.subarray(0, size)));
      assert.deepEqual(await faulty.rig.idsAtRest('a'), ['m1', 'm2'], `cut at octet ${size - before}`);
      assert.deepEqual((await faulty.rig.engine.queues()).map((queue) => queue.name), ['a']);
    }
  });

  test('messages that came back before are not counted as lost with their holder', async (t) => {
    const faulty = await FaultyEngine.start(t);
    await faulty.rig.send('a', ...names(4));
    const claimed = await faulty.rig.claim('a', 3);
    await faulty.rig.done({ kind: 'release', queue: 'a', seq: claimed[0]!.seq, reason: 'undelivered' });
    await faulty.crash();
    const again = await faulty.rig.claim('a');
    assert.deepEqual(again.map((each) => each.recoveries), [0, 1, 1, 0]);
  });

  test('of the machine itself, everything may have been delivered, but that does not add up', async (t) => {
    const faulty = await FaultyEngine.start(t);
    await faulty.rig.send('a', ...names(3));
    for (let round = 0; round < 3; round++) {
      await faulty.rig.claim('a', 1);
      await faulty.crash(() => {
        // As a power cut may leave them: never flushed, so not there.
        for (const name of ['claims-a', 'claims-b']) fs.truncateSync(path.join(faulty.directory, name), 0);
      });
      const queue = await faulty.rig.claim('a');
      assert.deepEqual(claimedIds(queue), names(3));
      assert.deepEqual(queue.map((each) => each.recoveries), [1, 1, 1]);
      for (const { seq } of queue) await faulty.rig.done({ kind: 'release', queue: 'a', seq, reason: 'undelivered' });
    }
    await faulty.rig.send('a', 'later');
    await faulty.crash();
    const last = await faulty.rig.claim('a');
    assert.deepEqual(last.map((each) => each.recoveries), [1, 1, 1, 0]);
  });

  test('a journal of a later release is refused', async (t) => {
    const faulty = await FaultyEngine.start(t);
    await faulty.rig.send('a', 'm1');
    const file = lastSegment(faulty);
    const later = (): void => {
      const bytes = fs.readFileSync(file);
      bytes.writeUInt32LE(2, 8);
      fs.writeFileSync(file, bytes);
    };
    await assert.rejects(faulty.crash(later), /expected format version 1, got 2/);
  });
});
