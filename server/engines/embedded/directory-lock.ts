import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';

const NAME = /^lock\.(\d+)$/;

/** Another process has the directory; the message is for the operator. */
export class DirectoryInUseError extends Error {
  override readonly name = 'DirectoryInUseError';

  constructor(directory: string) {
    super(
      `Another Stompede uses ${directory}: only one process may. Stop it, or give this one a directory of its own.`,
    );
  }
}

/**
 * Makes sure that one process at a time uses a directory. The lock is a Unix socket in it that somebody listens on:
 * the system closes it with its process, however that ends, and a connection tells a live one from what a dead one left.
 *
 * A dead socket is never taken over, since two newcomers might do so at once. The newcomer binds the next number, which
 * only one can, looks once more whether any other is alive, and then sweeps the dead ones. Should two see each other in
 * that instant, both give up.
 */
export class DirectoryLock {
  readonly #server: net.Server;
  readonly #descriptor: number;

  private constructor(server: net.Server, descriptor: number) {
    this.#server = server;
    this.#descriptor = descriptor;
  }

  /** The directory must exist. Rejects with a `DirectoryInUseError` if another process has it. */
  static async acquire(directory: string): Promise<DirectoryLock> {
    if (process.platform === 'win32')
      return new DirectoryLock(await listen(pipeName(directory), directory), NO_DESCRIPTOR);
    const descriptor = fs.openSync(directory, 'r');
    try {
      const reach = shortPath(directory, descriptor);
      await refuseIfAlive(directory, reach, undefined);
      const own = Math.max(0, ...numbers(directory)) + 1;
      const server = await listen(path.join(reach, `lock.${own}`), directory);
      try {
        await refuseIfAlive(directory, reach, own);
        for (const number of numbers(directory))
          if (number !== own) fs.rmSync(path.join(directory, `lock.${number}`), { force: true });
      } catch (error) {
        await closed(server);
        throw error;
      }
      return new DirectoryLock(server, descriptor);
    } catch (error) {
      fs.closeSync(descriptor);
      throw error;
    }
  }

  async release(): Promise<void> {
    await closed(this.#server);
    if (this.#descriptor !== NO_DESCRIPTOR) fs.closeSync(this.#descriptor);
  }
}

const NO_DESCRIPTOR = -1;

/** Linux has a short way to any open directory. */
function shortPath(directory: string, descriptor: number): string {
  if (process.platform === 'linux') return `/proc/self/fd/${descriptor}`;
  const length = Buffer.byteLength(directory);
  if (length > LONGEST_PATH)
    throw new Error(
      `${directory} has ${length} octets: expected at most ${LONGEST_PATH}, since sockets have no longer names`,
    );
  return directory;
}

/** The least that any Unix allows, less the name of the lock. */
const LONGEST_PATH = 88;

/** Windows has no such files, but pipes that go with their process and that only one may own. */
function pipeName(directory: string): string {
  return `\\\\.\\pipe\\stompede-${Buffer.from(fs.realpathSync(directory)).toString('hex').slice(-200)}`;
}

function numbers(directory: string): number[] {
  return fs.readdirSync(directory).flatMap((name) => {
    const match = NAME.exec(name);
    return match ? [Number(match[1])] : [];
  });
}

async function refuseIfAlive(directory: string, reach: string, own: number | undefined): Promise<void> {
  for (const number of numbers(directory)) {
    if (number !== own && (await isAlive(path.join(reach, `lock.${number}`)))) throw new DirectoryInUseError(directory);
  }
}

function isAlive(socket: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = net.connect(socket);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(false);
      // A listener too busy to take another connection is alive.
      else if (error.code === 'EAGAIN') resolve(true);
      else reject(error);
    });
  });
}

async function listen(socket: string, directory: string): Promise<net.Server> {
  const server = net.createServer((probe) => probe.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') reject(new DirectoryInUseError(directory));
      else reject(error);
    });
    server.listen(socket, resolve);
  });
  server.unref();
  return server;
}

function closed(server: net.Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
