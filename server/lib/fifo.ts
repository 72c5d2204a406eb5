/**
 * A queue with both ends open and every place addressable: a ring in one array whose size is a power of two.
 *
 *               head        head + length
 *                |                |
 *     [ .  .  .  a  b  c  d  e  f .  .  . ]      at(0) = a, at(5) = f
 *
 *           head + length          head
 *                |                  |
 *     [ d  e  f  .  .  .  .  .  .   a  b  c ]    the same, gone round the corner
 *
 * `push`, `unshift`, `shift`, `pop`, `at` and `set` take constant time; the array doubles when it is full and halves
 * when three quarters of it are free, so that a queue that was deep once gives its memory back.
 */
export class Fifo<T> {
  #slots: (T | undefined)[] = new Array<T | undefined>(SMALLEST);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    if (this.#length === this.#slots.length) this.#resize(this.#length * 2);
    this.#slots[(this.#head + this.#length) & (this.#slots.length - 1)] = item;
    this.#length++;
  }

  unshift(item: T): void {
    if (this.#length === this.#slots.length) this.#resize(this.#length * 2);
    this.#head = (this.#head - 1) & (this.#slots.length - 1);
    this.#slots[this.#head] = item;
    this.#length++;
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#length--;
    this.#shrink();
    return item;
  }

  pop(): T | undefined {
    if (this.#length === 0) return undefined;
    this.#length--;
    const last = (this.#head + this.#length) & (this.#slots.length - 1);
    const item = this.#slots[last];
    this.#slots[last] = undefined;
    this.#shrink();
    return item;
  }

  /** The item at a place counted from the head; undefined outside of the queue. */
  at(index: number): T | undefined {
    if (index < 0 || index >= this.#length) return undefined;
    return this.#slots[(this.#head + index) & (this.#slots.length - 1)];
  }

  /** Puts another item in a place that is taken. */
  set(index: number, item: T): void {
    if (index < 0 || index >= this.#length) throw new RangeError(`expected a place below ${this.#length}, got ${index}`);
    this.#slots[(this.#head + index) & (this.#slots.length - 1)] = item;
  }

  clear(): void {
    this.#slots = new Array<T | undefined>(SMALLEST);
    this.#head = 0;
    this.#length = 0;
  }

  #shrink(): void {
    const size = this.#slots.length;
    if (size > SMALLEST && this.#length * 4 <= size) this.#resize(size / 2);
  }

  #resize(size: number): void {
    const mask = this.#slots.length - 1;
    const slots = new Array<T | undefined>(size);
    for (let i = 0; i < this.#length; i++) slots[i] = this.#slots[(this.#head + i) & mask];
    this.#slots = slots;
    this.#head = 0;
  }
}

const SMALLEST = 8;
