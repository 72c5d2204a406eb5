import assert from 'node:assert/strict';
import type { Claimed, ReleaseReason } from '../../../server/broker/engine.ts';

/** Somebody who holds a message: a node, under the name of the member it was when it claimed. */
export interface Holder {
  readonly node: string;
  readonly member: string;
}

interface Entry {
  readonly id: string;
  readonly queue: string;
  readonly publisher: string;
  readonly sentAt: number;
  stored: 'yes' | 'no' | 'unknown';
  /** Whether it was settled, moved or may have been. */
  isGone: boolean;
  goneAt: number;
  /** Settlements whose outcome is not known, or not yet. */
  doubts: number;
  seq: number | undefined;
  nacks: number;
  nackDoubts: number;
  holder: Holder | undefined;
  wasDelivered: boolean;
}

/** A hold that seems to be double, unless its first holder was fenced: only the store can tell. */
export interface DoubleHold {
  readonly id: string;
  readonly first: Holder;
  readonly second: Holder;
}

/**
 * What was done to queues by many nodes, and what they saw of it, held against each other at every step:
 *
 * 1. a message that was stored is delivered until it is settled, and never after;
 * 2. nobody gets a message that another live member holds;
 * 3. messages of one publisher are numbered in the order it sent them, and a claim brings them in the order of their
 *    numbers; the first deliveries of a queue come in that order, too, unless something was disturbed meanwhile;
 * 4. nacks are counted exactly.
 *
 * Each method is told of one event, in the order they happen.
 */
export class QueueLedger {
  readonly #entries = new Map<string, Entry>();
  readonly #highestSeq = new Map<string, { seq: number; sentAt: number }>();
  /** For each queue the claims that ended, by when, with the highest number that was delivered first by then. */
  readonly #firsts = new Map<string, { readonly at: number; readonly seq: number }[]>();
  readonly #purged = new Map<string, number>();
  readonly #lostQueues = new Set<string>();
  #now = 0;
  #disturbedAt = -1;
  #count = 0;
  deliveries = 0;

  /** A moment, for events that take time. */
  get now(): number {
    return ++this.#now;
  }

