import fs from 'node:fs';
import path from 'node:path';

/**
 * PORT. What the store asks of a file system. A port of its own, so that tests can make the disk full, slow or broken.
 * Errors are those of Node (`code` is `ENOSPC`, `EIO`, …).
 */
export interface Disk {
  /** Names in a directory, which is made if it is missing. */
  list(directory: string): Promise<string[]>;
  /** `create` makes an empty file, also where there is one already; `open` wants it to exist. */
  open(path: string, how: 'open' | 'create'): Promise<DiskFile>;
  rename(from: string, to: string): Promise<void>;
  /** A missing file is fine. */
  remove(path: string): Promise<void>;
  /** Makes what was created, renamed and removed in a directory survive a power cut. */
  flushDirectory(directory: string): Promise<void>;
  room(directory: string): Promise<Room>;
}

export interface DiskFile {
  size(): Promise<number>;
  /** Reads up to `length` octets from `position` into the start of `buffer`; less only at the end of the file. */
  read(buffer: Buffer, length: number, position: number): Promise<number>;
  /** Writes octets from `from` on and tells how many were taken, which may be fewer: see `writeAll`. */
  write(bytes: Buffer, from: number, position: number): Promise<number>;
  /** As `write`, before it returns. For a few octets only: it stops the event loop. */
  writeNow(bytes: Buffer, from: number, position: number): number;
  /** Resolves when what was written is on the disk (`fdatasync`). */
  flush(): Promise<void>;
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}

/** Octets of a volume, for those who are not root. */
export interface Room {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** Writes all octets. After an error any part of them may be there. */
export async function writeAll(file: DiskFile, bytes: Buffer, position: number): Promise<void> {
  // The system may take a part, e.g. when the volume is about to be full; then the next write tells.
  for (let done = 0; done < bytes.length;) done += taken(await file.write(bytes, done, position + done));
}

/** As `writeAll`, before it returns. */
export function writeAllNow(file: DiskFile, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length;) done += taken(file.writeNow(bytes, done, position + done));
}

function taken(count: number): number {
  if (count <= 0) throw new Error(`expected a write to take at least one octet, it took ${count}`);
  return count;
}

/** The volume has no room left, or the user may take no more of it. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

export const nodeDisk: Disk = {
  async list(directory) {
    const made = await fs.promises.mkdir(directory, { recursive: true, mode: 0o700 });
    if (made !== undefined) await flushParents(directory, made);
    return fs.promises.readdir(directory);
  },
  async open(path, how) {
    return new NodeFile(await promised<number>((done) => fs.open(path, how === 'create' ? 'w+' : 'r+', 0o600, done)));
  },
  rename: (from, to) => fs.promises.rename(from, to),
  remove: (path) => fs.promises.rm(path, { force: true }),
  flushDirectory,
  async room(directory) {
    const { bavail, blocks, bsize } = await fs.promises.statfs(directory);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  },
};

async function flushDirectory(directory: string): Promise<void> {
  // Windows cannot open a directory; its file systems keep the order of such changes themselves.
  if (process.platform === 'win32') return;
  const handle = await fs.promises.open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Of directories that were made with the one, from it up to the first of them. */
async function flushParents(directory: string, first: string): Promise<void> {
  const top = path.dirname(path.resolve(first));
  for (let each = path.resolve(directory); each !== top; each = path.dirname(each))
    await flushDirectory(path.dirname(each));
}

/** On bare descriptors: a promise of `FileHandle` costs the hot path several times as much. */
class NodeFile implements DiskFile {
  readonly #descriptor: number;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  async size(): Promise<number> {
    return (await promised<fs.Stats>((done) => fs.fstat(this.#descriptor, done))).size;
  }

  async read(buffer: Buffer, length: number, position: number): Promise<number> {
    let have = 0;
    while (have < length) {
      const count = await promised<number>((done) =>
        fs.read(this.#descriptor, buffer, have, length - have, position + have, done),
      );
      if (count === 0) break;
      have += count;
    }
    return have;
  }

  write(bytes: Buffer, from: number, position: number): Promise<number> {
    return promised<number>((done) => fs.write(this.#descriptor, bytes, from, bytes.length - from, position, done));
  }

  writeNow(bytes: Buffer, from: number, position: number): number {
    return fs.writeSync(this.#descriptor, bytes, from, bytes.length - from, position);
  }

  flush(): Promise<void> {
    return promised<void>((done) => fs.fdatasync(this.#descriptor, done));
  }

  truncate(size: number): Promise<void> {
    return promised<void>((done) => fs.ftruncate(this.#descriptor, size, done));
  }

  close(): Promise<void> {
    return promised<void>((done) => fs.close(this.#descriptor, done));
  }
}

function promised<T>(call: (done: (error: Error | null, value?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => {
      if (error) reject(error);
      else resolve(value as T);
    });
  });
}
