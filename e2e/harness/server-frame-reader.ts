import { isUtf8 } from 'node:buffer';
import type { StompVersion } from './client-frame.ts';
import { ServerOrder } from './server-order.ts';
import { judgeFrame } from './server-frame-rules.ts';
import { WireViolation, type ServerFrame } from './server-frame.ts';

/** What arrived: a frame, or a heart-beat. */
export type Arrival = { readonly kind: 'frame'; readonly frame: ServerFrame } | { readonly kind: 'beat'; readonly at: number };

const LF = 0x0a;
const NUL = 0x00;
/** No test of ours makes a server send more. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Reads what a server sends, far stricter than a client has to be: any octet that the rules do not allow throws a
 * `WireViolation`. Shares no code with the broker, so that the two cannot be wrong together.
 *
 * `push` takes a TCP stream in any cut. `message` takes one WebSocket message, which must be exactly one frame
 * (nothing before it, nothing after its NUL), or exactly one LF.
 */
export class ServerFrameReader {
  #pending: Buffer = Buffer.alloc(0);
  #order = new ServerOrder();

  /** The version of the session, once CONNECTED was read. */
  get version(): StompVersion | undefined {
    return this.#order.version;
  }

  push(chunk: Buffer): Arrival[] {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    if (this.#pending.length > MAX_BYTES) throw new WireViolation('a frame without end', this.#pending);
    const arrivals: Arrival[] = [];
    for (;;) {
      if (this.#pending[0] === LF) {
        arrivals.push(this.#beat());
        this.#pending = this.#pending.subarray(1);
        continue;
      }
      const length = frameLength(this.#pending);
      if (length === undefined) return arrivals;
      arrivals.push(this.#frame(this.#pending.subarray(0, length), false));
      this.#pending = this.#pending.subarray(length);
    }
  }

  message(data: Buffer, isBinary: boolean): Arrival {
    if (data.length === 1 && data[0] === LF) {
      if (isBinary) throw new WireViolation('a heart-beat is a text message', data);
      return this.#beat();
    }
    const length = frameLength(data);
    if (length !== data.length) throw new WireViolation('a WebSocket message holds exactly one whole frame', data);
    if (isBinary === isUtf8(data)) {
      throw new WireViolation(`a frame ${isBinary ? 'of valid UTF-8 travels as text' : 'that is not UTF-8 travels as binary'}`, data);
    }
    return this.#frame(data, isBinary);
  }

  /** Called when the socket ended: a part of a frame must not be left over. */
  end(): void {
    if (this.#pending.length > 0) throw new WireViolation('the connection ended within a frame', this.#pending);
  }

  #beat(): Arrival {
    this.#order.beat();
    return { kind: 'beat', at: performance.now() };
  }

  #frame(octets: Buffer, isBinary: boolean): Arrival {
    const frame = judgeFrame(octets, this.#order.version, isBinary);
    this.#order.frame(frame, octets);
    return { kind: 'frame', frame };
  }
}

/** Octets of the frame at the start of `data`, its NUL included; undefined while it is not whole. */
function frameLength(data: Buffer): number | undefined {
  const blank = data.indexOf('\n\n');
  const nul = data.indexOf(NUL);
  if (nul !== -1 && (blank === -1 || nul < blank)) throw new WireViolation('a frame needs a blank line before its body', data);
  if (blank === -1) return undefined;
  const stated = /\ncontent-length:(\d+)\n/.exec(data.subarray(0, blank + 1).toString('latin1'))?.[1];
  if (stated === undefined) return nul === -1 ? undefined : nul + 1;
  const length = blank + 2 + Number(stated) + 1;
  if (data.length < length) return undefined;
  if (data[length - 1] !== NUL) throw new WireViolation('content-length must be followed by NUL', data);
  return length;
}
