import type { DiskFile } from '../disk.ts';
import { readRecord } from './record.ts';
import { SEGMENT_HEAD_BYTES } from './segment.ts';

const CHUNK_BYTES = 4 * 1024 * 1024;

/** A record as it is read back. The payload is a view that holds only during the call. */
export type OnRecord = (type: number, payload: Buffer, payloadOffset: number) => void;

/** How far a segment could be read. */
export interface Replayed {
  /** Where the good records end. */
  readonly end: number;
  /** Octets of the file. */
  readonly size: number;
  /** A good record stands behind a bad one: it is no torn tail, something damaged the file. */
  readonly isDamaged: boolean;
}

/** Reads a segment from the first record to the first that is not whole. */
export async function replaySegment(file: DiskFile, onRecord: OnRecord): Promise<Replayed> {
  const size = await file.size();
  let chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(size, SEGMENT_HEAD_BYTES)));
  /** Where the chunk starts in the file, how many octets of it are there, and how many of them are done. */
  let start = SEGMENT_HEAD_BYTES;
  let filled = 0;
  let done = 0;
  for (;;) {
    const found = readRecord(chunk.subarray(0, filled), done);
    if (found.kind === 'record') {
      onRecord(found.type, found.payload, start + found.end - found.payload.length);
      done = found.end;
      continue;
    }
    const end = start + done;
    if (found.kind === 'bad') return { end, size, isDamaged: await hasSuccessor(file, end, size) };
    if (end + found.needed > size) return { end, size, isDamaged: false };
    const roomy = found.needed > chunk.length ? Buffer.allocUnsafe(found.needed) : chunk;
    chunk.copy(roomy, 0, done, filled);
    filled -= done;
    start = end;
    done = 0;
    filled += await file.read(roomy.subarray(filled), roomy.length - filled, start + filled);
    chunk = roomy;
  }
}

/**
 * Only one record is ever under way, so a torn one is the last: nothing good stands behind it. Its length may be what
 * is broken; then this looks in the wrong place, finds nothing, and the rest counts as torn.
 */
async function hasSuccessor(file: DiskFile, offset: number, size: number): Promise<boolean> {
  const head = Buffer.alloc(4);
  await file.read(head, 4, offset);
  const next = offset + 8 + head.readUInt32LE(0);
  if (next >= size) return false;
  const rest = Buffer.alloc(size - next);
  const have = await file.read(rest, rest.length, next);
  return readRecord(rest.subarray(0, have), 0).kind === 'record';
}
