import path from 'node:path';
import { isFull, writeAll, writeAllNow, type Disk, type DiskFile } from './disk.ts';
import {
  HEAD_BYTES,
  markHead,
  readHead,
  readSlots,
  SLOT_BYTES,
  writeSlot,
  type MarksHead,
} from './claim-marks-format.ts';

const NAMES = ['claims-a', 'claims-b'] as const;
/** Octets for them are taken beforehand, so that a full disk does not stop anyone from consuming. */
const SLOTS = 32 * 1024;

/** What an earlier process left: the messages it had in flight, or `unknown` if the machine went down with it. */
export type LeftBehind = ReadonlySet<number> | 'unknown';

/**
 * Remembers which messages were claimed, so that after a crash they come back as redelivered. A mark is written with
 * one small synchronous write before the claim resolves, and never flushed: what a process has written survives its
 * end, whatever ended it. Only a machine that goes down loses marks, and then all of them count as lost.
 *
 * Marks are appended to one of two files of fixed size. When it is full, those still in force go to the other one, and
 * its head with the higher generation makes it count. Settling leaves no mark: who is gone is not asked about.
 */
export class ClaimMarks {
  readonly #files: readonly DiskFile[];
  readonly #boot: string;
  /** Numbers of the messages held now. */
  readonly #held: () => Iterable<number>;
  #generation: number;
  #next = 0;
  #slots = SLOTS;

  private constructor(files: readonly DiskFile[], boot: string, generation: number, held: () => Iterable<number>) {
    this.#files = files;
    this.#boot = boot;
    this.#generation = generation;
    this.#held = held;
  }

  /** `boot` names the time since the machine was started; '' if that cannot be known. */
  static async open(
    disk: Disk,
    directory: string,
    boot: string,
    held: () => Iterable<number>,
  ): Promise<{ marks: ClaimMarks; left: LeftBehind }> {
    const names = await disk.list(directory);
    const files: DiskFile[] = [];
    try {
      for (const name of NAMES)
        files.push(await disk.open(path.join(directory, name), names.includes(name) ? 'open' : 'create'));
      const heads = await Promise.all(files.map(head));
      const generation = Math.max(...heads.map((found) => found?.generation ?? 0));
      const active = heads.findIndex((found) => found?.generation === generation);
      const left = active < 0 ? 'unknown' : await leftIn(files[active]!, heads[active]!, boot);
      return { marks: new ClaimMarks(files, boot, generation, held), left };
    } catch (error) {
      for (const file of files) await file.close();
      throw error;
    }
  }

  /** Begins anew with no marks; resolves when not even a power cut brings the old ones back. */
  async begin(disk: Disk, directory: string): Promise<void> {
    for (const file of this.#files) {
      const size = await file.size();
      const wanted = HEAD_BYTES + SLOTS * SLOT_BYTES;
      if (size < wanted) await writeAll(file, Buffer.alloc(wanted - size), size);
    }
    this.#rotate([]);
    for (const file of this.#files) await file.flush();
    await disk.flushDirectory(directory);
  }

  /** Notes messages that have just become held; false if the disk has no room to note it. */
  claimed(seqs: readonly number[]): boolean {
    return this.#note(seqs, false);
  }

  /** Notes messages that have just come back. Should that find no room, they look as if they were still held. */
  returned(seqs: readonly number[]): boolean {
    return this.#note(seqs, true);
  }

  /** Leaves the marks in force for the next process, also over a power cut. */
  async close(): Promise<void> {
    try {
      // The marks first: the head says that all of them are there.
      await this.#active.flush();
      await writeAll(this.#active, markHead(this.#head(true)), 0);
      await this.#active.flush();
    } finally {
      await this.abandon();
    }
  }

  async abandon(): Promise<void> {
    for (const file of this.#files) await file.close();
  }

  get #active(): DiskFile {
    return this.#files[this.#generation % 2]!;
  }

  #head(isClean: boolean): MarksHead {
    return { generation: this.#generation, isClean, boot: this.#boot };
  }

  #note(seqs: readonly number[], areReturned: boolean): boolean {
    try {
      if (this.#next + seqs.length > this.#slots) this.#rotate([...this.#held()]);
      else this.#append(seqs, areReturned);
      return true;
    } catch (error) {
      if (isFull(error)) return false;
      throw error;
    }
  }

  #append(seqs: readonly number[], areReturned: boolean): void {
    const slots = Buffer.allocUnsafe(seqs.length * SLOT_BYTES);
    seqs.forEach((seq, i) => writeSlot(slots, i, seq, this.#generation, areReturned));
    writeAllNow(this.#active, slots, HEAD_BYTES + this.#next * SLOT_BYTES);
    this.#next += seqs.length;
  }

  #rotate(held: readonly number[]): void {
    const before = { generation: this.#generation, next: this.#next };
    this.#generation++;
    this.#next = 0;
    try {
      this.#append(held, false);
      // Last: until then the other file counts.
      writeAllNow(this.#active, markHead(this.#head(false)), 0);
    } catch (error) {
      this.#generation = before.generation;
      this.#next = before.next;
      throw error;
    }
    this.#slots = Math.max(SLOTS, 4 * held.length);
  }
}

async function head(file: DiskFile): Promise<MarksHead | undefined> {
  const bytes = Buffer.alloc(HEAD_BYTES);
  const have = await file.read(bytes, HEAD_BYTES, 0);
  return readHead(bytes.subarray(0, have));
}

async function leftIn(file: DiskFile, found: MarksHead, boot: string): Promise<LeftBehind> {
  if (!found.isClean && (boot === '' || found.boot !== boot)) return 'unknown';
  const size = (await file.size()) - HEAD_BYTES;
  const slots = Buffer.alloc(Math.max(0, size));
  await file.read(slots, slots.length, HEAD_BYTES);
  return readSlots(slots, found.generation);
}
