import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian keeps servers where users seldom have their PATH. */
const MORE_FOLDERS = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin'];

/** Path of the `redis-server` for tests: `REDIS_SERVER`, else the first one on PATH. Throws with what to do about it. */
export function redisProgram(): string {
  const given = process.env['REDIS_SERVER'];
  if (given) {
    if (!isExecutable(given)) throw new Error(`Expected REDIS_SERVER to name a redis-server, got ${given}, which cannot be run`);
    return given;
  }
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), ...MORE_FOLDERS]) {
    const path = join(folder, 'redis-server');
    if (folder && isExecutable(path)) return path;
  }
  throw new Error('This test needs redis-server, and there is none on PATH. Type: apt-get install redis-server (or set REDIS_SERVER)');
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
