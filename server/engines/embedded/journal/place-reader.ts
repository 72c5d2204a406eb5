import type { Journal } from './journal.ts';
import { offsetOf, segmentOf, type Place } from './place.ts';
import type { Segment } from './segment.ts';

/** What to read: a length of four octets and as many octets after it. */
export interface Wanted {
  readonly place: Place;
  /** A guess at the length; a wrong one costs a second read. */
  readonly bytes: number;
}

/** A piece of a segment in memory. */
interface Window {
  readonly segment: number;
  readonly start: number;
  readonly bytes: Buffer;
}

/** Read ahead where reading goes on in order: what lies behind a message is most often wanted next. */
const AHEAD_BYTES = 256 * 1024;
const WINDOWS = 8;
/** Around a message that is read alone. */
const SLACK_BYTES = 4096;

/**
 * Reads messages back by their places. A deep queue is read in order, so a window of the file is read at once and serves
 * the next hundreds of messages; a few windows are kept, for as many queues. Octets of a segment never change once they
 * are flushed, and a window never reaches beyond those, so what is kept stays right.
 */
export class PlaceReader {
  readonly #journal: Journal;
  /** The one used last stands last. */
  readonly #windows: Window[] = [];
  #readCount = 0;
  readonly #onIdle: (() => void)[] = [];

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** Copies of what stands at the places, which must be in use when this is called. */
  async read(wanted: readonly Wanted[]): Promise<Buffer[]> {
    // Keeps the files open, also when what stands in them is settled or moved meanwhile.
    const segments = new Set(wanted.map(({ place }) => this.#segment(place)));
    for (const segment of segments) segment.readers++;
    this.#readCount++;
    try {
      const found: Buffer[] = [];
      for (const { place, bytes } of wanted) found.push(this.#find(place) ?? (await this.#fetch(place, bytes)));
      return found;
    } finally {
      for (const segment of segments) segment.readers--;
      if (--this.#readCount === 0) this.#onIdle.splice(0).forEach((resolve) => resolve());
    }
  }

  /** Resolves when no read is under way. */
  idle(): Promise<void> {
    if (this.#readCount === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  #find(place: Place): Buffer | undefined {
    for (let i = this.#windows.length - 1; i >= 0; i--) {
      const found = cut(this.#windows[i]!, place);
      if (!found) continue;
      if (i < this.#windows.length - 1) this.#windows.push(...this.#windows.splice(i, 1));
      return found;
    }
    return undefined;
  }

  async #fetch(place: Place, guess: number): Promise<Buffer> {
    const segment = this.#segment(place);
    const wish = this.#follows(place) ? Math.max(AHEAD_BYTES, guess + SLACK_BYTES) : guess + SLACK_BYTES;
    const window = await this.#load(segment, place, wish);
    const found = cut(window, place) ?? cut(await this.#load(segment, place, 4 + window.bytes.readUInt32LE(0)), place);
    if (!found) throw new Error(`expected a message at octet ${offsetOf(place)} of segment ${segment.number}`);
    return found;
  }

  /** Reading goes on in the midst of, or a little behind, what was read before. */
  #follows(place: Place): boolean {
    const offset = offsetOf(place);
    return this.#windows.some(({ segment, start, bytes }) => {
      return segment === segmentOf(place) && offset > start && offset <= start + bytes.length + AHEAD_BYTES;
    });
  }

  async #load(segment: Segment, place: Place, wish: number): Promise<Window> {
    const start = offsetOf(place);
    const length = Math.min(wish, segment.size - start);
    const bytes = Buffer.allocUnsafeSlow(Math.max(4, length));
    const have = await segment.file.read(bytes, bytes.length, start);
    if (have < bytes.length)
      throw new Error(`expected ${bytes.length} octets at octet ${start} of segment ${segment.number}, got ${have}`);
    const window = { segment: segment.number, start, bytes };
    this.#windows.push(window);
    if (this.#windows.length > WINDOWS) this.#windows.shift();
    return window;
  }

  #segment(place: Place): Segment {
    const segment = this.#journal.segment(segmentOf(place));
    if (!segment) throw new Error(`expected segment ${segmentOf(place)} to be there as long as a message in it is`);
    return segment;
  }
}

/** What stands at a place, if a window holds all of it. */
function cut({ segment, start, bytes }: Window, place: Place): Buffer | undefined {
  const at = offsetOf(place) - start;
  if (segment !== segmentOf(place) || at < 0 || at + 4 > bytes.length) return undefined;
  const end = at + 4 + bytes.readUInt32LE(at);
  // A copy: a view would keep the whole window in memory for as long as one message of it is in flight.
  return end > bytes.length ? undefined : Buffer.from(bytes.subarray(at + 4, end));
}
