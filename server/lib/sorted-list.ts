/**
 * Items in the order of their numbers, no two of the same. They stand in blocks, so that one in the middle moves no more than
 * a block, and finding one is two binary searches.
 *
 *     [ 3  5  9 ] [ 12  13 ] [ 20  21  40  41 ]
 */
export class SortedList<T> {
  readonly #numberOf: (item: T) => number;
  readonly #blocks: T[][] = [];
  #length = 0;

  constructor(numberOf: (item: T) => number) {
    this.#numberOf = numberOf;
  }

  get length(): number {
    return this.#length;
  }

  first(): T | undefined {
    return this.#blocks[0]?.[0];
  }

  last(): T | undefined {
    return this.#blocks.at(-1)?.at(-1);
  }

  get(number: number): T | undefined {
    const found = this.from(number);
    return found !== undefined && this.#numberOf(found) === number ? found : undefined;
  }

  /** The first item of that number or a higher one. */
  from(number: number): T | undefined {
    const at = this.#blockOf(number);
    const block = this.#blocks[at];
    if (!block) return undefined;
    return block[this.#placeIn(block, number)] ?? this.#blocks[at + 1]?.[0];
  }

  /** Its number must not be there yet. */
  insert(item: T): void {
    const number = this.#numberOf(item);
    const at = this.#blockOf(number);
    const block = this.#blocks[at];
    this.#length++;
    if (!block) {
      this.#blocks.push([item]);
      return;
    }
    block.splice(this.#placeIn(block, number), 0, item);
    if (block.length > LARGEST) this.#blocks.splice(at + 1, 0, block.splice(LARGEST / 2));
  }

  /** Takes the item of that number out. */
  take(number: number): T | undefined {
    const at = this.#blockOf(number);
    const block = this.#blocks[at];
    if (!block) return undefined;
    const place = this.#placeIn(block, number);
    const item = block[place];
    if (item === undefined || this.#numberOf(item) !== number) return undefined;
    block.splice(place, 1);
    if (block.length === 0) this.#blocks.splice(at, 1);
    this.#length--;
    return item;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (const block of this.#blocks) yield* block;
  }

  /** Index of the block where a number stands, if it is there: the last that begins with it or a lower one. */
  #blockOf(number: number): number {
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#numberOf(this.#blocks[middle]![0]!) <= number) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Index of the first item in a block of that number or a higher one. */
  #placeIn(block: readonly T[], number: number): number {
    let low = 0;
    let high = block.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#numberOf(block[middle]!) < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const LARGEST = 256;
