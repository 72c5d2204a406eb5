import type { ConsumerWant, DeadReason } from '../../broker/engine.ts';
import { ByTime } from './by-time.ts';
import type { DurableSubscription } from './durable/durable-subscription.ts';
import type { Entry } from './entry.ts';
import { Groups, precedes, type Taker } from './groups.ts';
import { LastValues } from './last-values.ts';
import { PriorityOrder } from './priority-order.ts';
import { termsOf } from './terms.ts';

/** An entry whose end has come, and why. */
export interface DeadEntry<Stored> {
  readonly entry: Entry<Stored>;
  readonly reason: DeadReason;
}

/** What is done in one go where time has come for very many at once. */
const TURN_BITE = 4096;

/** Its return to the queue is staged. */
const RETURNING = 1;
/** Its end is staged. */
const LEAVING = 2;
/** It is kept among the held ones only because it is leaving: without that it would be at rest. */
const RESTS = 4;
/** It was parked before. */
const PARKED = 8;
/** It is gone, or never came. */
const ENDED = 16;
/** Its return is staged, and will be its end, since a newer one with its key is there. */
const OUTDATED = 32;

/**
 * One queue: entries at rest, those whose time is not come, those that are dead, and entries held by this node.
 *
 * An entry is staged (put, not committed: nobody sees it), then at rest, or scheduled until it is due and then at rest,
 * then held by a claim, then gone, or at rest or scheduled again. One at rest or scheduled whose end has come is dead
 * until somebody claims it as such. What is said of those at rest below is true of the scheduled and the dead ones as well. Ending and returning take two steps: *reserve* puts a mark on the entry, so that nobody else can end or return
 * it, and then either the step itself (`drop`, `giveBack`) or its undoing takes the mark off. Nothing shows in between,
 * except that an entry at rest with a mark can no longer be claimed: it waits among the held ones.
 *
 *     held  --reserveReturn-->  held, returning  --giveBack-->  at rest
 *     held  --reserveDrop---->  held, leaving    --drop------>  gone
 *     at rest  --reserveLate->  held, leaving, rests            --drop-->  gone      --undoDrop-->  at rest
 *     held, returning  --reserveLate-->  held, returning, leaving    both marks, each taken off by its own step
 *     staged  --replace-->  leaving  --put-->  held, leaving, rests  --drop-->  gone
 *
 * Steps and undoings of different groups may come in any order; the marks say what is left to do.
 */
export class Queue<Stored> {
  readonly name: string;
  readonly temporary: boolean;
  readonly ready = new PriorityOrder<Stored>();
  readonly held = new Map<number, Entry<Stored>>();
  /** Made when the first one comes. */
  #scheduled: ByTime<Stored> | undefined;
  /** Made with the first claim that meets a message of one. Those it parks are at rest, and not in `ready`. */
  #groups: Groups<Stored> | undefined;
  /** Made when the first entry with a key comes. */
  #lastValues: LastValues<Stored> | undefined;
  /** Of those at rest and scheduled, the ones that expire. Made when the first one comes. */
  #expiring: ByTime<Stored> | undefined;
  /** In the order of their ends. */
  #dead: Map<number, DeadEntry<Stored>> | undefined;
  /** Octets of all. */
  bytes = 0;
  /** Staged effects that refer to this queue: it must not be forgotten meanwhile. */
  pins = 0;
  /** Removed with all its messages; what was staged for it comes to nothing. */
  isDropped = false;
  /** The one that it is filled for: it stays as long as that does. */
  subscription: DurableSubscription<Stored> | undefined;
  /** Found empty and not yet forgotten, see `QueueTable`. */
  isIdle = false;

  constructor(name: string, temporary: boolean) {
    this.name = name;
    this.temporary = temporary;
  }

  get isEmpty(): boolean {
    return !this.hasEntries && this.pins === 0 && this.subscription === undefined;
  }

