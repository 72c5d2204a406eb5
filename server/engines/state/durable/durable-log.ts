import type { DurableBounds } from '../../../broker/engine.ts';
import { Fifo } from '../../../lib/fifo.ts';
import { Kept } from './kept.ts';

/** Entries let go of in one step, so that one who was far behind and goes keeps nobody waiting: the rest goes with the next steps. */
const TRIMMED_AT_ONCE = 1024;

/**
 * What is kept of the topics of one pattern, for all durable subscriptions of it: a line of messages, numbered without a
 * hole. Each subscription has its cursor, the offset of the last message it looked at.
 *
 *     offsets   1 … | floor … cursor … last | last+1 …
 *        let go of  |     in line           | to come
 *
 * A message leaves the line when every cursor has passed it, or by the bounds: then those who had not come to it have missed
 * it. Whoever took it and has not settled it keeps it alive out of line (`pinned`).
 */
export class DurableLog<Stored = never> {
  readonly pattern: string;
  /** Another whenever the numbering began anew. */
  readonly epoch: string;
  bounds: DurableBounds;
  /** Groups that are staged to put something in. */
  pins = 0;
  /** Subscriptions that found less than they wanted: they are told of the next message. */
  readonly hungry = new Set<string>();
  /** Subscriptions of the pattern. */
  subscriptionCount = 0;
  readonly #onForget: (kept: Kept<Stored>) => void;
  readonly #line = new Fifo<Kept<Stored>>();
  readonly #pinned = new Map<number, Kept<Stored>>();
  /** How many cursors stand at an offset in line, or right before it. */
  readonly #cursors = new Map<number, number>();
  /** Cursors that messages are missing behind. */
  #behind = 0;
  #last = 0;
  #end = 0;

  constructor(pattern: string, epoch: string, bounds: DurableBounds, onForget: (kept: Kept<Stored>) => void) {
    this.pattern = pattern;
    this.epoch = epoch;
    this.bounds = bounds;
    this.#onForget = onForget;
  }

  /** Offset of the newest message ever put in; 0 if there was none. */
  get last(): number {
    return this.#last;
  }

  /** Offset of the first in line; `last` + 1 if there is none. */
  get floor(): number {
    return this.#last - this.#line.length + 1;
  }

  /** A message in line, or one that somebody has taken. */
  get(offset: number): Kept<Stored> | undefined {
    return this.#line.at(offset - this.floor) ?? this.#pinned.get(offset);
  }

  put(kept: Kept<Stored>, now: number): void {
    this.#push(kept, ++this.#last);
    this.trim(now);
  }

  /** Forgets what is out of bounds, and what all have passed. */
  trim(now: number): void {
    const { maxMessages, maxBytes, maxAgeMs } = this.bounds;
    for (let first = this.#line.at(0); first; first = this.#line.at(0)) {
      const isOver =
        (maxMessages > 0 && this.#line.length > maxMessages) ||
        (maxBytes > 0 && this.#line.length > 1 && this.#end - first.end + first.bytes > maxBytes) ||
        (maxAgeMs > 0 && first.at <= now - maxAgeMs);
      if (!isOver) break;
      this.#shift();
    }
    for (let count = 0; count < TRIMMED_AT_ONCE && this.#line.length > 0 && this.#isPassed; count++) this.#shift();
  }

  /** In line behind that offset. */
  countBehind(cursor: number): number {
    return this.#last - Math.max(cursor, this.floor - 1);
  }

  /** Octets of those. */
  bytesBehind(cursor: number): number {
    const next = this.#line.at(Math.max(cursor + 1, this.floor) - this.floor);
    return next ? this.#end - next.end + next.bytes : 0;
  }

  addCursor(cursor: number): void {
    this.subscriptionCount++;
    this.#count(cursor, 1);
  }

  removeCursor(cursor: number, now: number): void {
    this.subscriptionCount--;
    this.#count(cursor, -1);
    this.trim(now);
  }

  moveCursor(from: number, to: number, now: number): void {
    this.#count(from, -1);
    this.#count(to, 1);
    this.trim(now);
  }

  pin(kept: Kept<Stored>): void {
    kept.users++;
  }

  unpin(kept: Kept<Stored>): void {
    if (--kept.users > 0 || kept.isInLine) return;
    this.#pinned.delete(kept.offset);
    this.#onForget(kept);
  }

  /** Lets go of the whole line: nobody is left who wants it. */
  clear(): void {
    while (this.#line.length > 0) this.#shift();
  }

  /** As it was before a restart: what stands in line, in order and without a hole, and what was taken of the rest. */
  restore(last: number, line: readonly Kept<Stored>[], pinned: Iterable<Kept<Stored>>): void {
    this.#last = last - line.length;
    for (const kept of line) this.#push(kept, ++this.#last);
    for (const kept of pinned) this.#pinned.set(kept.offset, kept);
    // The cursors came first.
    for (const [cursor, count] of this.#cursors) {
      if (cursor >= this.floor - 1) continue;
      this.#cursors.delete(cursor);
      this.#behind += count;
    }
  }

  #push(kept: Kept<Stored>, offset: number): void {
    kept.offset = offset;
    this.#end += kept.bytes;
    kept.end = this.#end;
    kept.isInLine = true;
    this.#line.push(kept);
  }

  /** The first in line is nobody's next any more. */
  get #isPassed(): boolean {
    return this.#behind === 0 && !this.#cursors.has(this.floor - 1);
  }

  #shift(): void {
    const first = this.#line.shift()!;
    first.isInLine = false;
    // Whose next it was has missed it.
    const standing = this.#cursors.get(first.offset - 1) ?? 0;
    this.#cursors.delete(first.offset - 1);
    this.#behind += standing;
    if (first.users > 0) this.#pinned.set(first.offset, first);
    else this.#onForget(first);
  }

  #count(cursor: number, change: 1 | -1): void {
    if (cursor < this.floor - 1) {
      this.#behind += change;
      return;
    }
    const count = (this.#cursors.get(cursor) ?? 0) + change;
    if (count > 0) this.#cursors.set(cursor, count);
    else this.#cursors.delete(cursor);
  }
}
