import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { ClusterProcess } from './cluster-process.mjs';
import { SetupError } from './house.mjs';

const SOCKET = 'redis.sock';
/** What a system takes as a socket's name, at the least (macOS). */
const MAX_PATH_BYTES = 103;

/**
 * Starts a Redis of our own on a socket in `folder`, which keeps what it is given: appended to a file, flushed each
 * second. `ready` resolves with true once it answers, with undefined if it ended before. One at a time in a folder: its
 * file would suffer.
 */
export async function startOwnRedis(program, folder) {
  const socket = join(resolve(folder), SOCKET);
  if (Buffer.byteLength(socket) > MAX_PATH_BYTES) {
    throw new SetupError(`--data must name a folder of a shorter path: a socket's may have ${MAX_PATH_BYTES} bytes, and ${socket} has more`);
  }
  await mkdir(folder, { recursive: true });
  if (await answers(socket)) {
    throw new SetupError(`a Redis runs in ${folder} already: end it (redis-cli -s ${socket} shutdown), or choose another folder by --data`);
  }
  const args = [
    ...['--port', '0', '--unixsocket', SOCKET, '--dir', resolve(folder)],
    ...['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', '', '--maxmemory-policy', 'noeviction'],
  ];
  const redis = new ClusterProcess('redis ', program, args, { cwd: folder });
  const ready = redis.line((line) => /ready to accept connections/i.test(line) || undefined);
  return { redis, ready, socket, url: `unix://${socket}` };
}

function answers(socket) {
  return new Promise((tell) => {
    const connection = connect(socket);
    connection.once('connect', () => {
      connection.destroy();
      tell(true);
    });
    connection.once('error', () => tell(false));
  });
}
