import { within } from '../harness/eventually.ts';

/** What callbacks bring, for a test that awaits it. Bounded by 20 s. */
export class Inbox<T> {
  #items: T[] = [];
  #takers: ((item: T) => void)[] = [];

  readonly put = (item: T): void => {
    const taker = this.#takers.shift();
    if (taker) taker(item);
    else this.#items.push(item);
  };

  next(what = 'something to arrive'): Promise<T> {
    if (this.#items.length > 0) return Promise.resolve(this.#items.shift() as T);
    return within(new Promise<T>((resolve) => this.#takers.push(resolve)), 20_000, () => what);
  }

  get size(): number {
    return this.#items.length;
  }
}
