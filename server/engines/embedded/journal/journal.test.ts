import { test, describe, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { FaultyDisk } from '../testing/faulty-disk.ts';
import { Journal } from './journal.ts';
import { offsetOf, segmentOf } from './place.ts';
import { RECORD_HEAD_BYTES, sealRecord } from './record.ts';
import { openSegments } from './segment-store.ts';
import { temporaryDirectory } from '../testing/temporary-directory.ts';

function record(size: number): Buffer {
  const buffer = Buffer.alloc(RECORD_HEAD_BYTES + size, 'x');
  return sealRecord(buffer, buffer.length, 1);
}

async function journalOn(
  t: TestContext,
  disk: FaultyDisk,
  segmentBytes = 1 << 20,
): Promise<{ journal: Journal; directory: string }> {
  const directory = await temporaryDirectory(t);
  const journal = new Journal(disk, directory, segmentBytes, await openSegments(disk, directory, () => undefined));
  t.after(() => journal.close());
  return { journal, directory };
}

async function sizesIn(directory: string): Promise<number[]> {
  const sizes: number[] = [];
  for (const segment of await openSegments(new FaultyDisk(), directory, (_segment, _type, payload) =>
    sizes.push(payload.length),
  )) {
    await segment.file.close();
  }
  return sizes;
}

describe('an append', () => {
  test('tells the place of the record once it was flushed', async (t) => {
    const disk = new FaultyDisk();
    const { journal } = await journalOn(t, disk);
    disk.calls.length = 0;
    const first = await journal.append(record(100));
    assert.deepEqual(disk.calls, ['write', 'flush', 'flushed']);
    const second = await journal.append(record(10));
    assert.ok(first !== 'full' && second !== 'full');
    assert.equal(segmentOf(second), 1);
    assert.equal(offsetOf(second) - offsetOf(first), record(100).length);
  });

  test('goes on where the system took only a part', async (t) => {
    const disk = new FaultyDisk();
    const { journal, directory } = await journalOn(t, disk);
    disk.writeAtMost = 7;
    await journal.append(record(100));
    await journal.append(record(3));
    assert.deepEqual(await sizesIn(directory), [100, 3]);
  });

  test('that finds the disk full leaves nothing behind, however much of it was written', async (t) => {
    const disk = new FaultyDisk();
    const { journal, directory } = await journalOn(t, disk);
    await journal.append(record(50));
    for (const room of [0, 1, 8, 100]) {
      disk.roomBytes = room;
      assert.equal(await journal.append(record(200)), 'full');
      assert.equal(fs.statSync(`${directory}/00000001.log`).size, journal.tail.size);
    }
    disk.roomBytes = Infinity;
    await journal.append(record(60));
    assert.deepEqual(await sizesIn(directory), [50, 60]);
  });

  test('that finds no room for the next segment leaves nothing of it', async (t) => {
    const disk = new FaultyDisk();
    const { journal, directory } = await journalOn(t, disk, 64);
    await journal.append(record(100));
    disk.roomBytes = 5;
    assert.equal(await journal.append(record(20)), 'full');
    assert.deepEqual(fs.readdirSync(directory), ['00000001.log']);
    disk.roomBytes = Infinity;
    await journal.append(record(20));
    assert.deepEqual(await sizesIn(directory), [100, 20]);
    assert.equal(journal.segmentCount, 2);
  });

  test('rejects when the disk fails in any other way', async (t) => {
    for (const call of ['write', 'flush'] as const) {
      const disk = new FaultyDisk();
      const { journal } = await journalOn(t, disk);
      disk.failing.set(call, 'EIO');
      await assert.rejects(journal.append(record(20)), { code: 'EIO' });
    }
  });
});

describe('a segment made of another file', () => {
  test('holds the records alone, also after the next segment was begun', async (t) => {
    const { journal, directory } = await journalOn(t, new FaultyDisk());
    await journal.append(record(10));
    fs.writeFileSync(`${directory}/other`, Buffer.alloc(5000, '\u00a7'));
    await journal.rollInto(`${directory}/other`);
    await journal.append(record(20));
    assert.equal(fs.statSync(`${directory}/00000002.log`).size, 5000);
    await journal.roll();
    await journal.append(record(30));
    assert.deepEqual(await sizesIn(directory), [10, 20, 30]);
    assert.deepEqual(fs.readdirSync(directory), ['00000001.log', '00000002.log', '00000003.log']);
  });

  test('is read after a crash as far as its records go', async (t) => {
    const { journal, directory } = await journalOn(t, new FaultyDisk());
    fs.writeFileSync(`${directory}/other`, Buffer.alloc(5000, '\u00a7'));
    await journal.rollInto(`${directory}/other`);
    await journal.append(record(20));
    assert.deepEqual(await sizesIn(directory), [20]);
    assert.ok(fs.statSync(`${directory}/00000002.log`).size < 100);
  });
});

describe('the front segment', () => {
  test('is removed when nothing in it is needed', async (t) => {
    const { journal, directory } = await journalOn(t, new FaultyDisk(), 64);
    const places = [];
    for (let i = 0; i < 3; i++) {
      const place = await journal.append(record(100));
      assert.ok(place !== 'full');
      journal.count(place, 100);
      places.push(place);
    }
    await assert.rejects(journal.removeFront(), /segment 1 is still needed/);
    journal.count(places[0]!, -100);
    await journal.removeFront();
    assert.deepEqual(fs.readdirSync(directory), ['00000002.log', '00000003.log']);
    assert.equal(journal.segment(1), undefined);
    assert.equal(journal.segment(2), journal.front);
    assert.equal(journal.liveBytes, 200);
  });

  test('stays as long as it is the only one', async (t) => {
    const { journal } = await journalOn(t, new FaultyDisk());
    await assert.rejects(journal.removeFront(), /still needed/);
  });
});
