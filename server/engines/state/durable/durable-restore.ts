import type { DurableTerms } from '../../../broker/engine.ts';
import { termsOf } from '../terms.ts';
import type { DurableLog } from './durable-log.ts';
import type { DurableSubscription } from './durable-subscription.ts';
import { PulledEntry, type Kept } from './kept.ts';

/** A subscription as an engine writes it down. */
export interface DurableRecord {
  readonly terms: DurableTerms;
  /** Of its log. */
  readonly epoch: string;
  readonly cursor: number;
  /** 0 = it is used. */
  readonly unusedSince: number;
  /** All there is to it, in place of what was written before; without it only the terms and `unusedSince` of one that is there count. */
  readonly whole?: {
    readonly missed: number;
    readonly taken: readonly TakenRecord[];
  };
}

/** A message that was taken out of the log and not settled. */
export type TakenRecord = readonly [seq: number, offset: number, missed: number, failures: number, recoveries: number, dueAt: number];

interface Taken {
  readonly seq: number;
  readonly offset: number;
  readonly missed: number;
  failures: number;
  recoveries: number;
  /** Below 0: as its record says. */
  dueAt: number;
}

interface Restoring {
  terms: DurableTerms;
  readonly epoch: string;
  cursor: number;
  missed: number;
  unusedSince: number;
  readonly taken: Map<number, Taken>;
}

/** Who takes them when all is read, and hears of what is not needed any more. */
interface Owner<Stored> {
  readonly now: number;
  adopt(name: string, terms: DurableTerms, epoch: string, cursor: number, unusedSince: number): DurableSubscription<Stored>;
  adoptLog(log: DurableLog<Stored>, last: number, line: readonly Kept<Stored>[], pinned: readonly Kept<Stored>[]): void;
  adoptTaken(subscription: DurableSubscription<Stored>, entry: PulledEntry<Stored>): void;
  onForget(kept: Kept<Stored>): void;
}

/** Brings durable subscriptions back from what was written down. A message that was moved may be read later than what speaks of it. */
export class DurableRestore<Stored> {
  readonly #owner: Owner<Stored>;
  readonly #subscriptions = new Map<string, Restoring>();
  /** By pattern and epoch. */
  readonly #logs = new Map<string, Map<number, Kept<Stored>>>();

  constructor(owner: Owner<Stored>) {
    this.#owner = owner;
  }

  /** Tells whether it is read as a whole: what was written of it before is not needed any more. */
  subscription(name: string, record: DurableRecord): boolean {
    const { terms, epoch, cursor, unusedSince, whole } = record;
    const known = this.#subscriptions.get(name);
    if (known && !whole) {
      known.terms = terms;
      known.unusedSince = unusedSince;
      return false;
    }
    const taken = new Map<number, Taken>();
    for (const [seq, offset, gap, failures, recoveries, dueAt] of whole?.taken ?? []) taken.set(seq, { seq, offset, missed: gap, failures, recoveries, dueAt });
    this.#subscriptions.set(name, { terms, epoch, cursor, unusedSince, missed: whole?.missed ?? 0, taken });
    return true;
  }

  pull(name: string, cursor: number, missed: number, taken: readonly TakenRecord[]): void {
    const known = this.#subscriptions.get(name);
    if (!known) return;
    known.cursor = cursor;
    known.missed = missed;
    for (const [seq, offset, gap] of taken) known.taken.set(seq, { seq, offset, missed: gap, failures: 0, recoveries: 0, dueAt: -1 });
  }

  drop(name: string, seq: number): void {
    this.#subscriptions.get(name)?.taken.delete(seq);
  }

  count(name: string, seq: number, failures: number, recoveries: number): void {
    const taken = this.#subscriptions.get(name)?.taken.get(seq);
    if (taken) Object.assign(taken, { failures, recoveries });
  }

  postpone(name: string, seq: number, dueAt: number): void {
    const taken = this.#subscriptions.get(name)?.taken.get(seq);
    if (taken) taken.dueAt = dueAt;
  }

  /** Tells whether there was such a subscription. */
  remove(name: string): boolean {
    return this.#subscriptions.delete(name);
  }

  /** Any of them may have been delivered. */
  suspectAll(): void {
    for (const { taken } of this.#subscriptions.values()) for (const each of taken.values()) each.recoveries = Math.max(1, each.recoveries);
  }

  find(pattern: string, epoch: string, offset: number): Kept<Stored> | undefined {
    return this.#logs.get(keyOf(pattern, epoch))?.get(offset);
  }

  keep(pattern: string, epoch: string, kept: Kept<Stored>): void {
    const key = keyOf(pattern, epoch);
    const log = this.#logs.get(key);
    if (log) log.set(kept.offset, kept);
    else this.#logs.set(key, new Map([[kept.offset, kept]]));
  }

  /** Everything was read. */
  finish(): void {
    const byLog = new Map<string, [name: string, restoring: Restoring][]>();
    for (const [name, restoring] of this.#subscriptions) {
      const key = keyOf(restoring.terms.pattern, restoring.epoch);
      const found = byLog.get(key);
      if (found) found.push([name, restoring]);
      else byLog.set(key, [[name, restoring]]);
    }
    for (const [key, subscriptions] of byLog) this.#finishLog(this.#logs.get(key) ?? new Map<number, Kept<Stored>>(), subscriptions);
    for (const log of this.#logs.values()) for (const kept of log.values()) this.#owner.onForget(kept);
    this.#logs.clear();
    this.#subscriptions.clear();
  }

  /** What is in its place afterwards, is needed; the rest stays in `all`, to be forgotten. */
  #finishLog(all: Map<number, Kept<Stored>>, subscriptions: readonly (readonly [name: string, restoring: Restoring])[]): void {
    const adopted = subscriptions.map(([name, { terms, epoch, cursor, unusedSince, missed, taken }]) => {
      const subscription = this.#owner.adopt(name, terms, epoch, cursor, unusedSince === 0 ? this.#owner.now : unusedSince);
      subscription.missed = missed;
      return { subscription, taken: [...taken.values()].sort((left, right) => left.seq - right.seq) };
    });
    const cursors = subscriptions.map(([, { cursor }]) => cursor);
    const last = Math.max(...all.keys(), ...cursors);
    const lowest = Math.min(...cursors);
    const line: Kept<Stored>[] = [];
    for (let offset = last; offset > lowest; offset--) {
      const kept = all.get(offset);
      if (!kept) break;
      line.push(kept);
    }
    const used = new Set(line);
    const pinned: Kept<Stored>[] = [];
    for (const { taken } of adopted) {
      for (const { offset } of taken) {
        const kept = all.get(offset);
        if (!kept || used.has(kept)) continue;
        used.add(kept);
        pinned.push(kept);
      }
    }
    this.#owner.adoptLog(adopted[0]!.subscription.log, last, line.reverse(), pinned);
    for (const { subscription, taken } of adopted) {
      for (const { seq, offset, missed, failures, recoveries, dueAt } of taken) {
        const kept = all.get(offset);
        if (!kept) continue;
        const entry = new PulledEntry<Stored>(seq, kept, missed, failures, recoveries);
        if (dueAt >= 0) entry.terms = termsOf({ ...kept.terms, dueAt });
        this.#owner.adoptTaken(subscription, entry);
      }
    }
    for (const { offset } of used) all.delete(offset);
    // Only now, when it is known what is taken: what was let go of by the bounds may have been read again.
    adopted[0]!.subscription.log.trim(this.#owner.now);
  }
}

const keyOf = (pattern: string, epoch: string): string => `${epoch} ${pattern}`;
