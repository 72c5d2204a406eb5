import { HEADER } from '../protocol/header-names.ts';
import { MessageFrame } from './message-frame.ts';
import type { Message } from './message.ts';
import type { Subscription } from './subscription.ts';

/** Of so many messages; 0 = nobody knows how many. */
type Count = number;

/** A message as those subscriptions get it that missed others before. */
export interface Announced {
  readonly message: Message;
  readonly frame: MessageFrame;
}

/**
 * Subscriptions with a hole that they have not been told of. Their next MESSAGE says so in `x-gap`, with the number of
 * messages lost or `unknown`; it is made apart, once for each number, and the frame that all others share stays as it is.
 */
export class TopicGaps {
  readonly #counts = new Map<Subscription, Count>();

  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  add(subscription: Subscription, count: Count): void {
    const before = this.#counts.get(subscription);
    this.#counts.set(subscription, before === 0 || count === 0 ? 0 : (before ?? 0) + count);
  }

  forget(subscription: Subscription): void {
    this.#counts.delete(subscription);
  }

  /** Returns what to give in place of one message; from then on the subscription has been told. */
  announcing(message: Message): (subscription: Subscription) => Announced | undefined {
    const made = new Map<Count, Announced>();
    return (subscription) => {
      const count = this.#counts.get(subscription);
      if (count === undefined) return undefined;
      this.#counts.delete(subscription);
      let announced = made.get(count);
      if (!announced) made.set(count, (announced = announce(message, count)));
      return announced;
    };
  }
}

function announce(message: Message, count: Count): Announced {
  const headers = [...message.headers, HEADER.xGap, count === 0 ? 'unknown' : String(count)];
  const marked: Message = { ...message, headers };
  return { message: marked, frame: new MessageFrame(marked) };
}
