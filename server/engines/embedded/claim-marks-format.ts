/**
 * A file of claim marks. Numbers are little-endian.
 *
 *     8 octets   "stompedc"
 *     u32        format version
 *     u32        generation: of the two files, the one with the higher counts
 *     u8         1 = closed in order, everything is on the disk
 *     u8, text   the boot of the machine it was written in
 *     then, from octet 64, slots:  u48 message number, u16 tag
 *
 * A tag is the generation's low 15 bits, doubled, plus 1 if the message came back. The first slot with another
 * generation ends the list, so that old slots need not be wiped.
 */
export const HEAD_BYTES = 64;
export const SLOT_BYTES = 8;
const VERSION = 1;
const MAGIC = Buffer.from('stompedc');

export interface MarksHead {
  readonly generation: number;
  readonly isClean: boolean;
  readonly boot: string;
}

export function markHead({ generation, isClean, boot }: MarksHead): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  MAGIC.copy(head);
  head.writeUInt32LE(VERSION, 8);
  head.writeUInt32LE(generation, 12);
  head[16] = isClean ? 1 : 0;
  head[17] = head.write(boot, 18);
  return head;
}

/** Undefined if there is none of this version. */
export function readHead(bytes: Buffer): MarksHead | undefined {
  if (bytes.length < HEAD_BYTES || !bytes.subarray(0, 8).equals(MAGIC) || bytes.readUInt32LE(8) !== VERSION)
    return undefined;
  return {
    generation: bytes.readUInt32LE(12),
    isClean: bytes[16] === 1,
    boot: bytes.toString('utf8', 18, 18 + bytes[17]!),
  };
}

export function writeSlot(slots: Buffer, index: number, seq: number, generation: number, isReturned: boolean): void {
  slots.writeUIntLE(seq, index * SLOT_BYTES, 6);
  slots.writeUInt16LE(tag(generation, isReturned), index * SLOT_BYTES + 6);
}

/** The messages that were claimed and did not come back. */
export function readSlots(slots: Buffer, generation: number): Set<number> {
  const claimed = new Set<number>();
  for (let at = 0; at + SLOT_BYTES <= slots.length; at += SLOT_BYTES) {
    const found = slots.readUInt16LE(at + 6);
    const seq = slots.readUIntLE(at, 6);
    if (found === tag(generation, false)) claimed.add(seq);
    else if (found === tag(generation, true)) claimed.delete(seq);
    else break;
  }
  return claimed;
}

function tag(generation: number, isReturned: boolean): number {
  return ((generation & 0x7fff) << 1) | (isReturned ? 1 : 0);
}
