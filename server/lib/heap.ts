/**
 * A binary heap: the item that comes before all others is at hand, putting and taking cost the logarithm of the size.
 * Items that are equal in order come out in any order.
 *
 *              0              item i has its children at 2i + 1 and 2i + 2,
 *           /     \           and comes before both of them
 *          1       2
 *         / \     /
 *        3   4   5
 */
export class Heap<T> {
  readonly #before: (left: T, right: T) => boolean;
  #items: T[] = [];

  constructor(before: (left: T, right: T) => boolean) {
    this.#before = before;
  }

  get length(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    this.#items.push(item);
    this.#rise(this.#items.length - 1, item);
  }

  pop(): T | undefined {
    const first = this.#items[0];
    const last = this.#items.pop();
    if (last !== undefined && this.#items.length > 0) this.#sink(0, last);
    return first;
  }

  /** Throws away what it holds and takes these instead. */
  replace(items: Iterable<T>): void {
    this.#items = [...items];
    for (let i = (this.#items.length >> 1) - 1; i >= 0; i--) this.#sink(i, this.#items[i]!);
  }

  #rise(from: number, item: T): void {
    const items = this.#items;
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#before(item, items[parent]!)) break;
      items[place] = items[parent]!;
      place = parent;
    }
    items[place] = item;
  }

  #sink(from: number, item: T): void {
    const items = this.#items;
    let place = from;
    for (;;) {
      let child = place * 2 + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.#before(items[child + 1]!, items[child]!)) child++;
      if (!this.#before(items[child]!, item)) break;
      items[place] = items[child]!;
      place = child;
    }
    items[place] = item;
  }
}
