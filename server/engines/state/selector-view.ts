import type { MessageSelector } from '../../broker/engine.ts';
import type { Message } from '../../broker/message.ts';
import { Unseen } from '../unseen.ts';
import type { Entry } from './entry.ts';
import type { PriorityOrder } from './priority-order.ts';

/** What a look may cost, and what it is in want of. */
export interface Glance<Stored> {
  /** Messages that may still be looked at. */
  looks: number;
  /** Undefined if it has to be read first. */
  messageOf(entry: Entry<Stored>): Message | undefined;
  /** It does not match. */
  overlooked(entry: Entry<Stored>): void;
}

/**
 * One selector before one queue: how far it has looked. All consumers with that selector share it. What it passed over is not
 * looked at again unless it comes back, so looking costs the same for each message however deep the queue is.
 */
export class SelectorView<Stored> {
  readonly selector: MessageSelector;
  readonly #unseen = new Unseen();

  constructor(selector: MessageSelector) {
    this.selector = selector;
  }

  inserted(entry: Entry<Stored>): void {
    this.#unseen.add(entry.terms.priority, entry.seq);
  }

  /**
   * The first entry that matches; it stays where it is, and is found again as long as it is at rest. Undefined if there is
   * none, and where looking has to end: `unread` if that entry has to be read first, `tired` if `looks` are used up.
   */
  find(ready: PriorityOrder<Stored>, glance: Glance<Stored>): Entry<Stored> | 'unread' | 'tired' | undefined {
    for (const order of ready.orders) {
      for (let entry = this.#next(order); entry; entry = this.#next(order)) {
        if (glance.looks <= 0) return 'tired';
        const message = glance.messageOf(entry);
        if (!message) return 'unread';
        glance.looks--;
        if (this.selector.matches(message)) return entry;
        this.#unseen.passed(order.priority, entry.seq);
        glance.overlooked(entry);
      }
    }
    return undefined;
  }

  /** The next entries it will look at, from the first on; up to `count` of those that `isWanted` says yes to. */
  ahead(ready: PriorityOrder<Stored>, count: number, isWanted: (entry: Entry<Stored>) => boolean): Entry<Stored>[] {
    const ahead: Entry<Stored>[] = [];
    for (const order of ready.orders) {
      const unseen = this.#unseen.of(order.priority);
      for (let index = 0; index < unseen.count; index++) {
        const { from, to } = unseen.at(index)!;
        for (let entry = order.from(from); entry && entry.seq <= to; entry = order.from(entry.seq + 1)) {
          if (isWanted(entry)) ahead.push(entry);
          if (ahead.length >= count) return ahead;
        }
      }
    }
    return ahead;
  }

  /** The first one not looked at. */
  #next(order: PriorityOrder<Stored>['orders'][number]): Entry<Stored> | undefined {
    for (;;) {
      const range = this.#unseen.first(order.priority);
      if (!range) return undefined;
      const entry = order.from(range.from);
      if (entry && entry.seq <= range.to) return entry;
      if (!entry) {
        this.#unseen.passed(order.priority, order.last);
        return undefined;
      }
      this.#unseen.passed(order.priority, range.to);
    }
  }
}

/** The selectors that a queue is asked with. */
export class SelectorViews<Stored> {
  readonly #views = new Map<string, SelectorView<Stored>>();

  get size(): number {
    return this.#views.size;
  }

  of(selector: MessageSelector): SelectorView<Stored> {
    let view = this.#views.get(selector.text);
    if (!view) this.#views.set(selector.text, (view = new SelectorView(selector)));
    return view;
  }

  forget(text: string): void {
    this.#views.delete(text);
  }

  /** An entry was put at rest. */
  inserted(entry: Entry<Stored>): void {
    for (const view of this.#views.values()) view.inserted(entry);
  }
}
