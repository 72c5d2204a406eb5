import { clientCommandAt, LONGEST_CLIENT_COMMAND, type ClientCommand } from './commands.ts';
import { Headers, type Frame } from './frame.ts';
import {
  badContentLength,
  frameTooLarge,
  headerTooLong,
  missingBodyTerminator,
  nulInHeader,
  tooManyHeaders,
  unknownCommand,
} from './frame-errors.ts';
import { GatheredBytes } from './gathered-bytes.ts';
import { readHeaderBlock } from './header-block.ts';
import { HEADER } from './header-names.ts';
import type { FrameLimits } from './limits.ts';
import type { ProtocolError } from './protocol-error.ts';
import type { Version } from './version.ts';

/*
 * The grammar as read here, of all versions together; stricter is no one's loss, laxer is what clients in use need.
 *
 *     stream   = *( noise / frame )
 *     noise    = LF / CR / NUL                       ; heart-beats, and the EOLs some put behind or before a frame
 *     frame    = command EOL *( header EOL ) EOL body NUL
 *     command  = one of CLIENT_COMMANDS, upper case
 *     header   = name ":" value                      ; at the first colon, more of them belong to the value
 *     name     = 1*( any octet but NUL, LF, ":" )
 *     value    = *( any octet but NUL, LF )          ; a CR right before LF belongs to the EOL, in every version
 *     EOL      = [CR] LF
 *     body     = *( any octet but NUL )              ; or, with a content-length, exactly that many of any octets
 *
 * Names and values are UTF-8, escaped as the version says, never on CONNECT and STOMP. Every frame may have a body and
 * a content-length; whether its command allows one is for the session to judge.
 */

const NUL = 0x00;
const LF = 0x0a;
const CR = 0x0d;
const A = 0x41;
const Z = 0x5a;
const ZERO = 0x30;
const EMPTY = Buffer.alloc(0);
const NO_HEADERS = new Headers([]);

type State =
  /** Between frames. */
  | 'noise'
  /** In the first line: nothing but upper case letters can stand here, so a stranger is found out by his first octets. */
  | 'command'
  /** In the header block, looking for the blank line. The lines are split once all are there. */
  | 'headers'
  /** In a body of known length, or before its NUL. */
  | 'counted-body'
  /** In a body that ends at the first NUL. */
  | 'open-body'
  /** After an error or `stop`: nothing is read any more. */
  | 'stopped';

/**
 * Octets to frames, for one connection. Chunks may be cut anywhere.
 *
 * A frame that lies within one chunk is read where it stands, and its body is a view of the chunk. What a chunk leaves
 * unfinished is copied to `#held` — first the head (command line and headers), later the body — and the scan goes on
 * where it stopped: no octet is looked at for its state twice, so a frame that comes octet by octet costs linear time.
 * The limits count over all chunks of a frame and are checked before anything is held.
 */
export class FrameParser {
  /** How headers are read; undefined before negotiation. A change holds from the next frame on, within a chunk too. */
  version: Version | undefined = undefined;
  /** May be changed at any time. */
  limits: FrameLimits;

  #state: State = 'noise';
  #error: ProtocolError | undefined = undefined;
  readonly #held = new GatheredBytes();

  /** Where in this chunk the unfinished head begins; 0 if it began in an earlier one. */
  #headStart = 0;
  /** Octets of the command line, with its EOL. */
  #commandLineBytes = 0;
  #command: ClientCommand = 'CONNECT';
  /** Header lines that are complete. */
  #lineCount = 0;
  /** Octets of the current line that came in earlier chunks. */
  #lineBytes = 0;

  #headers = NO_HEADERS;
  #headBytes = 0;
  #bodyBytes = 0;

  constructor(limits: FrameLimits) {
    this.limits = limits;
  }

  /** Octets received of a frame that is not complete. */
  get pendingBytes(): number {
    return this.#held.length + (this.#state === 'counted-body' || this.#state === 'open-body' ? this.#headBytes : 0);
  }

  /**
   * Reads a chunk and hands out its frames synchronously and in order. Returns what is wrong with the octets, once:
   * afterwards everything is ignored.
   */
  push(chunk: Buffer, onFrame: (frame: Frame) => void): ProtocolError | undefined {
    let at = 0;
    this.#headStart = 0;
    while (at < chunk.length) {
      switch (this.#state) {
        case 'noise':
          at = this.#skipNoise(chunk, at);
          break;
        case 'command':
          at = this.#readCommand(chunk, at);
          break;
        case 'headers':
          at = this.#readHeaders(chunk, at);
          break;
        case 'counted-body':
          at = this.#readCountedBody(chunk, at, onFrame);
          break;
        case 'open-body':
          at = this.#readOpenBody(chunk, at, onFrame);
          break;
        case 'stopped':
          return this.#takeError();
      }
    }
    return this.#takeError();
  }

