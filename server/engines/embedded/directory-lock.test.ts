import { test, describe, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { DirectoryInUseError, DirectoryLock } from './directory-lock.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

const MODULE = path.join(import.meta.dirname, 'directory-lock.ts');

/** A process that takes the lock and says what came of it. */
async function holder(t: TestContext, directory: string): Promise<{ answer: string; kill: () => Promise<void> }> {
  const script = `
    import { DirectoryLock } from ${JSON.stringify(MODULE)};
    const answer = await DirectoryLock.acquire(process.argv[1]).then(() => 'mine', (error) => error.name);
    console.log(answer);
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exit;
  };
  t.after(kill);
  const [answer] = (await once(child.stdout, 'data')) as [Buffer];
  return { answer: answer.toString().trim(), kill };
}

describe('the lock of a directory', () => {
  test('is given to one process at a time', async (t) => {
    const directory = await temporaryDirectory(t);
    const other = await holder(t, directory);
    assert.equal(other.answer, 'mine');
    const message = `Another Stompede uses ${directory}: only one process may. Stop it, or give this one a directory of its own.`;
    await assert.rejects(DirectoryLock.acquire(directory), { name: 'DirectoryInUseError', message });
  });

  test('is free again when its process was killed', async (t) => {
    const directory = await temporaryDirectory(t);
    for (let round = 0; round < 2; round++) {
      const other = await holder(t, directory);
      assert.equal(other.answer, 'mine');
      await other.kill();
    }
    const lock = await DirectoryLock.acquire(directory);
    assert.equal(fs.readdirSync(directory).length, 1);
    await lock.release();
  });

  test('is free again when it was released, and leaves nothing', async (t) => {
    const directory = await temporaryDirectory(t);
    for (let round = 0; round < 3; round++) {
      const lock = await DirectoryLock.acquire(directory);
      await assert.rejects(DirectoryLock.acquire(directory), DirectoryInUseError);
      await lock.release();
      assert.deepEqual(fs.readdirSync(directory), []);
    }
  });

  test('goes to one at most of many who come at once', async (t) => {
    const directory = await temporaryDirectory(t);
    fs.writeFileSync(path.join(directory, 'lock.41'), 'what a dead process left is no socket that anybody listens on');
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => DirectoryLock.acquire(directory)));
    const locks = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    assert.ok(locks.length <= 1, `${locks.length} got it`);
    for (const result of results)
      if (result.status === 'rejected') assert.ok(result.reason instanceof DirectoryInUseError, String(result.reason));
    for (const lock of locks) await lock.release();
    await (await DirectoryLock.acquire(directory)).release();
  });

  test('works in a directory with a very long path, or says that it does not', async (t) => {
    const directory = path.join(await temporaryDirectory(t), 'x'.repeat(120), 'y'.repeat(120));
    fs.mkdirSync(directory, { recursive: true });
    if (process.platform === 'darwin') return assert.rejects(DirectoryLock.acquire(directory), /expected at most 88/);
    const lock = await DirectoryLock.acquire(directory);
    await assert.rejects(DirectoryLock.acquire(directory), DirectoryInUseError);
    await lock.release();
    return undefined;
  });
});
