import { HEADROOM, type WireFrame } from '../protocol/wire-frame.ts';

// RFC 6455, 5.2: FIN, and opcode 1 (text) or 2 (binary).
const FINAL_TEXT = 0x81;
const FINAL_BINARY = 0x82;

/** Lengths up to 125 stand in the second octet; these two announce 16 or 64 bits of length behind it. */
const LENGTH_16 = 126;
const LENGTH_64 = 127;

/**
 * The frame's first octets with the header of one whole WebSocket message in front: FIN set, no mask (RFC 6455, 5.1:
 * a server must not mask), text where the octets are valid UTF-8, else binary. The header is written into the frame's
 * headroom, once: everyone who gets the frame writes the same memory.
 */
export function webSocketFrame(frame: WireFrame): Buffer {
  return (frame.framed ??= withHeader(frame));
}

function withHeader({ buffer, length, isText }: WireFrame): Buffer {
  const start = HEADROOM - headerBytes(length);
  buffer[start] = isText ? FINAL_TEXT : FINAL_BINARY;
  if (length < LENGTH_16) {
    buffer[start + 1] = length;
  } else if (length <= 0xffff) {
    buffer[start + 1] = LENGTH_16;
    buffer.writeUInt16BE(length, start + 2);
  } else {
    buffer[start + 1] = LENGTH_64;
    buffer.writeUInt16BE(0, start + 2);
    buffer.writeUIntBE(length, start + 4, 6);
  }
  return buffer.subarray(start);
}

function headerBytes(length: number): number {
  if (length < LENGTH_16) return 2;
  return length <= 0xffff ? 4 : HEADROOM;
}
