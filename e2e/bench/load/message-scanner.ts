const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** What a scanner finds. The octets are only valid during the call. */
export interface MessageSink {
  message(buffer: Buffer, start: number, end: number): void;
  ping(payload: Buffer): void;
  /** `status` as the server gave it, 1005 when it gave none. */
  closed(status: number): void;
}

/**
 * Finds the WebSocket messages in what a server sends, by their length fields alone: payloads are neither copied nor
 * looked at, except for the one that a chunk's end cuts in two.
 */
export class MessageScanner {
  readonly #sink: MessageSink;
  /** A frame that is not complete yet: its octets so far. */
  #cut: Buffer | undefined;
  #cutLength = 0;

  constructor(sink: MessageSink) {
    this.#sink = sink;
  }

  push(chunk: Buffer, start: number, end: number): void {
    let at = start;
    if (this.#cut) {
      at = this.#complete(chunk, at, end);
      if (this.#cut) return;
    }
    while (at < end) {
      const length = frameLength(chunk, at, end);
      if (length === 0 || at + length > end) {
        this.#keep(chunk, at, end, length);
        return;
      }
      this.#emit(chunk, at, at + length);
      at += length;
    }
  }

  #keep(chunk: Buffer, start: number, end: number, length: number): void {
    this.#cut = Buffer.allocUnsafe(Math.max(length, MAX_HEADER_BYTES));
    this.#cutLength = chunk.copy(this.#cut, 0, start, end);
  }

  /** Adds to the cut frame what it lacks and returns where the rest of the chunk begins. */
  #complete(chunk: Buffer, start: number, end: number): number {
    let at = start;
    let cut = this.#cut!;
    let length = frameLength(cut, 0, this.#cutLength);
    while (length === 0 && at < end) {
      cut[this.#cutLength++] = chunk[at++]!;
      length = frameLength(cut, 0, this.#cutLength);
    }
    if (length === 0) return at;
    if (cut.length < length) {
      cut = Buffer.allocUnsafe(length);
      this.#cut!.copy(cut, 0, 0, this.#cutLength);
      this.#cut = cut;
    }
    const taken = Math.min(length - this.#cutLength, end - at);
    chunk.copy(cut, this.#cutLength, at, at + taken);
    this.#cutLength += taken;
    at += taken;
    if (this.#cutLength === length) {
      this.#cut = undefined;
      this.#emit(cut, 0, length);
    }
    return at;
  }

  #emit(buffer: Buffer, start: number, end: number): void {
    const payload = start + headerLength(buffer, start);
    const first = buffer[start]!;
    const opcode = first & 0x0f;
    if (opcode === OPCODE.text || opcode === OPCODE.binary || opcode === OPCODE.continuation) {
      this.#sink.message(buffer, payload, end);
    } else if (opcode === OPCODE.ping) {
      this.#sink.ping(Buffer.from(buffer.subarray(payload, end)));
    } else if (opcode === OPCODE.close) {
      this.#sink.closed(end - payload >= 2 ? buffer.readUInt16BE(payload) : 1005);
    } else if (opcode !== OPCODE.pong) {
      throw new Error(`Expected a WebSocket frame, got opcode ${opcode}`);
    }
  }
}

const MAX_HEADER_BYTES = 10;

function headerLength(buffer: Buffer, start: number): number {
  const short = buffer[start + 1]!;
  return short < 126 ? 2 : short === 126 ? 4 : 10;
}

/** Octets of the frame that begins at `start`, header included; 0 while its header is incomplete. */
function frameLength(buffer: Buffer, start: number, end: number): number {
  if (end - start < 2) return 0;
  const short = buffer[start + 1]!;
  if (short >= 128) throw new Error('Expected an unmasked frame from the server');
  if (short < 126) return 2 + short;
  if (short === 126) return end - start < 4 ? 0 : 4 + buffer.readUInt16BE(start + 2);
  return end - start < 10 ? 0 : 10 + buffer.readUInt32BE(start + 2) * 2 ** 32 + buffer.readUInt32BE(start + 6);
}
