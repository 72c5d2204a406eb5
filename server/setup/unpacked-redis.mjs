import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT, say } from './house.mjs';

const FOLDER = join(ROOT, '.cache', 'redis');
const execute = promisify(execFile);

/**
 * A redis-server without root: Debian's packages fetched as files and unpacked below .cache/, with a small script that
 * tells the program where its libraries are. Resolves with that script's path, or undefined where apt cannot help.
 */
export async function unpackRedis() {
  const script = join(FOLDER, 'redis-server');
  if (existsSync(script)) return script;
  const making = `${FOLDER}.${process.pid}`;
  try {
    await mkdir(making, { recursive: true });
    const packages = await missingPackages();
    say(`no root: unpacking ${packages.join(', ')} below .cache/`);
    await execute('apt-get', ['download', '-q', ...packages], { cwd: making });
    for (const file of (await readdir(making)).filter((name) => name.endsWith('.deb'))) {
      await execute('dpkg-deb', ['-x', file, '.'], { cwd: making });
      await rm(join(making, file));
    }
    await writeFile(join(making, 'redis-server'), launcher());
    await chmod(join(making, 'redis-server'), 0o755);
    await rename(making, FOLDER);
    return script;
  } catch (error) {
    say(`redis-server could not be unpacked: ${error.message}`);
    return undefined;
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}

/** What an installation would bring, found by simulating it. */
async function missingPackages() {
  const { stdout } = await execute('apt-get', ['install', '--simulate', '--no-install-recommends', 'redis-server']);
  const packages = [...stdout.matchAll(/^Inst (\S+)/gm)].map((match) => match[1]);
  if (packages.length === 0) throw new Error('apt-get names no package to fetch');
  return packages;
}

function launcher() {
  return [
    '#!/bin/sh',
    'here=$(cd "$(dirname "$0")" && pwd)',
    'for folder in "$here"/usr/lib/*-linux-gnu; do LD_LIBRARY_PATH="$folder:$LD_LIBRARY_PATH"; done',
    'export LD_LIBRARY_PATH',
    'exec "$here/usr/bin/redis-server" "$@"',
    '',
  ].join('\n');
}
