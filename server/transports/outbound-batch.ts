import type { WireFrame } from '../protocol/wire-frame.ts';

/** The first octets of a frame as this transport writes them; large bodies follow from the frame's tail. */
export type Framing = (frame: WireFrame) => Buffer;

/** Pieces from this size on are handed to the socket as they stand; smaller ones are cheaper to copy together. */
const LARGE_BYTES = 16 * 1024;

/**
 * The frames one connection gets in one turn of the event loop, as the end of a path that connections share:
 *
 *     root ── A ── B ── C        subscribers of one topic stand at C: the same frames in the same order,
 *                   \            so the same octets, joined once however many they are
 *                    D ── C      one of them had a RECEIPT in between and goes its own way
 *
 * A step remembers only its newest continuation, since a fan-out sends the same frame to one connection after the
 * other. So a delivery costs a comparison and no memory, and whether two connections may share their octets is known
 * without looking at any frame again. Measured in fan-outs: the system call is the cost, so a turn is one write.
 */
export class OutboundBatch {
  /** STOMP octets up to here. */
  readonly bytes: number;
  readonly #previous: OutboundBatch | undefined;
  readonly #frame: WireFrame | undefined;
  #newest: OutboundBatch | undefined = undefined;
  #chunks: readonly Buffer[] | undefined = undefined;

  /** Without arguments: the root, which holds no frame. */
  constructor(previous?: OutboundBatch, frame?: WireFrame) {
    this.#previous = previous;
    this.#frame = frame;
    this.bytes = previous && frame ? previous.bytes + frame.length : 0;
  }

  followedBy(frame: WireFrame): OutboundBatch {
    const newest = this.#newest;
    if (newest !== undefined && newest.#frame === frame) return newest;
    return (this.#newest = new OutboundBatch(this, frame));
  }

  /** What to write: nearly always one buffer, or several for one gathering write. A single frame is not copied. */
  chunks(framing: Framing): readonly Buffer[] {
    return (this.#chunks ??= join(piecesOf(this.#frames(), framing)));
  }

  #frames(): WireFrame[] {
    const frames: WireFrame[] = [];
    if (this.#frame) frames.push(this.#frame);
    for (let step = this.#previous; step !== undefined; step = step.#previous) if (step.#frame) frames.push(step.#frame);
    return frames.reverse();
  }
}

function piecesOf(frames: readonly WireFrame[], framing: Framing): Buffer[] {
  const pieces: Buffer[] = [];
  for (const frame of frames) {
    pieces.push(framing(frame));
    if (frame.tail) pieces.push(...frame.tail);
  }
  return pieces;
}

/** Copies runs of small pieces together and leaves large ones alone, in their order. */
function join(pieces: readonly Buffer[]): readonly Buffer[] {
  const chunks: Buffer[] = [];
  let run: Buffer[] = [];
  for (const piece of pieces) {
    if (piece.length < LARGE_BYTES) {
      run.push(piece);
      continue;
    }
    if (run.length > 0) chunks.push(concat(run));
    run = [];
    chunks.push(piece);
  }
  if (run.length > 0) chunks.push(concat(run));
  return chunks;
}

function concat(run: readonly Buffer[]): Buffer {
  return run.length === 1 ? run[0]! : Buffer.concat(run);
}
