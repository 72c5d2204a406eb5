import type { DiskFile } from '../disk.ts';

/**
 * One file of the journal: a head, then records.
 *
 *     8 octets  "stompedj"
 *     u32       format version
 *     u32       number of the segment, the same as in its name
 */
export const SEGMENT_HEAD_BYTES = 16;
export const FORMAT_VERSION = 1;
const MAGIC = Buffer.from('stompedj');
const NAME = /^(\d{8,})\.log$/;

export class Segment {
  readonly number: number;
  readonly file: DiskFile;
  /** Octets that are on the disk for good. */
  size: number;
  /** The file is longer than that: it was ballast before. */
  hasSlack = false;
  /** Octets of messages in it that are still needed. */
  liveBytes = 0;
  /** Reads that are under way: the file stays open meanwhile. */
  readers = 0;

  constructor(number: number, file: DiskFile, size: number) {
    this.number = number;
    this.file = file;
    this.size = size;
  }
}

export function segmentName(number: number): string {
  return `${String(number).padStart(8, '0')}.log`;
}

/** The number in a file name; undefined if it is none of a segment. */
export function segmentNumber(name: string): number | undefined {
  const match = NAME.exec(name);
  return match ? Number(match[1]) : undefined;
}

export function segmentHead(number: number): Buffer {
  const head = Buffer.alloc(SEGMENT_HEAD_BYTES);
  MAGIC.copy(head);
  head.writeUInt32LE(FORMAT_VERSION, 8);
  head.writeUInt32LE(number, 12);
  return head;
}

/** What is wrong with the head of a file, in words; undefined if nothing is. */
export function headFault(head: Buffer, number: number): string | undefined {
  if (head.length < SEGMENT_HEAD_BYTES) return 'its head is cut off';
  if (!head.subarray(0, 8).equals(MAGIC)) return 'it is no journal of Stompede';
  const version = head.readUInt32LE(8);
  if (version !== FORMAT_VERSION)
    return `expected format version ${FORMAT_VERSION}, got ${version}: it comes from another release`;
  const found = head.readUInt32LE(12);
  if (found !== number) return `it says it is segment ${found}`;
  return undefined;
}
