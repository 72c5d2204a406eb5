import type { LogBounds } from '../../broker/engine.ts';
import { Logged, type Contents } from './topic-log.ts';

/** Which log an entry belongs to, and the bounds it was put in with. */
export interface LogHead {
  readonly topic: string;
  readonly epoch: string;
  readonly bounds: LogBounds;
}

/** Who takes the logs when all is read, and hears of what is not needed any more. */
interface Owner<Stored> {
  adopt(topic: string, epoch: string, contents: Contents<Stored>): void;
  onForget(entry: Logged<Stored>): void;
}

/**
 * Brings the logs back from the entries that were written down. What was forgotten was not written down: it follows from
 * the bounds and times of the entries that came after it. An entry that was moved may be read later than its successors.
 */
export class TopicLogsRestore<Stored> {
  readonly #owner: Owner<Stored>;
  readonly #replays = new Map<string, LogReplay<Stored>>();

  constructor(owner: Owner<Stored>) {
    this.#owner = owner;
  }

  find({ topic, epoch }: LogHead, offset: number): Logged<Stored> | undefined {
    const replay = this.#replays.get(topic);
    return replay?.epoch === epoch ? replay.entries.get(offset) : undefined;
  }

  put({ topic, epoch, bounds }: LogHead, entry: Logged<Stored>): void {
    let replay = this.#replays.get(topic);
    if (replay?.epoch !== epoch) {
      // The numbering began anew: the log before was forgotten.
      for (const old of replay?.entries.values() ?? []) this.#owner.onForget(old);
      this.#replays.set(topic, (replay = new LogReplay(epoch, bounds)));
    }
    replay.put(entry, bounds, (old) => this.#owner.onForget(old));
  }

  /** Everything was read. */
  finish(): void {
    for (const [topic, replay] of this.#replays) {
      const { entries, rest } = replay.finish();
      for (const old of rest) this.#owner.onForget(old);
      this.#owner.adopt(topic, replay.epoch, { entries, bounds: replay.bounds, lastAt: replay.lastAt });
    }
    this.#replays.clear();
  }
}

/** One log while it is read. */
class LogReplay<Stored> {
  readonly epoch: string;
  readonly entries = new Map<number, Logged<Stored>>();
  bounds: LogBounds;
  lastAt = 0;
  #last = 0;
  /** What lies before the one or was logged before the other is out of bounds. */
  #floor = 1;
  #oldest = -Infinity;

  constructor(epoch: string, bounds: LogBounds) {
    this.epoch = epoch;
    this.bounds = bounds;
  }

  put(entry: Logged<Stored>, bounds: LogBounds, onForget: (entry: Logged<Stored>) => void): void {
    const { offset } = entry;
    if (offset < this.#floor) {
      onForget(entry);
      return;
    }
    this.entries.set(offset, entry);
    if (offset <= this.#last) return;
    this.#last = offset;
    this.lastAt = Math.max(entry.at, this.lastAt);
    // By the bounds up to now first, as `TopicLog.put` does.
    this.#age();
    this.bounds = bounds;
    this.#age();
    this.#raise(offset - bounds.maxMessages + 1, onForget);
  }

  /** What there is, in order and without a hole up to the newest, and the rest. */
  finish(): { entries: Logged<Stored>[]; rest: Iterable<Logged<Stored>> } {
    const entries: Logged<Stored>[] = [];
    for (let offset = this.#last; ; offset--) {
      const entry = this.entries.get(offset);
      if (!entry || (offset < this.#last && entry.at < this.#oldest)) break;
      this.entries.delete(offset);
      entries.push(entry);
    }
    return { entries: entries.reverse(), rest: this.entries.values() };
  }

  #age(): void {
    const { maxAgeMs } = this.bounds;
    if (maxAgeMs > 0) this.#oldest = Math.max(this.#oldest, this.lastAt - maxAgeMs);
  }

  #raise(floor: number, onForget: (entry: Logged<Stored>) => void): void {
    if (floor <= this.#floor) return;
    // Before the first entry that is still there may be millions that are not.
    const few = floor - this.#floor <= this.entries.size;
    const offsets = few ? Array.from({ length: floor - this.#floor }, (_, index) => this.#floor + index) : [...this.entries.keys()];
    for (const offset of offsets) {
      const entry = offset < floor ? this.entries.get(offset) : undefined;
      if (!entry) continue;
      this.entries.delete(offset);
      onForget(entry);
    }
    this.#floor = floor;
  }
}