  /** Forgets what is unfinished and ignores everything from now on; may be called while frames are handed out. */
  stop(): void {
    this.#state = 'stopped';
    this.#headers = NO_HEADERS;
    this.#held.clear();
  }

  #skipNoise(chunk: Buffer, start: number): number {
    let at = start;
    while (at < chunk.length) {
      const octet = chunk[at]!;
      if (octet !== LF && octet !== CR && octet !== NUL) {
        this.#state = 'command';
        this.#headStart = at;
        break;
      }
      at++;
    }
    return at;
  }

  #readCommand(chunk: Buffer, start: number): number {
    const lineStart = this.#headStart - this.#held.length;
    for (let at = start; at < chunk.length; at++) {
      const octet = chunk[at]!;
      if (octet === LF) {
        const command = this.#commandBefore(chunk, at);
        if (command === undefined) return this.#failCommand(chunk, at);
        this.#command = command;
        this.#commandLineBytes = at + 1 - lineStart;
        this.#lineCount = 0;
        this.#lineBytes = 0;
        this.#state = 'headers';
        return this.#readHeaders(chunk, at + 1);
      }
      const isFitting = (octet >= A && octet <= Z) || octet === CR;
      if (!isFitting || at - lineStart > LONGEST_CLIENT_COMMAND) return this.#failCommand(chunk, at + 1);
    }
    return this.#hold(chunk);
  }

  /** The command whose line ends with the LF at `end`. */
  #commandBefore(chunk: Buffer, end: number): ClientCommand | undefined {
    if (this.#held.length === 0) return clientCommandAt(chunk, this.#headStart, chunk[end - 1] === CR ? end - 1 : end);
    this.#held.append(chunk, 0, end);
    this.#headStart = end;
    const { bytes } = this.#held;
    return clientCommandAt(bytes, 0, bytes[bytes.length - 1] === CR ? bytes.length - 1 : bytes.length);
  }

  #failCommand(chunk: Buffer, end: number): number {
    this.#held.append(chunk, this.#headStart, end);
    return this.#fail(unknownCommand(this.#held.bytes), chunk);
  }

  #readHeaders(chunk: Buffer, start: number): number {
    const { maxFrameBytes, maxHeaders, maxHeaderLineBytes } = this.limits;
    // A frame has its NUL near, so this search costs little and bounds the ones for LF.
    const nul = chunk.indexOf(NUL, start);
    const end = Math.min(nul < 0 ? chunk.length : nul, this.#headStart - this.#held.length + maxFrameBytes);
    let lineStart = start - this.#lineBytes;
    for (let at = chunk.indexOf(LF, start); at >= 0 && at < end; at = chunk.indexOf(LF, lineStart)) {
      const length = at - lineStart;
      if (length > maxHeaderLineBytes) return this.#failLongHeader(chunk);
      const isBlank = length === 0 || (length === 1 && this.#octetBefore(chunk, at) === CR);
      if (isBlank) return this.#endHead(chunk, at + 1, length + 1);
      if (this.#lineCount === maxHeaders) return this.#fail(tooManyHeaders(this.#command, this.limits), chunk);
      this.#lineCount++;
      lineStart = at + 1;
    }
    this.#lineBytes = end - lineStart;
    if (this.#lineBytes > maxHeaderLineBytes) return this.#failLongHeader(chunk);
    if (nul >= 0 && nul === end) return this.#fail(nulInHeader(this.#command, this.#lineCount + 1), chunk);
    return this.#hold(chunk);
  }

  #failLongHeader(chunk: Buffer): number {
    return this.#fail(headerTooLong(this.#command, this.#lineCount + 1, this.limits), chunk);
  }

  #octetBefore(chunk: Buffer, at: number): number | undefined {
    return at > 0 ? chunk[at - 1] : this.#held.bytes.at(-1);
  }

  /** The head is complete: `end` is behind its blank line, which has `blankBytes` octets. */
  #endHead(chunk: Buffer, end: number, blankBytes: number): number {
    this.#headBytes = this.#held.length + end - this.#headStart;
    if (this.#headBytes >= this.limits.maxFrameBytes)
      return this.#fail(frameTooLarge(this.#command, this.limits), chunk);
    let bytes = chunk;
    let headStart = this.#headStart;
    if (this.#held.length > 0) {
      this.#held.append(chunk, headStart, end);
      bytes = this.#held.take();
      headStart = 0;
    }
    const linesStart = headStart + this.#commandLineBytes;
    const linesEnd = headStart + this.#headBytes - blankBytes;
    const pairs = readHeaderBlock(this.#command, bytes, linesStart, linesEnd, this.version);
    if (!Array.isArray(pairs)) return this.#fail(pairs, chunk);
    this.#headers = new Headers(pairs);
    return this.#startBody(chunk, end);
  }

  #startBody(chunk: Buffer, at: number): number {
    const text = this.#headers.get(HEADER.contentLength);
    if (text === undefined) {
      this.#state = 'open-body';
      return at;
    }
    const bodyBytes = parseCount(text);
    if (bodyBytes === undefined) return this.#fail(badContentLength(this.#command, text), chunk);
    this.#bodyBytes = bodyBytes;
    if (this.#headBytes + this.#bodyBytes + 1 > this.limits.maxFrameBytes) {
      return this.#fail(frameTooLarge(this.#command, this.limits), chunk);
    }
    this.#state = 'counted-body';
    return at;
  }

  #readCountedBody(chunk: Buffer, start: number, onFrame: (frame: Frame) => void): number {
    const bodyBytes = this.#bodyBytes;
    const end = start + bodyBytes - this.#held.length;
    if (end >= chunk.length) {
      this.#held.append(chunk, start, chunk.length, bodyBytes);
      return chunk.length;
    }
    // STOMP 1.2, Body: the octet after content-length octets is NUL.
    if (chunk[end] !== NUL) return this.#fail(missingBodyTerminator(this.#command, bodyBytes, chunk[end]!), chunk);
    this.#deliver(chunk, start, end, onFrame);
    return end + 1;
  }

  #readOpenBody(chunk: Buffer, start: number, onFrame: (frame: Frame) => void): number {
    // Most frames without content-length have no body either.
    const end = chunk[start] === NUL ? start : chunk.indexOf(NUL, start);
    const frameBytes = this.#headBytes + this.#held.length + (end < 0 ? chunk.length : end + 1) - start;
    if (frameBytes > this.limits.maxFrameBytes) return this.#fail(frameTooLarge(this.#command, this.limits), chunk);
    if (end < 0) {
      this.#held.append(chunk, start, chunk.length);
      return chunk.length;
    }
    this.#deliver(chunk, start, end, onFrame);
    return end + 1;
  }

  #deliver(chunk: Buffer, start: number, end: number, onFrame: (frame: Frame) => void): void {
    let body: Buffer = EMPTY;
    if (this.#held.length > 0) {
      this.#held.append(chunk, start, end, this.#held.length + end - start);
      body = this.#held.take();
    } else if (end > start) {
      body = chunk.subarray(start, end);
    }
    const frame: Frame = { command: this.#command, headers: this.#headers, body };
    // An idle connection does not keep its last frame alive.
    this.#headers = NO_HEADERS;
    this.#state = 'noise';
    onFrame(frame);
  }

  /** Keeps the unfinished head for the next chunk. */
  #hold(chunk: Buffer): number {
    const headBytes = this.#held.length + chunk.length - this.#headStart;
    if (headBytes >= this.limits.maxFrameBytes) {
      return this.#fail(frameTooLarge(this.#state === 'command' ? undefined : this.#command, this.limits), chunk);
    }
    this.#held.append(chunk, this.#headStart, chunk.length);
    return chunk.length;
  }

  #fail(error: ProtocolError, chunk: Buffer): number {
    this.stop();
    this.#error = error;
    return chunk.length;
  }

  #takeError(): ProtocolError | undefined {
    const error = this.#error;
    this.#error = undefined;
    return error;
  }
}

/** A count of octets, blanks around it allowed; undefined where it is none. However long, it never wraps around. */
function parseCount(text: string): number | undefined {
  const digits = text.trim();
  if (digits === '') return undefined;
  let count = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(i) - ZERO;
    if (!(digit >= 0 && digit <= 9)) return undefined;
    count = count * 10 + digit;
  }
  return count;
}
