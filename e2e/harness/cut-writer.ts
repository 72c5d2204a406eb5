import { isUtf8 } from 'node:buffer';
import { cutInPieces, type Cut } from './cut.ts';
import { seededRandom } from './random.ts';
import type { RawSocket } from './raw-socket.ts';

/**
 * Writes to a socket in one of the cuts. `send` returns at once and keeps the order; what is sent in one turn of the
 * event loop gathers, so that the cut `joined` has something to join.
 */
export class CutWriter {
  #socket: RawSocket;
  #cut: Cut;
  /** The transport carries text, so pieces of a text end between its characters. */
  #asText: boolean;
  #random: () => number;
  #waiting: Buffer[] = [];
  #writing: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(socket: RawSocket, cut: Cut, seed: number, asText: boolean) {
    this.#socket = socket;
    this.#cut = cut;
    this.#asText = asText;
    this.#random = seededRandom(seed);
  }

  send(octets: Buffer): void {
    if (this.#waiting.push(octets) > 1) return;
    this.#writing = this.#writing.then(() => new Promise<void>((next) => setImmediate(next))).then(() => this.#flush());
  }

  /** Writes exactly these chunks after all that was sent. */
  async sendChunks(chunks: readonly Buffer[]): Promise<void> {
    await this.sent();
    for (const chunk of chunks) await this.#socket.write(chunk);
  }

  /** Resolves when all that was sent is in the operating system's hands. */
  async sent(): Promise<void> {
    while (this.#waiting.length > 0) await this.#writing;
    await this.#writing;
  }

  /** Nobody reads any more: the rest is not worth writing octet by octet. */
  close(): void {
    this.#isClosed = true;
  }

  async #flush(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const chunk of this.#cut === 'joined' ? [joinWithEols(waiting)] : waiting) {
      for (const piece of cutInPieces(chunk, this.#cut, this.#random, this.#asText && isUtf8(chunk))) {
        if (this.#isClosed) return;
        await this.#socket.write(piece);
      }
    }
  }
}

/** Several sends as one chunk; EOLs between frames mean nothing, so some are put there. */
function joinWithEols(parts: readonly Buffer[]): Buffer {
  return Buffer.concat(parts.flatMap((part, i) => (i > 0 && parts[i - 1]?.at(-1) === 0 ? [Buffer.from('\n'), part] : [part])));
}
