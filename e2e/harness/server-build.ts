import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rmdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { eventually } from './eventually.ts';

export const REPOSITORY = resolve(import.meta.dirname, '../..');

let built: Promise<string[]> | undefined;

/**
 * What to run as the server: Node's arguments. That is the built `dist/server/main.js`, brought up to date first; or,
 * while working on the server, the sources themselves with `STOMPEDE_E2E_MAIN=server/main.ts` in the environment.
 */
export function serverCommand(): Promise<string[]> {
  const main = process.env['STOMPEDE_E2E_MAIN'];
  if (main) return Promise.resolve(['--import', import.meta.resolve('tsx'), resolve(REPOSITORY, main)]);
  built ??= build().then(() => [join(REPOSITORY, 'dist/server/main.js')]);
  return built;
}

/** Test files run in processes of their own, so the build is guarded by a folder: whoever makes it, builds. */
async function build(): Promise<void> {
  const lock = join(REPOSITORY, 'node_modules/.stompede-build.lock');
  await eventually(async () => {
    try {
      await mkdir(lock);
    } catch (error) {
      await removeLeftover(lock);
      throw error;
    }
  }, 180_000);
  try {
    const builder = spawn(process.execPath, [join(REPOSITORY, 'server/setup/build.mjs')], {
      cwd: REPOSITORY,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [builder.stdout, builder.stderr]) stream.on('data', (text) => (output += String(text)));
    const [code] = (await once(builder, 'close')) as [number | null];
    if (code !== 0) throw new Error(`server/setup/build.mjs ended with ${code}:\n${output}`);
  } finally {
    await rmdir(lock);
  }
}

/** A build that was killed leaves its folder behind; none takes two minutes. */
async function removeLeftover(lock: string): Promise<void> {
  const age = await stat(lock).then(
    (found) => Date.now() - found.mtimeMs,
    () => 0, // gone meanwhile: the next look makes it
  );
  if (age > 120_000) await rmdir(lock).catch(() => undefined); // somebody else removed it first
}
