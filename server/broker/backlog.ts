import { keepOctets } from '../lib/keep.ts';
import { HEADER } from '../protocol/header-names.ts';
import { messageBytes, type Message } from './message.ts';
import type { SlowConsumerTerms } from './slow-consumer.ts';

/**
 * Topic messages that wait for one subscription, bounded by number and octets; at least one always fits, unless none may
 * wait. Beyond the bounds the oldest are dropped, or, where the subscriber is to be cut off, there is no room. In
 * conflation a message takes the place of the one of the same destination that waits, so each topic keeps its turn.
 * Messages that were dropped are counted, and the next one that is taken says so.
 */
export class Backlog {
  readonly #terms: SlowConsumerTerms;
  readonly #maxBytes: number;
  /** In their order, by destination in conflation, else by a number. */
  readonly #messages = new Map<string | number, Message>();
  #bytes = 0;
  #lastNumber = 0;
  /** Since the last one was taken. */
  #dropped = 0;

  constructor(terms: SlowConsumerTerms, maxBytes: number) {
    this.#terms = terms;
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#messages.size;
  }

  /** Returns whether there was room. */
  add(message: Message): boolean {
    const { way, maxPending } = this.#terms;
    const bytes = messageBytes(message);
    if (way === 'disconnect' && this.length > 0 && this.#bytes + bytes > this.#maxBytes) return false;
    const key = way === 'conflate' ? message.destination : ++this.#lastNumber;
    const before = this.#messages.get(key);
    if (before) this.#dropped++;
    // The octets came in a larger chunk, which must not be kept.
    this.#messages.set(key, { ...message, body: keepOctets(message.body) });
    this.#bytes += bytes - (before ? messageBytes(before) : 0);
    while (this.length > maxPending || (this.length > 1 && this.#bytes > this.#maxBytes)) {
      this.#shift();
      this.#dropped++;
    }
    return true;
  }

  /** The next one; behind a hole it is marked. */
  take(): Message | undefined {
    const message = this.#shift();
    if (!message || this.#dropped === 0) return message;
    return this.mark(message);
  }

  /** With what was dropped before it; from then on that has been told. */
  mark(message: Message): Message {
    if (this.#dropped === 0) return message;
    const headers = [...message.headers, HEADER.xDropped, String(this.#dropped)];
    this.#dropped = 0;
    return { ...message, headers };
  }

  #shift(): Message | undefined {
    for (const [key, message] of this.#messages) {
      this.#messages.delete(key);
      this.#bytes -= messageBytes(message);
      return message;
    }
    return undefined;
  }
}
