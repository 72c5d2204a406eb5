import type { State } from '../state/state.ts';
import { readBatch } from './batch-reader.ts';
import type { BatchWriter } from './batch-writer.ts';
import type { DurableRecords } from './durable-records.ts';
import type { DiskRoom } from './disk-room.ts';
import type { Journal } from './journal/journal.ts';
import { placeAt, type Place } from './journal/place.ts';
import { readRecord } from './journal/record.ts';
import type { ResidentMessages, Stored } from './resident-messages.ts';
import { SEGMENT_HEAD_BYTES, type Segment } from './journal/segment.ts';
import { keptSurvivor, loggedSurvivor, queuedSurvivor, recordSurvivor, usedSurvivor, type Survivor } from './survivor.ts';

/** A survivor that is being written once more, and where in the record. */
interface Forwarded {
  readonly survivor: Survivor;
  readonly at: number;
}

/** Read of the front segment at a time, so that no batch waits long behind the survivors of one step. */
const STEP_BYTES = 512 * 1024;
/** On a disk with little room, a last segment larger than this and nearly all done with is ended early. */
const ROLL_ABOVE_BYTES = 256 * 1024;

/**
 * Gives disk space back. The front segment is removed as soon as nothing in it is needed. Where a few old messages keep
 * it, and the journal takes more than about twice what is needed, they are *forwarded*: put once more, with the counters
 * they have now, at the end of the journal, a step at a time together with whatever is committed next.
 *
 *     idle --due--> reading --> loaded --written with a batch--> reading … --> the front is empty: removed, idle
 *
 * Forwarded messages, and durable subscriptions as a whole, stand first in their batch: a settle of the same message, which may come in that batch, must stand
 * behind its last put. Those settled in earlier batches are gone from the state and so are not forwarded.
 */
export class Compactor {
  readonly #journal: Journal;
  readonly #state: State<Stored>;
  readonly #records: DurableRecords;
  readonly #residents: ResidentMessages;
  readonly #room: DiskRoom;
  readonly #segmentBytes: number;
  /** Asks for a batch, in case nobody else does. */
  readonly #wake: () => void;
  readonly #onError: (error: unknown) => void;
  #loaded: Survivor[] = [];
  #forwarded: Forwarded[] = [];
  /** How far the front was read, and which segment that was. */
  #scan: { segment: Segment; at: number } | undefined;
  #task: Promise<void> | undefined;
  #isClosed = false;

  constructor(
    journal: Journal,
    state: State<Stored>,
    records: DurableRecords,
    residents: ResidentMessages,
    room: DiskRoom,
    segmentBytes: number,
    wake: () => void,
    onError: (error: unknown) => void,
  ) {
    this.#journal = journal;
    this.#state = state;
    this.#records = records;
    this.#residents = residents;
    this.#room = room;
    this.#segmentBytes = segmentBytes;
    this.#wake = wake;
    this.#onError = onError;
  }

  /** Survivors wait to be written. */
  get hasWork(): boolean {
    return this.#loaded.length > 0;
  }

  /** Writes what waits; to be called first when a batch is composed. */
  write(batch: BatchWriter): void {
    for (const survivor of this.#loaded) {
      if (survivor.isNeeded()) this.#forwarded.push({ survivor, at: survivor.write(batch) });
    }
    this.#loaded = [];
  }

