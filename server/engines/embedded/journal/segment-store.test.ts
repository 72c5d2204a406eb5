import { test, describe, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { nodeDisk } from '../disk.ts';
import { Journal } from './journal.ts';
import { sealRecord, RECORD_HEAD_BYTES } from './record.ts';
import { openSegments } from './segment-store.ts';
import { FaultyDisk } from '../testing/faulty-disk.ts';
import { temporaryDirectory } from '../testing/temporary-directory.ts';

function record(text: string): Buffer {
  const buffer = Buffer.alloc(RECORD_HEAD_BYTES + Buffer.byteLength(text));
  buffer.write(text, RECORD_HEAD_BYTES);
  return sealRecord(buffer, buffer.length, 7);
}

/** Opens a directory; gives what was read and the journal, which goes with the test. */
async function open(
  t: TestContext,
  directory: string,
  segmentBytes = 1 << 20,
): Promise<{ read: string[]; journal: Journal }> {
  const read: string[] = [];
  const segments = await openSegments(nodeDisk, directory, (_segment, _type, payload) => read.push(payload.toString()));
  const journal = new Journal(nodeDisk, directory, segmentBytes, segments);
  t.after(() => journal.close().catch(() => undefined));
  return { read, journal };
}

async function written(t: TestContext, texts: readonly string[], segmentBytes?: number): Promise<string> {
  const directory = await temporaryDirectory(t);
  const { journal } = await open(t, directory, segmentBytes);
  for (const text of texts) await journal.append(record(text));
  await journal.close();
  return directory;
}

async function textsIn(t: TestContext, directory: string): Promise<string[]> {
  const { read, journal } = await open(t, directory);
  await journal.close();
  return read;
}

describe('opening a journal', () => {
  test('begins an empty one in an empty directory', async (t) => {
    const directory = await written(t, []);
    assert.deepEqual(await textsIn(t, directory), []);
    assert.deepEqual(fs.readdirSync(directory), ['00000001.log']);
  });

  test('reads all records of all segments in their order', async (t) => {
    const texts = Array.from({ length: 50 }, (_, i) => `record ${i}`);
    const directory = await written(t, texts, 100);
    assert.ok(fs.readdirSync(directory).length > 5);
    assert.deepEqual(await textsIn(t, directory), texts);
  });

  test('reads records that are longer than what it reads at a time', async (t) => {
    const texts = ['short', 'x'.repeat(9_000_000), 'after', 'y'.repeat(4_200_000)];
    assert.deepEqual(await textsIn(t, await written(t, texts)), texts);
  });

  test('cuts off a last record that is torn at any octet, and goes on behind the one before', async (t) => {
    const directory = await written(t, ['first', 'second', 'the torn one']);
    const file = path.join(directory, '00000001.log');
    const whole = fs.readFileSync(file);
    const start = whole.length - record('the torn one').length;
    for (let size = start; size < whole.length; size++) {
      fs.writeFileSync(file, whole.subarray(0, size));
      const { read, journal } = await open(t, directory);
      assert.deepEqual(read, ['first', 'second'], `torn at octet ${size - start}`);
      assert.equal(fs.statSync(file).size, start);
      await journal.append(record('third'));
      await journal.close();
      assert.deepEqual(await textsIn(t, directory), ['first', 'second', 'third']);
    }
  });

  test('cuts off a last record with any octet changed', async (t) => {
    const directory = await written(t, ['first', 'second', 'the changed one']);
    const file = path.join(directory, '00000001.log');
    const whole = fs.readFileSync(file);
    for (let at = whole.length - record('the changed one').length; at < whole.length; at++) {
      const changed = Buffer.from(whole);
      changed[at]! ^= 0x10;
      fs.writeFileSync(file, changed);
      assert.deepEqual(await textsIn(t, directory), ['first', 'second']);
    }
  });

  test('flushes what it read back, since that may never have been', async (t) => {
    const directory = await written(t, ['first', 'second']);
    const disk = new FaultyDisk();
    const [segment] = await openSegments(disk, directory, () => undefined);
    assert.deepEqual(disk.calls, ['flush', 'flushed']);
    await segment!.file.close();
  });

  test('cuts off zeros, as a power cut may leave them', async (t) => {
    const directory = await written(t, ['first']);
    fs.appendFileSync(path.join(directory, '00000001.log'), Buffer.alloc(5000));
    assert.deepEqual(await textsIn(t, directory), ['first']);
  });

  test('refuses a last segment with a damaged record before a whole one', async (t) => {
    const directory = await written(t, ['first', 'second', 'third']);
    const file = path.join(directory, '00000001.log');
    const bytes = fs.readFileSync(file);
    bytes[bytes.indexOf('second')]! ^= 1;
    fs.writeFileSync(file, bytes);
    await assert.rejects(open(t, directory), /00000001\.log is damaged at octet 30, and whole records follow/);
    assert.deepEqual(fs.readFileSync(file), bytes);
  });

  test('refuses an earlier segment that is damaged or cut short, and changes nothing', async (t) => {
    const directory = await written(
      t,
      ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(40)),
      80,
    );
    const file = path.join(directory, '00000001.log');
    const whole = fs.readFileSync(file);
    const changed = Buffer.from(whole);
    changed[changed.length - 1]! ^= 1;
    for (const bytes of [changed, whole.subarray(0, whole.length - 1)]) {
      fs.writeFileSync(file, bytes);
      await assert.rejects(
        open(t, directory),
        /00000001\.log is damaged at octet \d+, and later segments follow. Restore/,
      );
      assert.deepEqual(fs.readFileSync(file), bytes);
    }
  });

  test('refuses when a segment is missing', async (t) => {
    const directory = await written(
      t,
      ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => letter.repeat(40)),
      80,
    );
    fs.rmSync(path.join(directory, '00000002.log'));
    await assert.rejects(open(t, directory), /00000002\.log is missing/);
  });

  test('refuses the format of another release, and files that are something else', async (t) => {
    const directory = await written(t, ['first']);
    const file = path.join(directory, '00000001.log');
    const bytes = fs.readFileSync(file);
    bytes.writeUInt32LE(9, 8);
    fs.writeFileSync(file, bytes);
    await assert.rejects(open(t, directory), /expected format version 1, got 9/);
    fs.writeFileSync(file, 'this is no journal at all');
    await assert.rejects(open(t, directory), /it is no journal of Stompede/);
  });

  test('passes over a segment that a crash kept from being made', async (t) => {
    const directory = await written(t, ['first']);
    for (const head of ['', 'stomp', 'stompedj\u0001\0\0\0']) {
      fs.writeFileSync(path.join(directory, '00000002.log'), head);
      assert.deepEqual(await textsIn(t, directory), ['first']);
    }
    const alone = await temporaryDirectory(t);
    fs.writeFileSync(path.join(alone, '00000005.log'), '');
    assert.deepEqual(await textsIn(t, alone), []);
  });
});
