import { Heap } from '../../lib/heap.ts';
import type { Entry } from './entry.ts';

/**
 * Entries of a queue whose time is not come, by when it does. The map is the truth; the heap only knows in which order to
 * ask it, and an appointment whose entry was taken out meanwhile stays there until it surfaces, or until such outweigh the
 * others.
 */
export class Scheduled<Stored> {
  readonly #entries = new Map<number, Entry<Stored>>();
  readonly #order = new Heap<Appointment>((left, right) => left.at < right.at);

  get length(): number {
    return this.#entries.size;
  }

  /** When the first of them is due; infinity if there is none. */
  get firstAt(): number {
    return this.#first()?.at ?? Infinity;
  }

  add(entry: Entry<Stored>): void {
    this.#entries.set(entry.seq, entry);
    this.#order.push({ at: entry.terms.dueAt, seq: entry.seq });
  }

  get(seq: number): Entry<Stored> | undefined {
    return this.#entries.get(seq);
  }

  take(seq: number): Entry<Stored> | undefined {
    const entry = this.#entries.get(seq);
    if (!entry) return undefined;
    this.#entries.delete(seq);
    if (this.#order.length > 2 * this.#entries.size + 64) {
      this.#order.replace(Array.from(this.#entries.values(), (each) => ({ at: each.terms.dueAt, seq: each.seq })));
    }
    return entry;
  }

  /** Takes the one that is due first, if it is due by then. */
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
      if (!first || this.#entries.get(first.seq)?.terms.dueAt === first.at) return first;
      this.#order.pop();
    }
  }
}

interface Appointment {
  readonly at: number;
  readonly seq: number;
}
