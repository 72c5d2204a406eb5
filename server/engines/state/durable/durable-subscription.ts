import type { DurableTerms } from '../../../broker/engine.ts';
import type { Message } from '../../../broker/message.ts';
import { isOwnMessage } from '../../../broker/origin.ts';
import { compileSelector, type Selector } from '../../../broker/selector/compile-selector.ts';
import type { Queue } from '../queue.ts';
import type { DurableLog } from './durable-log.ts';
import type { Kept } from './kept.ts';

/**
 * A durable subscription: a queue that is filled from the log of its pattern, by whoever claims from it, as far as he wants.
 * What its selector does not select, and what its own client sent, is stepped over for good.
 */
export class DurableSubscription<Stored = never> {
  readonly queue: Queue<Stored>;
  readonly log: DurableLog<Stored>;
  /** Offset of the last message that was looked at. */
  cursor: number;
  /** Messages that the log had forgotten before, and of which nobody was told yet. */
  missed = 0;
  /** Who uses it now, in the order they came. */
  readonly holders = new Set<string>();
  /** Since when nobody has used it, ms since the epoch. */
  unusedSince: number;
  #terms: DurableTerms;
  #selector: Selector | undefined;

  constructor(queue: Queue<Stored>, log: DurableLog<Stored>, terms: DurableTerms, cursor: number, now: number) {
    this.queue = queue;
    this.log = log;
    this.cursor = cursor;
    this.unusedSince = now;
    this.#terms = terms;
    this.#selector = compileSelector(terms.selector);
  }

  get name(): string {
    return this.queue.name;
  }

  get terms(): DurableTerms {
    return this.#terms;
  }

  /** The same subscription with other details, see `isSameSubscription`. */
  set terms(terms: DurableTerms) {
    this.#terms = terms;
    this.log.bounds = terms.bounds;
  }

  /** Whether messages have to be looked at, one by one. */
  get isPicky(): boolean {
    return this.#selector !== undefined || this.#terms.noLocal !== '';
  }

  /** Messages it has not looked at yet. */
  get backlog(): number {
    return this.log.countBehind(this.cursor);
  }

  get backlogBytes(): number {
    return this.log.bytesBehind(this.cursor);
  }

  wants(message: Message): boolean {
    if (this.#selector && !this.#selector.matches(message)) return false;
    return this.#terms.noLocal === '' || !isOwnMessage(message.origin, this.#terms.noLocal);
  }

  /** The next messages behind an offset, until so many octets or more have come together. */
  page(after: number, limit: number, maxBytes: number): Kept<Stored>[] {
    const page: Kept<Stored>[] = [];
    let room = maxBytes;
    for (let offset = Math.max(after + 1, this.log.floor); offset <= this.log.last && page.length < limit && room > 0; offset++) {
      const kept = this.log.get(offset)!;
      room -= kept.bytes;
      page.push(kept);
    }
    return page;
  }

  /** When it is forgotten if nobody uses it until then; Infinity = never. */
  get endsAt(): number {
    const { expireAfterMs } = this.#terms;
    return this.holders.size > 0 || expireAfterMs === 0 ? Infinity : this.unusedSince + expireAfterMs;
  }
}

/** JMS: a durable subscription with another topic or selector is another one. */
export function isSameSubscription(left: DurableTerms, right: DurableTerms): boolean {
  return left.pattern === right.pattern && left.selector === right.selector && (left.noLocal === '') === (right.noLocal === '');
}