  /** The batch is on the disk; to be called before its groups are committed. */
  committed(record: Place): void {
    for (const { survivor, at } of this.#forwarded) {
      if (!survivor.isNeeded()) continue;
      const { place, bytes } = survivor;
      this.#journal.count(place, -bytes);
      survivor.move(record + at, this.#residents);
      this.#journal.count(record + at, bytes);
    }
    this.#forwarded = [];
  }

  /** The batch found no room: what should have been moved stays where it is, until another reading of the front. */
  abandoned(): void {
    this.#forwarded = [];
    this.#scan = undefined;
  }

  /** The last segment, which is never removed, is what keeps room from a disk that has little. */
  get wantsRoll(): boolean {
    const { tail } = this.#journal;
    return !this.#room.isOpen && tail.size > ROLL_ABOVE_BYTES && tail.liveBytes * 4 < tail.size;
  }

  /** Does the next step in the background, if there is one. */
  step(): void {
    this.#state.repeats.forgetPast();
    if (this.#task || this.hasWork || this.#isClosed) return;
    if (!this.#isFrontEmpty() && !this.#isDue()) return;
    this.#task = this.#step()
      .catch(this.#onError)
      .finally(() => {
        this.#task = undefined;
        if (this.hasWork && !this.#isClosed) this.#wake();
      });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#task;
  }

  async #step(): Promise<void> {
    while (!this.hasWork && !this.#isClosed) {
      if (this.#isFrontEmpty()) await this.#journal.removeFront();
      else if (this.#isDue()) await this.#readOn();
      else return;
    }
  }

  #isFrontEmpty(): boolean {
    const { front, tail } = this.#journal;
    return front !== tail && front.liveBytes === 0 && front.readers === 0;
  }

  #isDue(): boolean {
    const { front, tail, totalBytes, liveBytes } = this.#journal;
    if (front === tail || front.liveBytes === 0) return false;
    // With little room left, only where a little written frees a lot.
    if (this.#room.isSpent) return front.liveBytes * 16 < front.size;
    if (!this.#room.isOpen && front.liveBytes * 4 < front.size) return true;
    return totalBytes > 2 * liveBytes + 2 * this.#segmentBytes;
  }

  /** Reads a piece of the front segment and collects what is needed of it. */
  async #readOn(): Promise<void> {
    const { front } = this.#journal;
    if (this.#scan?.segment !== front) this.#scan = { segment: front, at: SEGMENT_HEAD_BYTES };
    const scan = this.#scan;
    const chunk = await readPiece(front, scan.at, STEP_BYTES);
    // What was collected before a batch was abandoned has to be collected again.
    if (scan !== this.#scan) return;
    let done = 0;
    for (;;) {
      const found = readRecord(chunk, done);
      if (found.kind === 'bad')
        throw new Error(`segment ${front.number} cannot be read any more at octet ${scan.at + done}`);
      if (found.kind === 'short') break;
      this.#collect(found.payload, placeAt(front.number, scan.at + found.end - found.payload.length));
      done = found.end;
    }
    scan.at += done;
    if (scan.at < front.size || this.hasWork || front.liveBytes === 0) return;
    throw new Error(`segment ${front.number} counts ${front.liveBytes} octets as needed that are not in it`);
  }

  #collect(payload: Buffer, start: Place): void {
    readBatch(payload, {
      put: (queue, { seq }, at) => this.#load(queuedSurvivor(this.#state, queue, seq, start + at, { payload, at })),
      logPut: (log, { offset }, at) => this.#load(loggedSurvivor(this.#state, log, offset, start + at, { payload, at })),
      use: (key, _expiresAt, at) => this.#load(usedSurvivor(this.#state, key, start + at)),
      keptPut: (log, { offset }, at) => this.#load(keptSurvivor(this.#state, log, offset, start + at, { payload, at })),
      subscription: (name, _record, at) => this.#load(recordSurvivor(this.#records, name, start + at)),
      pull: nothing,
      drop: nothing,
      count: nothing,
      postpone: nothing,
      dropQueue: nothing,
      suspectAll: nothing,
    });
  }

  #load(survivor: Survivor | undefined): void {
    if (survivor) this.#loaded.push(survivor);
  }
}

/** Octets from `at` on: as many as wished, or more if the first record needs them. */
async function readPiece(segment: Segment, at: number, wish: number): Promise<Buffer> {
  for (let length = Math.min(wish, segment.size - at); ;) {
    const chunk = Buffer.allocUnsafeSlow(length);
    await segment.file.read(chunk, length, at);
    const first = readRecord(chunk, 0);
    if (first.kind !== 'short' || length === segment.size - at) return chunk;
    length = Math.min(first.needed, segment.size - at);
  }
}

/** Ends and counters in the front segment speak of messages in it, which go or are forwarded with the counters they have. */
function nothing(): void {
  return;
}
