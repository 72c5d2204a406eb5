import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { OBJECT_BYTES } from '../../broker/message.ts';
import { claimedIds, enqueue, settle } from '../engine-contract/rig.ts';
import { message, names } from '../engine-contract/messages.ts';
import { State } from '../state/state.ts';
import { BATCH } from './batch-format.ts';
import { BatchWriter } from './batch-writer.ts';
import type { DiskFile } from './disk.ts';
import { RECORD_HEAD_BYTES } from './journal/record.ts';
import { Segment } from './journal/segment.ts';
import { Recovery } from './recovery.ts';
import type { Stored } from './resident-messages.ts';
import { FaultyEngine } from './testing/faulty-engine.ts';

/** Recovery only counts; it has no business with the file. */
const noFile = {} as DiskFile;

function lastSegment({ directory }: FaultyEngine): string {
  const logs = fs.readdirSync(directory).filter((name) => name.endsWith('.log'));
  return path.join(directory, logs.sort().at(-1)!);
}

describe('reading the journal', () => {
  test('counts for each segment what stands in it and is still needed', () => {
    const state = new State<Stored>();
    const recovery = new Recovery(state);
    const segments = [1, 2, 3].map((number) => new Segment(number, noFile, 0));
    const write = (segment: number, compose: (batch: BatchWriter) => void): void => {
      const batch = new BatchWriter();
      batch.begin(9);
      compose(batch);
      recovery.read(segments[segment - 1]!, BATCH, batch.finish(BATCH).subarray(RECORD_HEAD_BYTES), 100);
    };
    const standing = (seq: number, recoveries = 0) => ({
      seq,
      bytes: OBJECT_BYTES - 130 + 1000 * 10 ** seq,
      failures: 0,
      recoveries,
    });
    write(1, (batch) => {
      for (const seq of [1, 2, 3, 4]) batch.put('a', standing(seq), message(`m${seq}`));
      batch.put('b', standing(5), message('m5'));
    });
    assert.deepEqual(
      segments.map((segment) => segment.liveBytes),
      [111_110_000, 0, 0],
    );
    // Moved, settled, moved and settled, dropped with its queue.
    write(2, (batch) => {
      batch.put('a', standing(1, 7), message('m1'));
      batch.drop('a', 2);
      batch.put('a', standing(3), message('m3'));
      batch.drop('a', 77);
    });
    assert.deepEqual(
      segments.map((segment) => segment.liveBytes),
      [110_000_000, 1_010_000, 0],
    );
    write(3, (batch) => {
      batch.drop('a', 3);
      batch.dropQueue('b');
      batch.put('b', standing(6), message('m6'));
    });
    assert.deepEqual(
      segments.map((segment) => segment.liveBytes),
      [10_000_000, 10_000, 1_000_000_000],
    );
    assert.deepEqual(
      state.browse('a', 0, 10).map(({ seq, recoveries }) => [seq, recoveries]),
      [
        [1, 7],
        [4, 0],
      ],
    );
    assert.equal(state.lastSeq, 9);
  });

  test('puts messages that were moved back in their order', () => {
    const state = new State<Stored>();
    const recovery = new Recovery(state);
    const segment = new Segment(5, noFile, 0);
    const batch = new BatchWriter();
    batch.begin(9);
    for (const seq of [7, 9, 2, 8, 1])
      batch.put('a', { seq, bytes: 1, failures: 0, recoveries: 0 }, message(`m${seq}`));
    recovery.read(segment, BATCH, batch.finish(BATCH).subarray(RECORD_HEAD_BYTES), 100);
    state.restore.straighten();
    assert.deepEqual(
      state.browse('a', 0, 10).map(({ seq }) => seq),
      [1, 2, 7, 8, 9],
    );
  });
});

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
      assert.deepEqual(
        (await faulty.rig.engine.queues()).map((queue) => queue.name),
        ['a'],
      );
    }
  });

  test('messages that came back before are not counted as lost with their holder', async (t) => {
    const faulty = await FaultyEngine.start(t);
    await faulty.rig.send('a', ...names(4));
    const claimed = await faulty.rig.claim('a', 3);
    await faulty.rig.done({ kind: 'release', queue: 'a', seq: claimed[0]!.seq, reason: 'undelivered' });
    await faulty.crash();
    const again = await faulty.rig.claim('a');
    assert.deepEqual(
      again.map((each) => each.recoveries),
      [0, 1, 1, 0],
    );
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
      assert.deepEqual(
        queue.map((each) => each.recoveries),
        [1, 1, 1],
      );
      for (const { seq } of queue) await faulty.rig.done({ kind: 'release', queue: 'a', seq, reason: 'undelivered' });
    }
    await faulty.rig.send('a', 'later');
    await faulty.crash();
    const last = await faulty.rig.claim('a');
    assert.deepEqual(
      last.map((each) => each.recoveries),
      [1, 1, 1, 0],
    );
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
