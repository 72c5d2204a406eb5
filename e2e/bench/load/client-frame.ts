import { randomBytes } from 'node:crypto';

export type Opcode = 'text' | 'binary' | 'close' | 'pong';
const OPCODES: Record<Opcode, number> = { text: 1, binary: 2, close: 8, pong: 10 };

/**
 * One mask for the whole process. A browser draws one for every frame; the server's work is the same, and a prepared
 * frame stays prepared. Never zero: `ws` skips a zero mask, which would flatter it.
 */
const MASK = Buffer.from(randomBytes(4).map((octet) => octet | 1));

/** A masked client frame around `payload`. */
export function clientFrame(opcode: Opcode, payload: string | Buffer): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
  const frame = Buffer.allocUnsafe(headerBytes(bytes.length) + bytes.length);
  writeMasked(frame, writeHeader(frame, 0, opcode, bytes.length), bytes);
  return frame;
}

/** Literal text, or the width of a slot for a decimal number that every copy fills in, with leading zeros. */
export type Segment = string | number;

/** A masked client frame of which copies are made that differ in a few decimal digits only. */
export class FrameTemplate {
  readonly #frame: Buffer;
  readonly #slots: { readonly at: number; readonly phase: number; readonly width: number }[] = [];

  constructor(opcode: Opcode, segments: readonly Segment[]) {
    const payload = Buffer.from(segments.map((segment) => (typeof segment === 'string' ? segment : '0'.repeat(segment))).join(''));
    this.#frame = clientFrame(opcode, payload);
    const payloadAt = this.#frame.length - payload.length;
    let offset = 0;
    for (const segment of segments) {
      if (typeof segment === 'number') this.#slots.push({ at: payloadAt + offset, phase: offset, width: segment });
      offset += typeof segment === 'string' ? Buffer.byteLength(segment) : segment;
    }
  }

  /** Octets of every copy. */
  get length(): number {
    return this.#frame.length;
  }

  /** Writes a copy into `target` at `at`, with one whole number below 2^53 for each slot in turn. */
  copyTo(target: Buffer, at: number, values: readonly number[]): void {
    this.#frame.copy(target, at);
    for (let i = 0; i < this.#slots.length; i++) {
      const slot = this.#slots[i]!;
      let value = values[i]!;
      for (let digit = slot.width - 1; digit >= 0; digit--) {
        const rest = Math.floor(value / 10);
        target[at + slot.at + digit] = (48 + value - rest * 10) ^ MASK[(slot.phase + digit) & 3]!;
        value = rest;
      }
    }
  }
}

function headerBytes(payloadBytes: number): number {
  return (payloadBytes < 126 ? 2 : payloadBytes < 65536 ? 4 : 10) + MASK.length;
}

function writeHeader(frame: Buffer, at: number, opcode: Opcode, payloadBytes: number): number {
  frame[at++] = 0x80 | OPCODES[opcode];
  if (payloadBytes < 126) {
    frame[at++] = 0x80 | payloadBytes;
  } else if (payloadBytes < 65536) {
    frame[at++] = 0x80 | 126;
    at = frame.writeUInt16BE(payloadBytes, at);
  } else {
    frame[at++] = 0x80 | 127;
    at = frame.writeBigUInt64BE(BigInt(payloadBytes), at);
  }
  return at + MASK.copy(frame, at);
}

function writeMasked(frame: Buffer, at: number, payload: Buffer): void {
  for (let i = 0; i < payload.length; i++) frame[at + i] = payload[i]! ^ MASK[i & 3]!;
}
