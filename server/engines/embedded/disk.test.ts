import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { isFull, nodeDisk, writeAll, writeAllNow } from './disk.ts';
import { FaultyDisk, systemError } from './testing/faulty-disk.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

describe('the disk', () => {
  test('makes a directory with all above it, for this user alone', async (t) => {
    const directory = path.join(await temporaryDirectory(t), 'a', 'b');
    assert.deepEqual(await nodeDisk.list(directory), []);
    assert.equal(fs.statSync(directory).mode & 0o077, 0);
    await nodeDisk.list(directory);
  });

  test('writes all octets where they belong, in as many parts as the system takes', async (t) => {
    const disk = new FaultyDisk();
    const name = path.join(await temporaryDirectory(t), 'file');
    const file = await disk.open(name, 'create');
    disk.writeAtMost = 3;
    await writeAll(file, Buffer.from('0123456789'), 0);
    writeAllNow(file, Buffer.from('abcdefg'), 5);
    const bytes = Buffer.alloc(20);
    assert.equal(await file.read(bytes, 20, 0), 12);
    assert.equal(bytes.toString('utf8', 0, 12), '01234abcdefg');
    await file.truncate(4);
    assert.equal(await file.size(), 4);
    await file.close();
    assert.equal(fs.readFileSync(name, 'utf8'), '0123');
  });

  test('tells a full volume from every other error', () => {
    assert.ok(isFull(systemError('ENOSPC')));
    assert.ok(isFull(systemError('EDQUOT')));
    assert.ok(!isFull(systemError('EIO')));
    assert.ok(!isFull('ENOSPC'));
  });

  test('gives an error of Node where a file is missing, and none where one is to be removed', async (t) => {
    const name = path.join(await temporaryDirectory(t), 'file');
    await assert.rejects(nodeDisk.open(name, 'open'), { code: 'ENOENT' });
    await nodeDisk.remove(name);
  });

  test('knows the room on the volume', async (t) => {
    const { freeBytes, totalBytes } = await nodeDisk.room(await temporaryDirectory(t));
    assert.ok(freeBytes > 0 && totalBytes >= freeBytes);
  });
});
