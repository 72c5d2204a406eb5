import path from 'node:path';
import { isFull, writeAll, type Disk } from '../disk.ts';
import { placeAt, segmentOf, type Place } from './place.ts';
import { segmentName, type Segment } from './segment.ts';
import { adoptSegment, createSegment } from './segment-store.ts';

/**
 * The journal: records in numbered segments, appended to the last one, removed with the first one. It knows octets and
 * places, not what they mean.
 *
 * Only the front segment may go, and only when nothing in it is needed any more. A record further back may say that
 * something in front of it is over; were it removed first, what it ended would come to life at the next start. At the
 * front nothing stands before it, and what it ends in its own segment goes with it.
 *
 * One append at a time. After an error that is not a full disk, nothing may be appended any more: the system may have
 * dropped what it could not flush and would report success the next time.
 */
export class Journal {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #segmentBytes: number;
  /** Numbers without a gap; there is always one. */
  readonly #segments: Segment[];
  #totalBytes = 0;
  #liveBytes = 0;

  constructor(disk: Disk, directory: string, segmentBytes: number, segments: Segment[]) {
    this.#disk = disk;
    this.#directory = directory;
    this.#segmentBytes = segmentBytes;
    this.#segments = segments;
    for (const { size, liveBytes } of segments) {
      this.#totalBytes += size;
      this.#liveBytes += liveBytes;
    }
  }

  get front(): Segment {
    return this.#segments[0]!;
  }

  get tail(): Segment {
    return this.#segments[this.#segments.length - 1]!;
  }

  get segmentCount(): number {
    return this.#segments.length;
  }

  /** Octets of all files. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** Octets in them that are still needed. */
  get liveBytes(): number {
    return this.#liveBytes;
  }

  /**
   * Appends a record; resolves when it is on the disk for good, with its place, or with `full` if it found no room and
   * left no trace. Any other failure rejects, and then the record may or may not be there.
   */
  async append(record: Buffer): Promise<Place | 'full'> {
    try {
      if (this.tail.size >= this.#segmentBytes) await this.roll();
    } catch (error) {
      if (isFull(error)) return 'full';
      throw error;
    }
    const segment = this.tail;
    try {
      await writeAll(segment.file, record, segment.size);
    } catch (error) {
      if (!isFull(error)) throw error;
      // Not left for the next start to cut off: a later record would be appended behind the torn one.
      await segment.file.truncate(segment.size);
      return 'full';
    }
    await segment.file.flush();
    const place = placeAt(segment.number, segment.size);
    segment.size += record.length;
    this.#totalBytes += record.length;
    return place;
  }

  /** Starts a new segment. A full disk leaves no trace of it. */
  async roll(): Promise<void> {
    await this.#endTail();
    this.#begin(await createSegment(this.#disk, this.#directory, this.tail.number + 1));
  }

  /** Starts a new segment in the room of another file, where the disk has no other. */
  async rollInto(name: string): Promise<void> {
    await this.#endTail();
    this.#begin(await adoptSegment(this.#disk, this.#directory, this.tail.number + 1, name));
  }

  #begin(segment: Segment): void {
    this.#segments.push(segment);
    this.#totalBytes += segment.size;
  }

  /** Only in the last segment may something stand behind the records. */
  async #endTail(): Promise<void> {
    if (!this.tail.hasSlack) return;
    await this.tail.file.truncate(this.tail.size);
    await this.tail.file.flush();
    this.tail.hasSlack = false;
  }

  /** Counts octets that are needed from now on, or no longer if negative. */
  count(place: Place, bytes: number): void {
    const segment = this.segment(segmentOf(place));
    if (!segment) throw new Error(`expected segment ${segmentOf(place)} to be there as long as it is counted in`);
    segment.liveBytes += bytes;
    this.#liveBytes += bytes;
  }

  segment(number: number): Segment | undefined {
    return this.#segments[number - this.front.number];
  }

  /** Removes the front segment, which must hold nothing that is needed and not be the only one. */
  async removeFront(): Promise<void> {
    const { front } = this;
    if (front.liveBytes !== 0 || front === this.tail) throw new Error(`segment ${front.number} is still needed`);
    this.#segments.shift();
    this.#totalBytes -= front.size;
    await removeSegment(this.#disk, this.#directory, front);
  }

  async close(): Promise<void> {
    for (const segment of this.#segments) await segment.file.close();
  }
}

/** Durably before the next is removed: were only the later one gone after a power cut, its ends would be missing. */
async function removeSegment(disk: Disk, directory: string, segment: Segment): Promise<void> {
  await segment.file.close();
  await disk.remove(path.join(directory, segmentName(segment.number)));
  await disk.flushDirectory(directory);
}
