import type { Message } from './message.ts';
import { isOwnMessage } from './origin.ts';
import type { Selector } from './selector/compile-selector.ts';
import type { Subscription } from './subscription.ts';

/**
 * One message before the filters of any number of subscriptions. Each distinct selector is evaluated once: a room full of
 * pages asks with the same few.
 */
export class Selection {
  readonly #message: Message;
  #lastSelector: Selector | undefined;
  #isLastTrue = false;
  #verdicts: Map<string, boolean> | undefined;

  constructor(message: Message) {
    this.#message = message;
  }

  /** Does the subscription want the message? */
  has({ filter, session }: Subscription): boolean {
    if (!filter) return true;
    if (filter.isNoLocal && isOwnMessage(this.#message.origin, session.origin)) return false;
    return filter.selector === undefined || this.matches(filter.selector);
  }

  matches(selector: Selector): boolean {
    if (selector === this.#lastSelector) return this.#isLastTrue;
    // By its text: two of the same text are two objects when the cache forgot the first in between.
    let isTrue = this.#verdicts?.get(selector.text);
    if (isTrue === undefined) {
      isTrue = selector.matches(this.#message);
      (this.#verdicts ??= new Map()).set(selector.text, isTrue);
    }
    this.#lastSelector = selector;
    this.#isLastTrue = isTrue;
    return isTrue;
  }
}
