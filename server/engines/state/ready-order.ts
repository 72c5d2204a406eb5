import { Fifo } from '../../lib/fifo.ts';
import { Hole, type Entry } from './entry.ts';
import { Stragglers } from './stragglers.ts';

/**
 * The entries of one priority that are at rest, in the order of their numbers.
 *
 *     line         3   7   8   ·   12  13        ascending; a hole (·) where one was taken out of the middle
 *     stragglers     5   6   10                   a heap
 *
 * New entries go to the end of the line, and so does, or to its front, what comes back and fits there. The rest are
 * stragglers. The first of all is the smaller of both heads, so that putting, taking and giving back cost the same
 * however deep the queue is.
 *
 * One order serves one priority; a queue has several of these side by side (`PriorityOrder`).
 */
export class ReadyOrder<Stored> {
  readonly #line = new Fifo<Entry<Stored> | Hole>();
  #holes = 0;
  /** Made when the first one comes: most queues never have any. */
  #stragglers: Stragglers<Stored> | undefined;

  get length(): number {
    return this.#line.length - this.#holes + (this.#stragglers?.length ?? 0);
  }

  insert(entry: Entry<Stored>): void {
    const line = this.#line;
    if (line.length === 0 || entry.seq > line.at(line.length - 1)!.seq) line.push(entry);
    else if (entry.seq < line.at(0)!.seq) line.unshift(entry);
    else (this.#stragglers ??= new Stragglers()).add(entry);
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
    const stragglers = this.#stragglers?.sorted() ?? [];
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

  /** Where very many are taken out of the middle, as last values are, each pays for a part of the walk. */
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

  /** Binary search; -1 if the number is not in line. */
  #find(seq: number): number {
    let low = 0;
    let high = this.#line.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const found = this.#line.at(middle)!.seq;
      if (found === seq) return middle;
      if (found < seq) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }
}

/** So many holes are not worth a walk. */
const FEW_HOLES = 64;
