import { crc32 } from 'node:zlib';

/**
 * A record of the journal, the unit that is there as a whole or not at all. Numbers are little-endian.
 *
 *     u32 length   octets after the checksum, at least 1
 *     u32 crc32    of these octets
 *     u8  type
 *     …   payload
 */
export const RECORD_HEAD_BYTES = 9;
/** Far above any group; a length beyond it is a broken one. */
export const MAX_RECORD_BYTES = 2 ** 27 - 64;

/** Writes the head in front of a payload that ends at `end`; the record starts at 0. */
export function sealRecord(buffer: Buffer, end: number, type: number): Buffer {
  buffer[8] = type;
  buffer.writeUInt32LE(end - 8, 0);
  buffer.writeUInt32LE(crc32(buffer.subarray(8, end)), 4);
  return buffer.subarray(0, end);
}

/** What stands at an offset: a record, `short` if it needs more octets than there are, or `bad`. */
export type Found =
  | { readonly kind: 'record'; readonly type: number; readonly payload: Buffer; readonly end: number }
  | { readonly kind: 'short'; readonly needed: number }
  | { readonly kind: 'bad' };

const BAD: Found = Object.freeze({ kind: 'bad' });

export function readRecord(bytes: Buffer, offset: number): Found {
  if (offset + RECORD_HEAD_BYTES > bytes.length) return { kind: 'short', needed: RECORD_HEAD_BYTES };
  const length = bytes.readUInt32LE(offset);
  if (length === 0 || length > MAX_RECORD_BYTES) return BAD;
  const end = offset + 8 + length;
  if (end > bytes.length) return { kind: 'short', needed: 8 + length };
  if (crc32(bytes.subarray(offset + 8, end)) !== bytes.readUInt32LE(offset + 4)) return BAD;
  return { kind: 'record', type: bytes[offset + 8]!, payload: bytes.subarray(offset + RECORD_HEAD_BYTES, end), end };
}
