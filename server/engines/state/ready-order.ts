import { DEFAULT_PRIORITY } from '../../broker/message.ts';
import { Fifo } from '../../lib/fifo.ts';
import { SortedList } from '../../lib/sorted-list.ts';
import { Hole, type Entry } from './entry.ts';

/**
 * The entries of one priority that are at rest, in the order of their numbers.
 *
 *     line         3   7   8   ·   12  13        ascending; a hole (·) where one was taken out of the middle
 *     stragglers     5   6   10                   few, as a rule no more than were ever in flight
 *
 * New entries go to the end of the line, and so does, or to its front, what comes back and fits there, or into the hole it
 * left. The rest are stragglers: others with higher and lower numbers stand in line already. The first of all is the
 * smaller of both heads, so that putting, taking and giving back cost the same however deep the queue is.
 *
 * One order serves one priority; a queue has several of these side by side (`PriorityOrder`).
 */
export class ReadyOrder<Stored> {
  readonly priority: number;
  readonly #line = new Fifo<Entry<Stored> | Hole>();
  #holes = 0;
  /** Made when the first one comes: most queues never have any. */
  #stragglers: SortedList<Entry<Stored>> | undefined;

  constructor(priority = DEFAULT_PRIORITY) {
    this.priority = priority;
  }

  get length(): number {
    return this.#line.length - this.#holes + (this.#stragglers?.length ?? 0);
  }

  insert(entry: Entry<Stored>): void {
    const line = this.#line;
    if (line.length === 0 || entry.seq > line.at(line.length - 1)!.seq) line.push(entry);
    else if (entry.seq < line.at(0)!.seq) line.unshift(entry);
    else if (!this.#fill(entry)) (this.#stragglers ??= new SortedList<Entry<Stored>>(numberOf)).insert(entry);
  }

  /** The highest number in the line or among the stragglers, holes included. */
  get last(): number {
    return Math.max(this.#line.at(this.#line.length - 1)?.seq ?? 0, this.#stragglers?.last()?.seq ?? 0);
  }

  /** The first entry of that number or a higher one, left where it is. */
  from(seq: number): Entry<Stored> | undefined {
    let place = this.#placeFrom(seq);
    let found = this.#line.at(place);
    while (found instanceof Hole) found = this.#line.at(++place);
    const straggler = this.#stragglers?.from(seq);
    return straggler && (!found || straggler.seq < found.seq) ? straggler : found;
  }

  first(): Entry<Stored> | undefined {
    const head = this.#head();
    const straggler = this.#stragglers?.first();
    if (straggler && (!head || straggler.seq < head.seq)) return straggler;
    return head;
  }

  shift(): Entry<Stored> | undefined {
    const entry = this.first();
    if (entry === undefined) return undefined;
    if (entry === this.#line.at(0)) this.#line.shift();
    else this.#stragglers?.take(entry.seq);
    return entry;
  }

  /** Takes the entry of that number out, wherever it rests. */
  take(seq: number): Entry<Stored> | undefined {
    const straggler = this.#stragglers?.take(seq);
    if (straggler) return straggler;
    const place = this.#find(seq);
    const entry = this.#line.at(place);
    if (entry === undefined || entry instanceof Hole) return undefined;
    this.#line.set(place, new Hole(seq));
    this.#holes++;
    this.#head();
    this.#tail();
    if (this.#holes > this.#line.length / 2 + FEW_HOLES) this.#closeHoles();
    return entry;
  }

  /** The entry of that number, left where it is. */
  get(seq: number): Entry<Stored> | undefined {
    const found = this.#stragglers?.get(seq) ?? this.#line.at(this.#find(seq));
    return found instanceof Hole ? undefined : found;
  }

  /** Puts the stragglers in line: worth a walk through all of it when there are very many, as after a replay. */
  straighten(): void {
    if (!this.#stragglers) return;
    const entries = this.list(0, Infinity);
    this.#line.clear();
    this.#holes = 0;
    this.#stragglers = undefined;
    for (const entry of entries) this.#line.push(entry);
  }

  /** Up to `limit` entries in order, from the one at place `offset`; they stay where they are. */
  list(offset: number, limit: number): Entry<Stored>[] {
    const listed: Entry<Stored>[] = [];
    const stragglers = [...(this.#stragglers ?? [])];
    // Without holes and stragglers a place in the order is a place in the line: paging through is cheap at any depth.
    const isPlain = this.#holes === 0 && stragglers.length === 0;
    let skip = isPlain ? 0 : offset;
    let next = 0;
    const take = (entry: Entry<Stored>): void => {
      if (skip > 0) skip--;
      else listed.push(entry);
    };
    for (let place = isPlain ? offset : 0; place < this.#line.length && listed.length < limit; place++) {
      const entry = this.#line.at(place)!;
      while (next < stragglers.length && stragglers[next]!.seq < entry.seq && listed.length < limit) take(stragglers[next++]!);
      if (!(entry instanceof Hole) && listed.length < limit) take(entry);
    }
    while (next < stragglers.length && listed.length < limit) take(stragglers[next++]!);
    return listed;
  }

  /** Where very many are taken out of the middle, as last values are and what selectors choose, each pays for a part of the walk. */
  #closeHoles(): void {
    const entries: Entry<Stored>[] = [];
    for (let place = 0; place < this.#line.length; place++) {
      const entry = this.#line.at(place)!;
      if (!(entry instanceof Hole)) entries.push(entry);
    }
    this.#line.clear();
    this.#holes = 0;
    for (const entry of entries) this.#line.push(entry);
  }

  /** Drops the holes that have come to the front, then tells who stands there. */
  #head(): Entry<Stored> | undefined {
    for (;;) {
      const head = this.#line.at(0);
      if (!(head instanceof Hole)) return head;
      this.#line.shift();
      this.#holes--;
    }
  }

  /** Drops the holes at the end: what is taken there as soon as it comes leaves nothing behind. */
  #tail(): void {
    while (this.#line.at(this.#line.length - 1) instanceof Hole) {
      this.#line.pop();
      this.#holes--;
    }
  }

  /** Back into the hole it left, if that is still there. */
  #fill(entry: Entry<Stored>): boolean {
    const place = this.#find(entry.seq);
    if (place < 0) return false;
    this.#line.set(place, entry);
    this.#holes--;
    return true;
  }

  /** -1 if the number is not in line. */
  #find(seq: number): number {
    const place = this.#placeFrom(seq);
    return this.#line.at(place)?.seq === seq ? place : -1;
  }

  /** Binary search for the first of that number or a higher one, holes included. */
  #placeFrom(seq: number): number {
    let low = 0;
    let high = this.#line.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#line.at(middle)!.seq < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const numberOf = ({ seq }: { readonly seq: number }): number => seq;

/** So many holes are not worth a walk. */
const FEW_HOLES = 64;
