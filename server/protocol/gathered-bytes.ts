const EMPTY = Buffer.alloc(0);
const FIRST_BYTES = 256;
/** An announced length is believed up to here; beyond, room is made as octets really come. */
const TRUSTED_BYTES = 8 * 1024;

/**
 * Octets of an unfinished frame, copied out of the chunks they came in. Room grows by doubling: a frame that comes
 * octet by octet costs linear time, and never more than twice the memory of what has come (small announced frames aside).
 */
export class GatheredBytes {
  #buffer: Buffer = EMPTY;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was gathered so far: a view, good until the next call. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Copies `chunk` from `start` to `end`. `expected` is the length it will have at last, where that is known. */
  append(chunk: Buffer, start: number, end: number, expected = Infinity): void {
    const length = this.#length + end - start;
    if (length > this.#buffer.length) this.#grow(length, expected);
    chunk.copy(this.#buffer, this.#length, start, end);
    this.#length = length;
  }

  /** Hands everything over and starts anew. */
  take(): Buffer {
    const { bytes } = this;
    this.clear();
    return bytes;
  }

  clear(): void {
    this.#buffer = EMPTY;
    this.#length = 0;
  }

  #grow(length: number, expected: number): void {
    const doubled = Math.max(length, 2 * this.#buffer.length, expected === Infinity ? FIRST_BYTES : TRUSTED_BYTES);
    // Not from the shared pool: half a frame of an idle connection must not keep a whole pool slab alive.
    const buffer = Buffer.allocUnsafeSlow(Math.min(doubled, expected));
    this.#buffer.copy(buffer, 0, 0, this.#length);
    this.#buffer = buffer;
  }
}
