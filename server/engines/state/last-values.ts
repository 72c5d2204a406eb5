import type { Entry } from './entry.ts';

/**
 * Which entry of a queue is the newest with its key, of those that have one; staged ones are among them. When an entry comes
 * to rest, an older one at rest with its key is dropped, and so is the entry itself if it came back and a newer one is
 * there: of a key one entry at most is at rest. Held ones are left to their holders.
 */
export class LastValues<Stored> {
  readonly #newest = new Map<string, Entry<Stored>>();

  get(key: string): Entry<Stored> | undefined {
    return this.#newest.get(key);
  }

  set(entry: Entry<Stored>): void {
    this.#newest.set(entry.terms.lastValue, entry);
  }

  /** It is gone: older ones may come back again. */
  delete(entry: Entry<Stored>): void {
    const { lastValue } = entry.terms;
    if (this.#newest.get(lastValue) === entry) this.#newest.delete(lastValue);
  }
}
