/** Whole numbers from one to another, both included; `to` may be Infinity. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * A set of whole numbers as ranges, ascending and apart, never more of them than a limit: where there would be more, the two
 * with the least between them become one. So it may come to hold numbers that nobody put in, but it never lacks one.
 *
 *     [5] [9..12] [40..Infinity]
 */
export class Ranges {
  readonly #limit: number;
  readonly #from: number[];
  readonly #to: number[];

  /** Begins with all numbers from `from` on. */
  constructor(limit: number, from = 0) {
    this.#limit = limit;
    this.#from = [from];
    this.#to = [Infinity];
  }

  get first(): Range | undefined {
    return this.at(0);
  }

  get count(): number {
    return this.#from.length;
  }

  at(index: number): Range | undefined {
    return index < this.#from.length ? { from: this.#from[index]!, to: this.#to[index]! } : undefined;
  }

  has(number: number): boolean {
    const at = this.#lastFrom(number);
    return at >= 0 && number <= this.#to[at]!;
  }

  add(from: number, to = from): void {
    let first = this.#lastFrom(from);
    // Joined with one that ends right before it, too.
    if (first < 0 || this.#to[first]! < from - 1) first++;
    let behind = first;
    while (behind < this.#from.length && this.#from[behind]! <= to + 1) behind++;
    const start = first < behind ? Math.min(from, this.#from[first]!) : from;
    const end = first < behind ? Math.max(to, this.#to[behind - 1]!) : to;
    if (behind === first + 1) {
      this.#from[first] = start;
      this.#to[first] = end;
      return;
    }
    this.#from.splice(first, behind - first, start);
    this.#to.splice(first, behind - first, end);
    if (this.#from.length > this.#limit) this.#joinClosest();
  }

  /** Takes out all numbers up to this one. */
  dropThrough(number: number): void {
    let gone = 0;
    while (gone < this.#to.length && this.#to[gone]! <= number) gone++;
    if (gone > 0) {
      this.#from.splice(0, gone);
      this.#to.splice(0, gone);
    }
    if (this.#from.length > 0 && this.#from[0]! <= number) this.#from[0] = number + 1;
  }

  /** Index of the last range that begins at this number or before it; -1 = none does. Most often it is the last of all. */
  #lastFrom(number: number): number {
    let at = this.#from.length - 1;
    while (at >= 0 && this.#from[at]! > number) at--;
    return at;
  }

  #joinClosest(): void {
    let closest = 1;
    const gap = (index: number): number => this.#from[index]! - this.#to[index - 1]!;
    for (let i = 2; i < this.#from.length; i++) if (gap(i) < gap(closest)) closest = i;
    this.#to[closest - 1] = this.#to[closest]!;
    this.#from.splice(closest, 1);
    this.#to.splice(closest, 1);
  }
}
