import { Heap } from '../../lib/heap.ts';
import type { Entry } from './entry.ts';
import type { Terms } from './terms.ts';

/**
 * Entries of a queue to which something happens by itself, by when it does: they are due, or they expire. The map is the truth; the heap only knows in which order to
 * ask it, and an appointment whose entry was taken out meanwhile stays there until it surfaces, or until such outweigh the
 * others.
 */
export class ByTime<Stored> {
  readonly #timeOf: (terms: Terms) => number;
  readonly #entries = new Map<number, Entry<Stored>>();
  readonly #order = new Heap<Appointment>((left, right) => left.at < right.at);

  constructor(timeOf: (terms: Terms) => number) {
    this.#timeOf = timeOf;
  }

  get length(): number {
    return this.#entries.size;
  }

  /** The time of the first of them; infinity if there is none. */
  get firstAt(): number {
    return this.#first()?.at ?? Infinity;
  }

  add(entry: Entry<Stored>): void {
    this.#entries.set(entry.seq, entry);
    this.#order.push(this.#appointment(entry));
  }

  get(seq: number): Entry<Stored> | undefined {
    return this.#entries.get(seq);
  }

  take(seq: number): Entry<Stored> | undefined {
    const entry = this.#entries.get(seq);
    if (!entry) return undefined;
    this.#entries.delete(seq);
    if (this.#order.length > 2 * this.#entries.size + 64) {
      this.#order.replace(Array.from(this.#entries.values(), (each) => this.#appointment(each)));
    }
    return entry;
  }

  /** Takes the first one, if its time has come by then. */
  takeDue(now: number): Entry<Stored> | undefined {
    const first = this.#first();
    if (!first || first.at > now) return undefined;
    this.#order.pop();
    return this.take(first.seq);
  }

  values(): Iterable<Entry<Stored>> {
    return this.#entries.values();
  }

  #first(): Appointment | undefined {
    for (;;) {
      const first = this.#order.peek();
      const entry = first && this.#entries.get(first.seq);
      if (!first || (entry && this.#timeOf(entry.terms) === first.at)) return first;
      this.#order.pop();
    }
  }

  #appointment({ seq, terms }: Entry<Stored>): Appointment {
    return { at: this.#timeOf(terms), seq };
  }
}

interface Appointment {
  readonly at: number;
  readonly seq: number;
}
