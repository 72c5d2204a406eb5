import { Entry } from './entry.ts';
import type { Queue } from './queue.ts';
import type { QueueTable } from './queue-table.ts';

/**
 * Brings a state back from what an engine wrote down: the same effects once more, in the order they were committed in,
 * without checks, clocks and announcements. What names an entry that is not there is told by `false`.
 *
 * A claim without an end or a return means that its holder vanished with the message. Entries so held are given back
 * by `recoverHeld` at the end, and counted; one that is claimed while it is held was held by two nodes that vanished
 * one after the other, and is counted at once.
 */
export class Restore<Stored> {
  readonly #table: QueueTable<Stored>;

  constructor(table: QueueTable<Stored>) {
    this.#table = table;
  }

  /** Numbers up to this one were given out, whether or not any of them is still there. */
  lastSeq(seq: number): void {
    this.#table.lastSeq = Math.max(this.#table.lastSeq, seq);
  }

  /** `bytes` as `messageBytes` counts them. */
  put(queue: string, entry: Entry<Stored>): void {
    this.lastSeq(entry.seq);
    this.#table.bytes += entry.bytes;
    const owner = this.#table.getOrAdd(queue);
    owner?.put(entry);
    if (entry.terms.lastValue !== '') owner?.keepValues();
  }

  /** Call it at the end: tells what is to be dropped, since something newer with its key is there. */
  *replaced(): Iterable<{ queue: string; entry: Entry<Stored> }> {
    for (const queue of this.#table.known()) {
      for (const entry of queue.findReplaced()) yield { queue: queue.name, entry };
    }
  }

  drop(queue: string, seq: number): boolean {
    const owner = this.#table.get(queue);
    const entry = owner?.held.get(seq) ?? owner?.reserveLate(seq);
    if (!owner || !entry) return false;
    owner.drop(entry);
    this.#table.bytes -= entry.bytes;
    this.#table.retire(owner);
    return true;
  }

  /** Back to its place with these counters, from a claim or from rest; not before `dueAt`. */
  giveBack(queue: string, seq: number, failures: number, recoveries: number, dueAt = 0): boolean {
    const owner = this.#table.get(queue);
    if (!owner || !this.#hold(queue, seq)) return false;
    owner.giveBack(owner.held.get(seq)!, failures, recoveries, dueAt);
    return true;
  }

  claim(queue: string, seq: number): boolean {
    const held = this.#table.get(queue)?.held.get(seq);
    if (held) held.recoveries++;
    return held !== undefined || this.#hold(queue, seq);
  }

  dropQueue(queue: string): Queue<Stored> | undefined {
    return this.#table.remove(queue);
  }

  /** Call it at the end, when entries may have come in another order than that of their numbers. */
  straighten(): void {
    for (const queue of this.#table.known()) queue.ready.straighten();
  }

  /** Gives back everything that is held, each with one more recovery; tells how many. */
  recoverHeld(): number {
    let count = 0;
    for (const queue of this.#table.known()) {
      // Claimed last, first back: so each of them fits at the front of the line.
      for (const entry of [...queue.held.values()].reverse()) {
        queue.giveBack(entry, entry.failures, entry.recoveries + 1, 0);
        count++;
      }
    }
    return count;
  }

  #hold(name: string, seq: number): boolean {
    const queue = this.#table.get(name);
    if (!queue) return false;
    if (queue.held.has(seq)) return true;
    const entry = queue.takeResting(seq);
    if (entry) queue.held.set(seq, entry);
    return entry !== undefined;
  }
}
