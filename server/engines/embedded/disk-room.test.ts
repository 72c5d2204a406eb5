import { test, describe, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { DiskRoom } from './disk-room.ts';
import { FaultyDisk } from './testing/faulty-disk.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

const MB = 1024 * 1024;

async function roomOn(
  t: TestContext,
  disk: FaultyDisk,
  directory?: string,
): Promise<{ room: DiskRoom; changes: boolean[]; directory: string; ballast: () => number }> {
  const place = directory ?? (await temporaryDirectory(t));
  const changes: boolean[] = [];
  const options = { ballastBytes: MB, reserveBytes: 4 * MB, checkMs: 1_000_000 };
  const room = new DiskRoom(disk, place, options, (isOpen) => changes.push(isOpen), assert.ifError);
  t.after(() => room.close());
  await room.start();
  const ballast = (): number => fs.statSync(path.join(place, 'ballast'), { throwIfNoEntry: false })?.size ?? 0;
  return { room, changes, directory: place, ballast };
}

function diskWith(freeBytes: number): FaultyDisk {
  const disk = new FaultyDisk();
  disk.reported = { freeBytes, totalBytes: 100 * MB };
  return disk;
}

describe('the room on a disk', () => {
  test('is open when there is enough, and the ballast is taken', async (t) => {
    const { room, ballast } = await roomOn(t, diskWith(50 * MB));
    assert.ok(room.isOpen);
    assert.equal(ballast(), MB);
  });

  test('is refused before the disk is full, and given again with a margin', async (t) => {
    const disk = diskWith(50 * MB);
    const { room, changes, ballast } = await roomOn(t, disk);
    for (const [free, isOpen] of [
      [4 * MB - 1, false],
      [4 * MB + 1, false],
      [5 * MB, true],
      [4 * MB, true],
      [MB, false],
    ] as const) {
      disk.reported = { freeBytes: free, totalBytes: 100 * MB };
      await room.check();
      assert.equal(room.isOpen, isOpen, `with ${free} octets free`);
    }
    assert.deepEqual(changes, [true, false, true, false]);
    assert.equal(ballast(), MB);
  });

  test('is looked at early when much was written', async (t) => {
    const disk = diskWith(50 * MB);
    const { room } = await roomOn(t, disk);
    disk.reported = { freeBytes: MB, totalBytes: 100 * MB };
    room.wrote(MB / 2);
    assert.ok(room.isOpen);
    room.wrote(MB);
    await room.check();
    assert.ok(!room.isOpen);
  });

  test('gives up its ballast on a full disk, and takes it back only when there is more room than that', async (t) => {
    const disk = diskWith(50 * MB);
    const { room, ballast } = await roomOn(t, disk);
    await room.spend();
    assert.ok(room.isSpent);
    assert.equal(ballast(), 0);
    for (const free of [MB, 4 * MB, 5 * MB]) {
      disk.reported = { freeBytes: free, totalBytes: 100 * MB };
      await room.check();
      assert.ok(room.isSpent, `with ${free} octets free`);
    }
    disk.reported = { freeBytes: 6 * MB, totalBytes: 100 * MB };
    await room.check();
    assert.ok(room.isOpen);
    assert.equal(ballast(), MB);
  });

  test('hands its ballast over, once', async (t) => {
    const { room, ballast } = await roomOn(t, diskWith(50 * MB));
    const taken: string[] = [];
    const take = async (file: string): Promise<void> => {
      taken.push(path.basename(file));
    };
    await room.spend(take);
    await room.spend(take);
    assert.deepEqual(taken, ['ballast']);
    assert.equal(ballast(), MB);
  });

  test('stays shut when there was no room for the ballast after all', async (t) => {
    const disk = diskWith(50 * MB);
    disk.roomBytes = MB / 2;
    const { room, ballast } = await roomOn(t, disk);
    assert.ok(room.isSpent);
    assert.equal(ballast(), 0);
  });

  test('knows its ballast again, and does not take half of one for it', async (t) => {
    const first = await roomOn(t, diskWith(50 * MB));
    const second = await roomOn(t, diskWith(4 * MB + MB / 2), first.directory);
    assert.ok(second.room.isOpen);
    fs.truncateSync(path.join(first.directory, 'ballast'), MB / 2);
    const third = await roomOn(t, diskWith(4 * MB + MB / 2), first.directory);
    assert.ok(third.room.isSpent);
  });
});