  get hasEntries(): boolean {
    return this.restCount > 0 || this.held.size > 0 || this.scheduledCount > 0 || this.deadCount > 0;
  }

  /** Entries at rest. */
  get restCount(): number {
    return this.ready.length + (this.#groups?.parked.length ?? 0);
  }

  get deadCount(): number {
    return this.#dead?.size ?? 0;
  }

  get scheduledCount(): number {
    return this.#scheduled?.length ?? 0;
  }

  /** When it has to be turned to next; infinity if time changes nothing. */
  get nextAt(): number {
    return Math.min(this.#scheduled?.firstAt ?? Infinity, this.#expiring?.firstAt ?? Infinity);
  }

  /** Brings it up to the present, a bite at a time: what has expired by now is dead, what is due is at rest. */
  turnTo(now: number): void {
    let left = TURN_BITE;
    for (; left > 0; left--) {
      const expired = this.#expiring?.takeDue(now);
      if (!expired) break;
      this.#bury(expired, 'expired');
    }
    for (; left > 0; left--) {
      const due = this.#scheduled?.takeDue(now);
      if (!due) return;
      due.terms = termsOf({ ...due.terms, dueAt: 0 });
      this.ready.insert(due);
    }
  }

  put(entry: Entry<Stored>): void {
    this.bytes += entry.bytes;
    if (entry.marks & LEAVING) this.#hide(entry);
    else this.#rest(entry);
  }

  /** Who is to be claimed next, if there is one at rest. */
  first(): Entry<Stored> | undefined {
    return this.ready.first();
  }

  /** Consumers with room claim: what is parked for them can be claimed, too. */
  openFor(wants: readonly ConsumerWant[]): void {
    this.#groups?.openFor(wants);
  }

  /** Who of the consumers may have an entry of the order, if that belongs to a group. */
  takerOf(entry: Entry<Stored>): Taker {
    return (this.#groups ??= new Groups(this.ready)).takerOf(entry);
  }

  /** Nobody may have the first one now. */
  park(first: Entry<Stored>): void {
    this.ready.shift();
    this.#groups?.park(first);
  }

  /** A selector does not match one of the order: it stands for nobody behind it. */
  overlooked(entry: Entry<Stored>): void {
    if (entry.terms.group !== '') this.#groups?.overlooked(entry);
  }

  /**
   * Claims one at rest, the first or one that a selector found behind others, for that consumer; tells whether its group is
   * that consumer's from now on, and was not before.
   */
  hold(entry: Entry<Stored>, consumer: string): boolean {
    if (this.ready.first() === entry) this.ready.shift();
    else this.ready.take(entry.seq);
    this.#ceaseToExpire(entry);
    this.held.set(entry.seq, entry);
    return entry.terms.group !== '' && (this.#groups ??= new Groups(this.ready)).claimed(entry, consumer);
  }

  /** Whether something that was parked can be claimed, since this was asked before. */
  takeOpened(): boolean {
    return this.#groups?.takeOpened() ?? false;
  }

  /** Up to `limit` entries at rest in order, from the one at place `offset`; they stay where they are. */
  list(offset: number, limit: number): Entry<Stored>[] {
    const parked = this.#groups?.parked.list(0, offset + limit) ?? [];
    if (parked.length === 0) return this.ready.list(offset, limit);
    const all = [...this.ready.list(0, offset + limit), ...parked];
    return all.sort((one, other) => (precedes(one, other) ? -1 : 1)).slice(offset, offset + limit);
  }

  /** An entry at rest or held, whatever is staged for it. */
  find(seq: number): Entry<Stored> | undefined {
    return this.held.get(seq) ?? this.ready.get(seq) ?? this.#groups?.parked.get(seq) ?? this.#scheduled?.get(seq) ?? this.#dead?.get(seq)?.entry;
  }

  /** Takes the entry of that number out, wherever it rests. */
  takeResting(seq: number): Entry<Stored> | undefined {
    const entry = this.#takeLiving(seq);
    if (entry) this.#ceaseToExpire(entry);
    return entry ?? this.#takeDead(seq)?.entry;
  }

  /** Claims the first of the dead, unless it has more than so many octets. */
  holdDead(maxBytes: number): DeadEntry<Stored> | undefined {
    for (const dead of this.#dead?.values() ?? []) {
      if (dead.entry.bytes > maxBytes) return undefined;
      const { seq } = dead.entry;
      this.held.set(seq, dead.entry);
      return this.#takeDead(seq);
    }
    return undefined;
  }

  /** All of them, those at rest first. */
  *entries(): Iterable<Entry<Stored>> {
    yield* this.list(0, Infinity);
    yield* this.#scheduled?.values() ?? [];
    for (const { entry } of this.#dead?.values() ?? []) yield entry;
    yield* this.held.values();
  }

  /** A held entry that nobody has a mark on. */
  findHeld(seq: number): Entry<Stored> | undefined {
    const entry = this.held.get(seq);
    return entry?.marks === 0 ? entry : undefined;
  }

  reserveReturn(seq: number): Entry<Stored> | undefined {
    return this.#mark(this.findHeld(seq), RETURNING);
  }

  reserveDrop(seq: number): Entry<Stored> | undefined {
    return this.#mark(this.findHeld(seq), LEAVING);
  }

  /** As `reserveDrop`, for an entry that is at rest or on its way there; not for one that is held (again). */
  reserveLate(seq: number): Entry<Stored> | undefined {
    const held = this.held.get(seq);
    if (held) return held.marks === RETURNING ? this.#mark(held, LEAVING) : undefined;
    return this.#reserveResting(seq);
  }

  /** As `reserveLate` for the first entry at rest. */
  reserveFirst(): Entry<Stored> | undefined {
    if (!this.#groups) {
      const first = this.ready.shift();
      if (!first) return undefined;
      this.#ceaseToExpire(first);
      return this.#hide(first);
    }
    const [first] = this.list(0, 1);
    return first && this.#reserveResting(first.seq);
  }

  /**
   * An entry with a key is about to come to rest: the one before it with that key, and, if that is at rest (staged and
   * returning ones included), it is reserved as by `reserveLate`.
   */
  replace(entry: Entry<Stored>): { readonly before: Entry<Stored> | undefined; readonly reserved: Entry<Stored> | undefined } {
    const values = (this.#lastValues ??= new LastValues());
    const before = values.get(entry.terms.lastValue);
    values.set(entry);
    if (!before || before === entry || before.marks & (LEAVING | ENDED)) return { before, reserved: undefined };
    const late = this.reserveLate(before.seq);
    const isStaged = !late && !this.held.has(before.seq);
    return { before, reserved: isStaged ? this.#mark(before, LEAVING) : late };
  }

  /** What came after a returning one with the same key, if it did and is there: then that one's return is its end. */
  reserveOutdated(entry: Entry<Stored>): Entry<Stored> | undefined {
    const newest = this.#lastValues?.get(entry.terms.lastValue);
    if (!newest || newest.seq <= entry.seq || newest.marks & LEAVING) return undefined;
    this.#mark(entry, OUTDATED);
    return newest;
  }

  /** A staged entry comes to nothing; `before` had its key. */
  undoPut(entry: Entry<Stored>, before: Entry<Stored> | undefined): void {
    entry.marks |= ENDED;
    const values = this.#lastValues;
    if (values?.get(entry.terms.lastValue) !== entry) return;
    values.delete(entry);
    if (before && !(before.marks & ENDED)) values.set(before);
  }

  /** After everything was put at rest that there is: learns which entries are the newest of their keys, and tells the others. */
  findReplaced(): Entry<Stored>[] {
    const values = this.#lastValues;
    if (!values) return [];
    const keyed = [...this.entries()].filter(({ terms }) => terms.lastValue !== '');
    keyed.sort((left, right) => left.seq - right.seq);
    for (const entry of keyed) values.set(entry);
    return keyed.filter((entry) => values.get(entry.terms.lastValue) !== entry);
  }

  /** It has entries with keys. */
  keepValues(): void {
    this.#lastValues ??= new LastValues();
  }

  /** Returns an entry to its place, with the counters it has from now on; not before `dueAt`, if that is not 0. */
  giveBack(entry: Entry<Stored>, failures: number, recoveries: number, dueAt: number): void {
    if (!this.held.has(entry.seq)) return;
    if (dueAt !== entry.terms.dueAt) entry.terms = termsOf({ ...entry.terms, dueAt });
    entry.failures = failures;
    entry.recoveries = recoveries;
    entry.marks &= ~(RETURNING | OUTDATED);
    this.#groups?.ended(entry);
    if (entry.marks & LEAVING) entry.marks |= RESTS;
    else {
      this.held.delete(entry.seq);
      this.#rest(entry);
    }
  }

  undoReturn(entry: Entry<Stored>): void {
    entry.marks &= ~(RETURNING | OUTDATED);
  }

  /** Tells whether the entry was still there. */
  drop(entry: Entry<Stored>): boolean {
    if (!this.held.delete(entry.seq)) return false;
    this.#groups?.ended(entry);
    this.bytes -= entry.bytes;
    entry.marks |= ENDED;
    this.#lastValues?.delete(entry);
    return true;
  }

  undoDrop(entry: Entry<Stored>): void {
    const rests = entry.marks & RESTS;
    const wasParked = entry.marks & PARKED;
    entry.marks &= ~(LEAVING | RESTS | PARKED);
    if (!rests || !this.held.delete(entry.seq)) return;
    if (wasParked && this.#groups?.parkAgain(entry)) this.#beginToExpire(entry);
    else this.#rest(entry);
  }

  #reserveResting(seq: number): Entry<Stored> | undefined {
    const isParked = this.#groups?.parked.get(seq) !== undefined;
    const resting = this.takeResting(seq);
    if (resting) this.#hide(resting);
    if (resting && isParked) resting.marks |= PARKED;
    return resting;
  }

  #rest(entry: Entry<Stored>): void {
    if (entry.terms.dueAt === 0) this.ready.insert(entry);
    else (this.#scheduled ??= new ByTime(({ dueAt }) => dueAt)).add(entry);
    this.#beginToExpire(entry);
  }

  /** It is at rest or scheduled. */
  #beginToExpire(entry: Entry<Stored>): void {
    if (entry.terms.expiresAt !== 0) (this.#expiring ??= new ByTime(({ expiresAt }) => expiresAt)).add(entry);
  }

  #takeLiving(seq: number): Entry<Stored> | undefined {
    const ready = this.ready.take(seq);
    if (ready) this.#groups?.left(ready);
    return ready ?? this.#groups?.takeParked(seq) ?? this.#scheduled?.take(seq);
  }

  /** It is no longer at rest or scheduled. */
  #ceaseToExpire({ seq, terms }: Entry<Stored>): void {
    if (terms.expiresAt !== 0) this.#expiring?.take(seq);
  }

  #bury(entry: Entry<Stored>, reason: DeadReason): void {
    const { seq } = entry;
    this.#takeLiving(seq);
    (this.#dead ??= new Map()).set(seq, { entry, reason });
  }

  #takeDead(seq: number): DeadEntry<Stored> | undefined {
    const dead = this.#dead?.get(seq);
    this.#dead?.delete(seq);
    return dead;
  }

  #hide(resting: Entry<Stored>): Entry<Stored> {
    resting.marks = LEAVING | RESTS;
    this.held.set(resting.seq, resting);
    return resting;
  }

  #mark(entry: Entry<Stored> | undefined, mark: number): Entry<Stored> | undefined {
    if (entry) entry.marks |= mark;
    return entry;
  }
}

/** Was it dropped, or undone before it came? */
export const hasEnded = ({ marks }: Entry<unknown>): boolean => (marks & ENDED) !== 0;
