import type { Segment } from './client-frame.ts';

const SENDER_DIGITS = 6;
const SEQ_DIGITS = 10;

/** Octets that the ledger needs of every body. */
export const MIN_BODY_BYTES = SENDER_DIGITS + SEQ_DIGITS;

/**
 * The body of every message: who sent it and its number in that sender's row, so that the receiving end can keep a
 * ledger of exactly which messages came, then filler up to the size asked for.
 */
export function bodySegments(bytes: number): Segment[] {
  if (bytes < MIN_BODY_BYTES) throw new Error(`Expected a body of at least ${MIN_BODY_BYTES} octets, got ${bytes}`);
  return [SENDER_DIGITS, SEQ_DIGITS, 'x'.repeat(bytes - MIN_BODY_BYTES)];
}

export function senderOf(buffer: Buffer, bodyAt: number): number {
  return readDigits(buffer, bodyAt, SENDER_DIGITS);
}

export function seqOf(buffer: Buffer, bodyAt: number): number {
  return readDigits(buffer, bodyAt + SENDER_DIGITS, SEQ_DIGITS);
}

/** Reads `width` decimal digits; NaN or nonsense where there are none, which no ledger will match. */
export function readDigits(buffer: Buffer, at: number, width: number): number {
  let value = 0;
  for (let i = 0; i < width; i++) value = value * 10 + buffer[at + i]! - 48;
  return value;
}
