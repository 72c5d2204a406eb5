import type { ClientEvents, Reader } from './dialect.ts';

const LF = 10;
const BLANK = 32;

/**
 * Reads the stream of protocol lines that a NATS server cuts into WebSocket messages wherever its buffer ended:
 *
 *     MSG <subject> <sid> <octets>\r\n<payload>\r\n  |  PING\r\n  |  PONG\r\n  |  INFO {…}\r\n  |  -ERR '…'\r\n
 *
 * A unit that a message cuts in two is completed in a buffer of its own.
 */
export class NatsReader implements Reader {
  readonly #events: ClientEvents;
  readonly #pong: () => void;
  #cut: Buffer = Buffer.alloc(0);

  constructor(events: ClientEvents, pong: () => void) {
    this.#events = events;
    this.#pong = pong;
  }

  message(buffer: Buffer, start: number, end: number): void {
    if (this.#cut.length > 0) {
      buffer = Buffer.concat([this.#cut, buffer.subarray(start, end)]);
      start = 0;
      end = buffer.length;
    }
    let at = start;
    while (at < end) {
      const next = this.#unit(buffer, at, end);
      if (next === 0) break;
      at = next;
    }
    this.#cut = at < end ? Buffer.from(buffer.subarray(at, end)) : Buffer.alloc(0);
  }

  /** Takes the unit at `at` and returns where the next begins; 0 when it is incomplete. */
  #unit(buffer: Buffer, at: number, end: number): number {
    const lineFeed = buffer.indexOf(LF, at);
    if (lineFeed < 0 || lineFeed >= end) return 0;
    const lineEnd = lineFeed - 1;
    if (buffer[at] === 0x4d) {
      const bodyAt = lineFeed + 1;
      const bodyEnd = bodyAt + lastNumber(buffer, lineEnd);
      if (bodyEnd + 2 > end) return 0;
      this.#events.delivered(buffer, at, bodyEnd);
      return bodyEnd + 2;
    }
    this.#control(buffer.toString('latin1', at, lineEnd));
    return lineFeed + 1;
  }

  #control(line: string): void {
    if (line === 'PING') this.#pong();
    else if (line === 'PONG') this.#events.ready();
    else if (!line.startsWith('INFO') && !line.startsWith('+OK')) this.#events.failed(line);
  }
}

/** The decimal number that ends before `end`, read backwards to the blank. */
function lastNumber(buffer: Buffer, end: number): number {
  let value = 0;
  for (let at = end - 1, weight = 1; buffer[at] !== BLANK; at--, weight *= 10) value += (buffer[at]! - 48) * weight;
  return value;
}
