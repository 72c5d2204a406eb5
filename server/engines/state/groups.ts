import type { ConsumerWant } from '../../broker/engine.ts';
import type { Entry } from './entry.ts';
import { PriorityOrder } from './priority-order.ts';

/** One message group, as long as any of it is in flight or parked. */
interface Group<Stored> {
  readonly name: string;
  /** The consumer that has what is in flight. */
  owner: string;
  inFlight: number;
  /** The parked ones, in queue order; made with the first. */
  line: PriorityOrder<Stored> | undefined;
  /** The one that stands in the queue's order for the line behind it. */
  open: Entry<Stored> | undefined;
}

/** Who takes an entry: whoever is next, that consumer and no other, or nobody now. */
export type Taker = { readonly kind: 'anyone' } | { readonly kind: 'owner'; readonly consumer: string } | { readonly kind: 'nobody' };

const ANYONE: Taker = Object.freeze({ kind: 'anyone' });
const NOBODY: Taker = Object.freeze({ kind: 'nobody' });

/**
 * The message groups of a queue. What is in flight of a group belongs to one consumer, its owner, who gets the next of it
 * as well. A claim that meets a message whose owner has no room, or that has parked ones before it, *parks* it: it leaves
 * the order that claims see, so nobody meets it twice, and is at rest for everyone else.
 *
 *     in the order      …  ·  …  o  …          o: the open one, first of its group
 *     line of a group      4  7  9             parked, in queue order
 *
 * A line is open or closed. It opens with a claim of the owner's that has room, and when nothing of the group is in flight
 * any more: its first one stands in the order again, at its place, and whenever that one is claimed or removed, the next
 * takes its turn. It closes with the open one being parked. So parking costs the same however long the line, nothing is
 * stuck, and each time that a group was idle it may go to another consumer.
 */
export class Groups<Stored> {
  /** All that are parked, in queue order. */
  readonly parked = new PriorityOrder<Stored>();
  readonly #ready: PriorityOrder<Stored>;
  readonly #groups = new Map<string, Group<Stored>>();
  readonly #inFlight = new Map<number, Group<Stored>>();
  readonly #closed = new Set<Group<Stored>>();
  #hasOpened = false;

  constructor(ready: PriorityOrder<Stored>) {
    this.#ready = ready;
  }

  /** Whether a line opened since this was asked before: there is something to claim. */
  takeOpened(): boolean {
    const hasOpened = this.#hasOpened;
    this.#hasOpened = false;
    return hasOpened;
  }

  /** A claim begins. */
  openFor(wants: readonly ConsumerWant[]): void {
    for (const group of this.#closed) {
      if (wants.some(({ consumer = '', credit }) => credit > 0 && consumer === group.owner)) this.#open(group);
    }
  }

  takerOf(entry: Entry<Stored>): Taker {
    const group = this.#groups.get(entry.terms.group);
    if (!group) return ANYONE;
    const before = group.line?.first();
    if (before && precedes(before, entry)) return NOBODY;
    return group.inFlight === 0 ? ANYONE : { kind: 'owner', consumer: group.owner };
  }

  /** An entry of the order was claimed for that consumer; tells whether it owns the group from now on, and did not before. */
  claimed(entry: Entry<Stored>, consumer: string): boolean {
    const group = this.#groupOf(entry);
    const isFirst = group.inFlight++ === 0;
    group.owner = consumer;
    this.#inFlight.set(entry.seq, group);
    this.left(entry);
    return isFirst;
  }

  /** An entry that was claimed is gone or at rest again; others are none of this one's business. */
  ended(entry: Entry<Stored>): void {
    const group = this.#inFlight.get(entry.seq);
    if (!group) return;
    this.#inFlight.delete(entry.seq);
    if (--group.inFlight > 0) return;
    const first = group.line?.first();
    if (first && (!group.open || precedes(first, group.open))) this.#open(group);
    this.#forgetIfIdle(group);
  }

  /** An entry that was taken out of the order. */
  park(entry: Entry<Stored>): void {
    const group = this.#groupOf(entry);
    (group.line ??= new PriorityOrder()).insert(entry);
    this.parked.insert(entry);
    if (group.open === entry) group.open = undefined;
    if (!group.open) this.#closed.add(group);
  }

  /** An entry that was parked and taken out is back; false where its group is free: then it belongs in the order. */
  parkAgain(entry: Entry<Stored>): boolean {
    const isInFlight = (this.#groups.get(entry.terms.group)?.inFlight ?? 0) > 0;
    if (isInFlight) this.park(entry);
    return isInFlight;
  }

  /** A selector passed an entry over: others of its group may be for it all the same. */
  overlooked(entry: Entry<Stored>): void {
    this.left(entry);
  }

  /** An entry left the order, but for being parked. */
  left(entry: Entry<Stored>): void {
    const group = this.#groups.get(entry.terms.group);
    if (group?.open !== entry) return;
    this.#open(group);
    this.#forgetIfIdle(group);
  }

  /** Takes a parked entry out. */
  takeParked(seq: number): Entry<Stored> | undefined {
    const entry = this.parked.take(seq);
    if (entry) this.#groups.get(entry.terms.group)?.line?.take(seq);
    return entry;
  }

  #open(group: Group<Stored>): void {
    this.#closed.delete(group);
    group.open = group.line?.shift();
    if (!group.open) return;
    this.parked.take(group.open.seq);
    this.#ready.insert(group.open);
    this.#hasOpened = true;
  }

  #forgetIfIdle(group: Group<Stored>): void {
    if (group.inFlight > 0 || group.open) return;
    this.#groups.delete(group.name);
    this.#closed.delete(group);
  }

  #groupOf({ terms }: Entry<Stored>): Group<Stored> {
    const known = this.#groups.get(terms.group);
    if (known) return known;
    const group = { name: terms.group, owner: '', inFlight: 0, line: undefined, open: undefined };
    this.#groups.set(terms.group, group);
    return group;
  }
}

export function precedes<Stored>(one: Entry<Stored>, other: Entry<Stored>): boolean {
  if (one.terms.priority !== other.terms.priority) return one.terms.priority > other.terms.priority;
  return one.seq < other.seq;
}
