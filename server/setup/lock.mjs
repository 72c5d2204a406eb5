import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ROOT, say, SetupError } from './house.mjs';

const LOCK = join(ROOT, '.cache', 'setup.lock');
const PATIENCE_MS = 10 * 60_000;
/** A lock that has no owner's number yet was made this very moment, or by someone who died right then. */
const UNOWNED_MS = 5_000;

/**
 * Lets one process at a time install or build, for several start at once: test files, `npm start` beside `npm test`.
 * A folder is the lock since making one is atomic everywhere. The lock of a dead process is taken over.
 */
export async function alone(work) {
  await mkdir(join(ROOT, '.cache'), { recursive: true });
  await take();
  try {
    return await work();
  } finally {
    await rm(LOCK, { recursive: true, force: true });
  }
}

async function take() {
  const deadline = Date.now() + PATIENCE_MS;
  for (let told = false; ; ) {
    try {
      await mkdir(LOCK);
      await writeFile(join(LOCK, 'pid'), String(process.pid));
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (await isAbandoned()) {
      await rm(LOCK, { recursive: true, force: true });
      continue;
    }
    if (Date.now() > deadline) throw new SetupError(`another set-up holds ${LOCK} for too long: end it, or delete that folder`);
    if (!told) say('waiting for another set-up to finish');
    told = true;
    await wait(200);
  }
}

async function isAbandoned() {
  try {
    const pid = Number(await readFile(join(LOCK, 'pid'), 'utf8'));
    if (pid > 0) return !isAlive(pid);
    return Date.now() - (await stat(LOCK)).mtimeMs > UNOWNED_MS;
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    const made = await stat(LOCK).catch(() => undefined);
    return made !== undefined && Date.now() - made.mtimeMs > UNOWNED_MS;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and is someone else's.
    return error.code === 'EPERM';
  }
}
