import { test, describe, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { FaultyDisk } from '../testing/faulty-disk.ts';
import { Journal } from './journal.ts';
import type { Place } from './place.ts';
import { PlaceReader, type Wanted } from './place-reader.ts';
import { RECORD_HEAD_BYTES, sealRecord } from './record.ts';
import { openSegments } from './segment-store.ts';
import { temporaryDirectory } from '../testing/temporary-directory.ts';

/** A journal with records that hold one message each; a message is its own number, over and over. */
class Shelf {
  readonly disk = new FaultyDisk();
  readonly places: Place[] = [];
  journal!: Journal;
  reader!: PlaceReader;

  static async filled(t: TestContext, sizes: readonly number[], segmentBytes = 1 << 22): Promise<Shelf> {
    const shelf = new Shelf();
    const directory = await temporaryDirectory(t);
    shelf.journal = new Journal(
      shelf.disk,
      directory,
      segmentBytes,
      await openSegments(shelf.disk, directory, () => undefined),
    );
    t.after(() => shelf.journal.close());
    shelf.reader = new PlaceReader(shelf.journal);
    for (const size of sizes) await shelf.add(size);
    return shelf;
  }

  async add(size: number): Promise<void> {
    const buffer = Buffer.alloc(RECORD_HEAD_BYTES + 4 + size);
    buffer.writeUInt32LE(size, RECORD_HEAD_BYTES);
    content(this.places.length, size).copy(buffer, RECORD_HEAD_BYTES + 4);
    const place = await this.journal.append(sealRecord(buffer, buffer.length, 1));
    assert.ok(place !== 'full');
    this.places.push(place + RECORD_HEAD_BYTES);
  }

  wanted(numbers: readonly number[], bytes = 100): Wanted[] {
    return numbers.map((number) => ({ place: this.places[number]!, bytes }));
  }
}

const content = (number: number, size: number): Buffer => Buffer.alloc(size, `${number},`);

describe('reading messages back', () => {
  test('gives each what stands at its place, in any order, of any size, however wrong the guess', async (t) => {
    const sizes = [10, 0, 300_000, 5000, 1, 70_000, 2_000_000, 12, 4096, 255];
    const shelf = await Shelf.filled(t, sizes, 400_000);
    for (const guess of [0, 100, 1_000_000]) {
      for (const numbers of [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [9, 6, 2, 0], [3, 3, 3], [8], []]) {
        const found = await shelf.reader.read(shelf.wanted(numbers, guess));
        assert.deepEqual(
          found,
          numbers.map((number) => content(number, sizes[number]!)),
        );
      }
    }
  });

  test('reads far fewer times than there are messages where they stand one behind the other', async (t) => {
    const sizes = Array.from({ length: 250 }, () => 4000);
    const shelf = await Shelf.filled(t, sizes);
    const before = shelf.disk.readCount;
    for (let number = 0; number < 250; number++) await shelf.reader.read(shelf.wanted([number], 4000));
    assert.ok(shelf.disk.readCount - before < 10, `read ${shelf.disk.readCount - before} times`);
  });

  test('sees what was appended after it read the end', async (t) => {
    const shelf = await Shelf.filled(t, [10, 10]);
    await shelf.reader.read(shelf.wanted([0, 1]));
    await shelf.add(500);
    await shelf.add(10);
    assert.deepEqual(await shelf.reader.read(shelf.wanted([2, 3])), [content(2, 500), content(3, 10)]);
  });

  test('keeps a segment open until it has read', async (t) => {
    const shelf = await Shelf.filled(t, [10]);
    const reading = shelf.reader.read(shelf.wanted([0]));
    assert.equal(shelf.journal.front.readers, 1);
    const idle = shelf.reader.idle();
    await reading;
    assert.equal(shelf.journal.front.readers, 0);
    await idle;
  });

  test('rejects when the disk does not give it', async (t) => {
    const shelf = await Shelf.filled(t, [10]);
    shelf.disk.failing.set('read', 'EIO');
    await assert.rejects(shelf.reader.read(shelf.wanted([0])), { code: 'EIO' });
    assert.equal(shelf.journal.front.readers, 0);
    await shelf.reader.idle();
  });
});