  sending(queue: string, publisher: string): string {
    const id = `${publisher}.${++this.#count}`;
    this.#entries.set(id, {
      id, queue, publisher, sentAt: this.now, stored: 'unknown', isGone: false, goneAt: 0, doubts: 0, seq: undefined,
      nacks: 0, nackDoubts: 0, holder: undefined, wasDelivered: false,
    });
    return id;
  }

  sent(id: string, isStored: boolean): void {
    this.#entry(id).stored = isStored ? 'yes' : 'no';
  }

  /** Messages came to `holder` by a claim that began at `since`. Returns what must not be, unless the store knows better. */
  claimed(queue: string, holder: Holder, since: number, claimed: readonly Claimed[]): DoubleHold[] {
    const doubles: DoubleHold[] = [];
    const bound = this.#firsts.get(queue)?.findLast(({ at }) => at < since)?.seq ?? 0;
    let last = 0;
    let first = bound;
    for (const { seq, message, failures } of claimed) {
      const entry = this.#entry(message.id);
      const what = `${entry.id} (${queue} ${seq}) at ${holder.member}`;
      this.deliveries++;
      assert.ok(seq > last, `${what} came behind ${last} in one claim`);
      last = seq;
      assert.ok(!entry.isGone || entry.goneAt > since, `${what} was delivered after it was settled`);
      assert.notEqual(entry.stored, 'no', `${what} was delivered, and had been refused`);
      assert.equal(entry.queue, queue, what);
      this.#number(entry, seq);
      if (entry.nackDoubts === 0) assert.equal(failures, entry.nacks, `${what}: nacks`);
      if (entry.holder && entry.holder.member !== holder.member) doubles.push({ id: entry.id, first: entry.holder, second: holder });
      if (!entry.wasDelivered) {
        if (seq < bound && entry.sentAt > this.#disturbedAt) assert.fail(`${what} came first after ${bound} had`);
        first = Math.max(first, seq);
      }
      entry.wasDelivered = true;
      entry.holder = holder;
    }
    const firsts = this.#firsts.get(queue) ?? [];
    firsts.push({ at: this.now, seq: Math.max(first, firsts.at(-1)?.seq ?? 0) });
    this.#firsts.set(queue, firsts.slice(-200));
    return doubles;
  }

  /** A settle, move or late settle is on its way. */
  settling(id: string): void {
    const entry = this.#entry(id);
    entry.doubts++;
    entry.holder = undefined;
  }

  settled(id: string, isDone: boolean): void {
    const entry = this.#entry(id);
    entry.doubts--;
    if (!isDone) return;
    entry.isGone = true;
    entry.goneAt = this.now;
  }

  releasing(id: string, reason: ReleaseReason): void {
    const entry = this.#entry(id);
    entry.holder = undefined;
    if (reason === 'nack') entry.nackDoubts++;
  }

  released(id: string, reason: ReleaseReason, isCertain: boolean): void {
    if (reason !== 'nack' || !isCertain) return;
    const entry = this.#entry(id);
    entry.nackDoubts--;
    entry.nacks++;
  }

  /** That node has no say any more in what it held: it left, crashed, or was fenced. */
  lapse(node: string): void {
    for (const entry of this.#entries.values()) if (entry.holder?.node === node) entry.holder = undefined;
  }

  /** Claims may have been lost on the way, and what they took comes back out of turn. */
  disturbed(): void {
    this.#disturbedAt = this.now;
  }

  purged(queue: string, count: number): void {
    this.#purged.set(queue, (this.#purged.get(queue) ?? 0) + count);
  }

  /** It is gone with its node, or was dropped. */
  lost(queue: string): void {
    this.#lostQueues.add(queue);
  }

  isLost(queue: string): boolean {
    return this.#lostQueues.has(queue);
  }

  /** Nothing is on its way any more; `present` are the ids of all that is in the queues. */
  finish(present: ReadonlySet<string>): { sent: number; deliveries: number; unknown: number } {
    const missing = new Map<string, Entry[]>();
    let unknown = 0;
    for (const entry of this.#entries.values()) {
      if (this.#lostQueues.has(entry.queue)) continue;
      if (entry.stored === 'unknown' || entry.doubts > 0) unknown++;
      if (present.has(entry.id)) {
        assert.ok(!entry.isGone, `${entry.id} is in ${entry.queue}, and was settled`);
        assert.notEqual(entry.stored, 'no', `${entry.id} is in ${entry.queue}, and was refused`);
      } else if (entry.stored === 'yes' && !entry.isGone && entry.doubts === 0) {
        missing.set(entry.queue, [...(missing.get(entry.queue) ?? []), entry]);
      }
    }
    for (const [queue, entries] of missing) {
      const allowed = this.#purged.get(queue) ?? 0;
      assert.ok(entries.length <= allowed, `${queue} lost ${entries.length - allowed}: ${JSON.stringify(entries.slice(0, 5))}`);
    }
    return { sent: this.#entries.size, deliveries: this.deliveries, unknown };
  }

  #number(entry: Entry, seq: number): void {
    entry.seq ??= seq;
    assert.equal(seq, entry.seq, `${entry.id} keeps its number`);
    const key = `${entry.queue} ${entry.publisher}`;
    const highest = this.#highestSeq.get(key);
    if (highest && highest.sentAt > entry.sentAt) assert.ok(seq < highest.seq, `${entry.id} was sent earlier than the one numbered ${highest.seq}, and got ${seq} in ${entry.queue}`);
    else this.#highestSeq.set(key, { seq, sentAt: entry.sentAt });
  }

  #entry(id: string): Entry {
    const entry = this.#entries.get(id);
    assert.ok(entry, `nobody sent ${id}`);
    return entry;
  }
}
