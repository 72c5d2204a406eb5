import { DEFAULT_PRIORITY } from '../../broker/message.ts';
import type { Entry } from './entry.ts';
import { ReadyOrder } from './ready-order.ts';
import type { SelectorViews } from './selector-view.ts';

const HIGHEST = 9;

/**
 * The entries of a queue that are at rest: by priority, the highest first, and within one by their numbers.
 *
 * A queue in which all have the usual priority, as most do, is one `ReadyOrder`; the others are made when the first entry
 * of theirs comes, and stay as long as the queue is known.
 */
export class PriorityOrder<Stored> {
  /** How far selectors have looked through it; undefined as long as nobody asks with one. */
  views: SelectorViews<Stored> | undefined;
  readonly #usual = new ReadyOrder<Stored>();
  /** All that there are, the highest priority first, once there are others than the usual one. */
  #orders: readonly ReadyOrder<Stored>[] | undefined;
  readonly #byPriority: (ReadyOrder<Stored> | undefined)[] = [];

  get length(): number {
    if (!this.#orders) return this.#usual.length;
    return this.#orders.reduce((sum, order) => sum + order.length, 0);
  }

  /** Those of each priority that was ever used, the highest first. */
  get orders(): readonly ReadyOrder<Stored>[] {
    return this.#orders ?? [this.#usual];
  }

  insert(entry: Entry<Stored>): void {
    this.#of(entry.terms.priority).insert(entry);
    this.views?.inserted(entry);
  }

  first(): Entry<Stored> | undefined {
    return (this.#orders ? this.#firstOrder() : this.#usual)?.first();
  }

  shift(): Entry<Stored> | undefined {
    return (this.#orders ? this.#firstOrder() : this.#usual)?.shift();
  }

  /** Takes the entry of that number out, wherever it rests. */
  take(seq: number): Entry<Stored> | undefined {
    if (!this.#orders) return this.#usual.take(seq);
    for (const order of this.#orders) {
      const entry = order.take(seq);
      if (entry) return entry;
    }
    return undefined;
  }

  /** The entry of that number, left where it is. */
  get(seq: number): Entry<Stored> | undefined {
    if (!this.#orders) return this.#usual.get(seq);
    for (const order of this.#orders) {
      const entry = order.get(seq);
      if (entry) return entry;
    }
    return undefined;
  }

  /** As `ReadyOrder.straighten`. */
  straighten(): void {
    for (const order of this.orders) order.straighten();
  }

  /** Up to `limit` entries in order, from the one at place `offset`; they stay where they are. */
  list(offset: number, limit: number): Entry<Stored>[] {
    if (!this.#orders) return this.#usual.list(offset, limit);
    const listed: Entry<Stored>[] = [];
    let skip = offset;
    for (const order of this.#orders) {
      if (listed.length >= limit) break;
      for (const entry of order.list(skip, limit - listed.length)) listed.push(entry);
      skip = Math.max(0, skip - order.length);
    }
    return listed;
  }

  #firstOrder(): ReadyOrder<Stored> | undefined {
    return this.#orders?.find((order) => order.length > 0);
  }

  #of(priority: number): ReadyOrder<Stored> {
    if (priority === DEFAULT_PRIORITY) return this.#usual;
    return this.#byPriority[priority] ?? this.#add(priority);
  }

  #add(priority: number): ReadyOrder<Stored> {
    const added = new ReadyOrder<Stored>(priority);
    this.#byPriority[priority] = added;
    this.#byPriority[DEFAULT_PRIORITY] = this.#usual;
    const orders: ReadyOrder<Stored>[] = [];
    for (let each = HIGHEST; each >= 0; each--) {
      const order = this.#byPriority[each];
      if (order) orders.push(order);
    }
    this.#orders = orders;
    return added;
  }
}
