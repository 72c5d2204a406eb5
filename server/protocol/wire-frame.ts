/**
 * Octets left free in front of every encoded frame. A transport with a framing of its own (WebSocket needs up to ten)
 * writes its header there, so that neither side of that seam copies the frame.
 */
export const HEADROOM = 10;

/**
 * One encoded frame, ready for any number of sockets. Built once, shared by every receiver that gets the same octets.
 *
 *     buffer  |<- HEADROOM ->|<- command, headers, small body, NUL ->|      tail: undefined
 *     buffer  |<- HEADROOM ->|<- command, headers, blank line       ->|      tail: large body, NUL — not copied
 */
export class WireFrame {
  /** `HEADROOM` free octets, then the frame, or its part before a large body. */
  readonly buffer: Buffer;
  /** The body and its NUL where copying them would cost more than a second buffer to write. */
  readonly tail: readonly Buffer[] | undefined;
  /** Whether all octets are valid UTF-8, so that a WebSocket may carry them as text. */
  readonly isText: boolean;
  /** Octets of the STOMP frame, headroom not counted. */
  readonly length: number;
  /** Where the transport's framing keeps its result; only the transport that shares frames sets it. */
  framed: Buffer | undefined = undefined;

  constructor(buffer: Buffer, isText: boolean, tail?: readonly Buffer[]) {
    this.buffer = buffer;
    this.isText = isText;
    this.tail = tail;
    let length = buffer.length - HEADROOM;
    if (tail) for (const part of tail) length += part.length;
    this.length = length;
  }

  /** The frame's first octets without the headroom. */
  get head(): Buffer {
    return this.buffer.subarray(HEADROOM);
  }
}
