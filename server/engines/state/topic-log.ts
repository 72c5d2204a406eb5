import type { LogBounds, LogPosition } from '../../broker/engine.ts';
import type { Message } from '../../broker/message.ts';
import { Fifo } from '../../lib/fifo.ts';

/** One message in a topic's log; `content` is the message, or whatever the engine put in its place to find it again. */
export class Logged<Stored = never> {
  /** 0 until it is put in. */
  offset: number;
  /** When it was logged, ms since the epoch. */
  readonly at: number;
  /** What it counts in byte caps, wherever its content is. */
  readonly bytes: number;
  content: Message | Stored;

  constructor(at: number, bytes: number, content: Message | Stored, offset = 0) {
    this.at = at;
    this.bytes = bytes;
    this.content = content;
    this.offset = offset;
  }
}

/** As the port's page, with entries in place of messages. */
export interface Page<Stored> {
  readonly epoch: string;
  readonly last: number;
  readonly entries: readonly Logged<Stored>[];
  readonly isComplete: boolean;
}

/** What a log is made of again after a restart. */
export interface Contents<Stored> {
  /** In order, without a hole; the newest is the last that was put in. */
  readonly entries: readonly Logged<Stored>[];
  readonly bounds: LogBounds;
  readonly lastAt: number;
}

/**
 * The log of one topic: its newest messages, numbered from 1 without a hole.
 *
 *     offsets   1 … | last-length+1 … last | last+1 …
 *         forgotten          here            to come
 *
 * What is out of bounds is forgotten when something is put in and when somebody reads. The newest stays even when it is
 * too old, unseen, because it carries the numbering.
 */
export class TopicLog<Stored = never> {
  readonly topic: string;
  readonly epoch: string;
  /** Groups that are staged to put something in: it must not be forgotten meanwhile. */
  pins = 0;
  readonly #onForget: (entry: Logged<Stored>) => void;
  readonly #entries = new Fifo<Logged<Stored>>();
  #bounds: LogBounds;
  #last = 0;
  #lastAt = 0;

  constructor(topic: string, epoch: string, bounds: LogBounds, onForget: (entry: Logged<Stored>) => void) {
    this.topic = topic;
    this.epoch = epoch;
    this.#bounds = bounds;
    this.#onForget = onForget;
  }

  /** Offset of the newest entry ever put in; 0 if there was none. */
  get last(): number {
    return this.#last;
  }

  /** Those that came with the last entry. */
  get bounds(): LogBounds {
    return this.#bounds;
  }

  get(offset: number): Logged<Stored> | undefined {
    return this.#entries.at(offset - this.#floor);
  }

  put(entry: Logged<Stored>, bounds: LogBounds): LogPosition {
    const at = Math.max(entry.at, this.#lastAt);
    // By the bounds up to now first, or what they ended would come back with wider ones.
    if (this.isPast(at)) this.clear();
    else this.trim(at);
    this.#bounds = bounds;
    entry.offset = ++this.#last;
    this.#lastAt = at;
    this.#entries.push(entry);
    this.trim(at);
    return { epoch: this.epoch, offset: entry.offset };
  }

  restore({ entries, bounds, lastAt }: Contents<Stored>): void {
    for (const entry of entries) this.#entries.push(entry);
    this.#bounds = bounds;
    this.#last = entries.at(-1)?.offset ?? 0;
    this.#lastAt = lastAt;
  }

  /** Forgets what is out of bounds at that moment. */
  trim(now: number): void {
    const { maxMessages, maxAgeMs } = this.#bounds;
    const oldest = maxAgeMs > 0 ? now - maxAgeMs : -Infinity;
    while (this.#entries.length > 1 && (this.#entries.length > maxMessages || this.#entries.at(0)!.at < oldest)) {
      this.#onForget(this.#entries.shift()!);
    }
  }

  /** From behind that place on, or from the beginning; so too if it is no place of this log. */
  read(after: LogPosition | undefined, limit: number, now: number): Page<Stored> {
    this.trim(now);
    const { epoch } = this;
    const last = this.#last;
    const floor = this.isPast(now) ? last + 1 : this.#floor;
    const isKnown = after !== undefined && after.epoch === epoch && after.offset <= last;
    const from = isKnown ? after.offset + 1 : 1;
    const entries: Logged<Stored>[] = [];
    for (let offset = Math.max(from, floor); offset <= last && entries.length < limit; offset++) entries.push(this.get(offset)!);
    return { epoch, last, entries, isComplete: from >= floor && (isKnown || after === undefined) };
  }

  /** Are all of its entries too old, by so much at least? */
  isPast(now: number, byMs = 0): boolean {
    const { maxAgeMs } = this.#bounds;
    return maxAgeMs > 0 && this.#lastAt < now - maxAgeMs - byMs;
  }

  /** Lets go of everything. */
  clear(): void {
    for (let entry = this.#entries.shift(); entry; entry = this.#entries.shift()) this.#onForget(entry);
  }

  get #floor(): number {
    return this.#last - this.#entries.length + 1;
  }
}
