import { nodeDisk, type Disk, type DiskFile, type Room } from '../disk.ts';

/** An error as the system would report it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code });
}

/** What the disk was asked to do, in order. */
export type DiskCall = 'write' | 'write now' | 'flush' | 'flushed';

/** For tests: the real disk, with faults. */
export class FaultyDisk implements Disk {
  /** Octets that may still be written to new places; overwriting needs none. */
  roomBytes = Infinity;
  /** What `room` reports; undefined asks the real disk. */
  reported: Room | undefined;
  /** Octets that one write takes at most. */
  writeAtMost = Infinity;
  /** The next calls of that kind fail with this code, until it is taken away. */
  readonly failing = new Map<'read' | 'write' | 'flush' | 'truncate' | 'writeNow', string>();
  readonly calls: DiskCall[] = [];
  readCount = 0;
  readsUnderWay = 0;
  /** Called before a flush begins; the flush waits for it. */
  beforeFlush: () => Promise<void> = () => Promise.resolve();
  /** Called before a read begins; the read waits for it. */
  beforeRead: () => Promise<void> = () => Promise.resolve();
  readonly #open: FaultyFile[] = [];
  readonly #sizes = new Map<string, number>();

  /** From now on nothing is written any more, as if the process had been killed. */
  crash(): void {
    for (const call of ['write', 'flush', 'truncate', 'writeNow'] as const) this.failing.set(call, 'ECRASHED');
  }

  check(call: 'read' | 'write' | 'flush' | 'truncate' | 'writeNow'): void {
    const code = this.failing.get(call);
    if (code) throw systemError(code);
  }

  /** Takes room for a file that grows to this size; tells how many of the octets fit. */
  take(path: string, position: number, bytes: number): number {
    const size = this.#sizes.get(path) ?? 0;
    const growth = Math.max(0, position + bytes - size);
    const fits = Math.min(growth, this.roomBytes);
    if (growth > 0 && fits === 0) throw systemError('ENOSPC');
    this.roomBytes -= fits;
    this.#sizes.set(path, size + fits);
    return bytes - growth + fits;
  }

  resize(path: string, size: number): void {
    this.roomBytes += (this.#sizes.get(path) ?? 0) - size;
    this.#sizes.set(path, size);
  }

  list(directory: string): Promise<string[]> {
    return nodeDisk.list(directory);
  }

  async open(path: string, how: 'open' | 'create'): Promise<DiskFile> {
    const file = await nodeDisk.open(path, how);
    if (how === 'create') this.resize(path, 0);
    this.#sizes.set(path, await file.size());
    const faulty = new FaultyFile(this, path, file);
    this.#open.push(faulty);
    return faulty;
  }

  async rename(from: string, to: string): Promise<void> {
    this.check('write');
    await nodeDisk.rename(from, to);
    this.#sizes.set(to, this.#sizes.get(from) ?? 0);
    this.#sizes.delete(from);
    for (const file of this.#open) file.moved(from, to);
  }

  async remove(path: string): Promise<void> {
    this.check('write');
    await nodeDisk.remove(path);
    this.resize(path, 0);
  }

  async flushDirectory(directory: string): Promise<void> {
    this.check('flush');
    await nodeDisk.flushDirectory(directory);
  }

  async room(directory: string): Promise<Room> {
    if (this.reported) return this.reported;
    const { freeBytes, totalBytes } = await nodeDisk.room(directory);
    return { freeBytes: Math.min(freeBytes, this.roomBytes), totalBytes };
  }
}

class FaultyFile implements DiskFile {
  readonly #disk: FaultyDisk;
  readonly #file: DiskFile;
  #path: string;

  constructor(disk: FaultyDisk, path: string, file: DiskFile) {
    this.#disk = disk;
    this.#path = path;
    this.#file = file;
  }

  moved(from: string, to: string): void {
    if (this.#path === from) this.#path = to;
  }

  size(): Promise<number> {
    return this.#file.size();
  }

  async read(buffer: Buffer, length: number, position: number): Promise<number> {
    this.#disk.check('read');
    this.#disk.readCount++;
    this.#disk.readsUnderWay++;
    try {
      await this.#disk.beforeRead();
      return await this.#file.read(buffer, length, position);
    } finally {
      this.#disk.readsUnderWay--;
    }
  }

  async write(bytes: Buffer, from: number, position: number): Promise<number> {
    this.#disk.check('write');
    this.#disk.calls.push('write');
    return this.#file.write(bytes.subarray(0, from + this.#allowed(bytes.length - from, position)), from, position);
  }

  writeNow(bytes: Buffer, from: number, position: number): number {
    this.#disk.check('writeNow');
    this.#disk.calls.push('write now');
    return this.#file.writeNow(bytes.subarray(0, from + this.#allowed(bytes.length - from, position)), from, position);
  }

  async flush(): Promise<void> {
    this.#disk.calls.push('flush');
    await this.#disk.beforeFlush();
    this.#disk.check('flush');
    await this.#file.flush();
    this.#disk.calls.push('flushed');
  }

  async truncate(size: number): Promise<void> {
    this.#disk.check('truncate');
    await this.#file.truncate(size);
    this.#disk.resize(this.#path, size);
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #allowed(bytes: number, position: number): number {
    return this.#disk.take(this.#path, position, Math.min(bytes, this.#disk.writeAtMost));
  }
}
