import { Heap } from '../../lib/heap.ts';
import type { Entry } from './entry.ts';

/**
 * Entries at rest that do not fit at either end of the line, because others with higher and lower numbers stand there
 * already: given back out of order, or committed after a later one. Few, as a rule no more than were ever in flight.
 *
 * The map is the truth; the heap only knows in which order to ask it. A number whose entry was taken out of the middle
 * stays in the heap until it surfaces, or until such numbers outweigh the others.
 */
export class Stragglers<Stored> {
  readonly #entries = new Map<number, Entry<Stored>>();
  readonly #order = new Heap<number>((left, right) => left < right);

  get length(): number {
    return this.#entries.size;
  }

  add(entry: Entry<Stored>): void {
    this.#entries.set(entry.seq, entry);
    this.#order.push(entry.seq);
  }

  /** The one with the lowest number. */
  first(): Entry<Stored> | undefined {
    for (;;) {
      const seq = this.#order.peek();
      if (seq === undefined) return undefined;
      const entry = this.#entries.get(seq);
      if (entry) return entry;
      this.#order.pop();
    }
  }

  get(seq: number): Entry<Stored> | undefined {
    return this.#entries.get(seq);
  }

  take(seq: number): Entry<Stored> | undefined {
    const entry = this.#entries.get(seq);
    if (!entry) return undefined;
    this.#entries.delete(seq);
    if (this.#order.peek() === seq) this.#order.pop();
    else if (this.#order.length > 2 * this.#entries.size + 64) this.#order.replace(this.#entries.keys());
    return entry;
  }

  /** A sorted copy. */
  sorted(): Entry<Stored>[] {
    return [...this.#entries.values()].sort((left, right) => left.seq - right.seq);
  }
}
