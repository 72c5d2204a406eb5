import type { DurableInfo, DurableTerms, HoldOutcome, HoldRefusal } from '../../broker/engine.ts';
import { messageBytes, type Message } from '../../broker/message.ts';
import { isOwnMessage } from '../../broker/origin.ts';
import { SelectorCache } from '../../broker/selector/selector-cache.ts';
import type { Membership } from './membership.ts';
import type { Link } from './link/link.ts';
import type { Questions } from './questions.ts';
import { numberOf, octetsOf, textOf } from './reply.ts';
import { SCRIPTS } from './scripts.ts';
import { decodeStored } from './stored-message.ts';

export interface DurablesParts {
  readonly link: Link;
  readonly membership: Membership;
  readonly questions: Questions;
  readonly onEvicted: (queue: string, holder: string) => void;
  readonly onReady: (queue: string) => void;
}

/** A durable subscription as it is listed, with the octets it has not looked at. */
export interface ListedDurable extends DurableInfo {
  readonly backlogBytes: number;
}

interface Hold {
  readonly terms: DurableTerms;
  readonly holder: string;
}

/** Messages looked at in one step. */
const PAGE = 256;

/**
 * Durable subscriptions, as far as this node has to do with them. It remembers what it holds, to hold it again where it was
 * taken for dead or the store forgot; and it looks at messages for those with a selector, since the store cannot.
 */
export class Durables {
  readonly #parts: DurablesParts;
  readonly #holds = new Map<string, Map<string, Hold>>();
  /** Per queue, what is asked of the store, one after the other. */
  readonly #turns = new Map<string, Promise<unknown>>();
  /** Holds that are over, and of which the store was not told yet. */
  readonly #ended = new Map<string, string>();
  /** By pattern, the queues of which a claim found less than it wanted. */
  readonly #hungry = new Map<string, Set<string>>();
  readonly #selectors = new SelectorCache();
  #isClosed = false;

  constructor(parts: DurablesParts) {
    this.#parts = parts;
  }

  hold(queue: string, terms: DurableTerms, holder: string, evicted: string | undefined): Promise<HoldOutcome> {
    return this.#inTurn(queue, async () => {
      const outcome = await this.#hold(queue, terms, holder, evicted);
      if (!outcome.ok) return outcome;
      const held = this.#holds.get(queue) ?? new Map<string, Hold>();
      this.#holds.set(queue, held.set(holder, { terms, holder }));
      return outcome;
    });
  }

  endHold(queue: string, holder: string): void {
    this.#forget(queue, holder);
    this.#ended.set(holder, queue);
    void this.#tellEnds();
  }

  unsubscribe(queue: string, holder: string): Promise<boolean | HoldRefusal> {
    return this.#inTurn(queue, async () => {
      const reply = await this.#parts.questions.ask(SCRIPTS.unsubscribe, () => ({ queue, holder }));
      if (textOf(reply[0]) === 'HELD') return refusalOf(reply);
      this.#forget(queue, holder);
      return numberOf(reply[1]) === 1;
    });
  }

  async list(): Promise<ListedDurable[]> {
    const found = new Map<string, ListedDurable>();
    let cursor = '0';
    do {
      const reply = await this.#parts.questions.ask(SCRIPTS.subscriptions, () => ({ cursor }));
      cursor = textOf(reply[0]);
      for (let i = 1; i < reply.length; i += 8) {
        const name = textOf(reply[i]);
        const { pattern, selector, isShared } = JSON.parse(textOf(reply[i + 1])) as DurableTerms;
        const [holderCount, unusedSince, backlog, backlogBytes, ready, all] = reply.slice(i + 2, i + 8).map(numberOf) as [number, number, number, number, number, number];
        found.set(name, { name, pattern, selector, isShared, holderCount, backlog, backlogBytes, ready, inFlight: all - ready, unusedSince: holderCount > 0 ? 0 : unusedSince });
      }
    } while (cursor !== '0');
    return [...found.values()];
  }

  /** Messages behind those in the queue, as `Engine.browse` shows them; `before`: so many are shown of those. */
  async browse(queue: string, skip: number, limit: number, maxBytes: number, before: number): Promise<Message[]> {
    const shown: Message[] = [];
    let [left, room, after] = [skip, before > 0 ? maxBytes : Math.max(1, maxBytes), -1];
    while (shown.length < limit && room > 0) {
      const page = await this.#look(queue, after, PAGE);
      if (!page || page.entries.length === 0) break;
      for (const { offset, message } of page.entries) {
        after = offset;
        if (!page.wants(message) || left-- > 0) continue;
        room -= messageBytes(message);
        if (shown.length >= limit || (room < 0 && before + shown.length > 0)) return shown;
        shown.push(message);
      }
    }
    return shown;
  }

  /**
   * Looks at what a subscription has not looked at, and moves up to `want` messages that it wants, or so many octets of them,
   * into its queue. False if there is nothing more to look at, or the store is away.
   */
  async pull(queue: string, want: number, maxBytes: number): Promise<boolean> {
    const page = await this.#look(queue, -1, PAGE).catch(() => undefined);
    if (!page || page.entries.length === 0) return false;
    const taken: number[] = [];
    let room = Math.max(1, maxBytes);
    let to = page.cursor;
    for (const { offset, message } of page.entries) {
      if (taken.length >= want || room <= 0) break;
      to = offset;
      if (!page.wants(message)) continue;
      taken.push(offset);
      room -= messageBytes(message);
    }
    const { questions, membership } = this.#parts;
    const given = () => ({ node: membership.node, queue, cursor: page.cursor, to });
    const reply = await questions.ask(SCRIPTS.pull, given, taken).catch(() => undefined);
    return reply !== undefined && textOf(reply[0]) !== 'FENCED';
  }

  /** A claim found less than it wanted: the next message of its pattern is told to the node. */
  isHungry(queue: string): void {
    const [hold] = this.#holds.get(queue)?.values() ?? [];
    if (!hold) return;
    const { pattern } = hold.terms;
    const hungry = this.#hungry.get(pattern);
    if (hungry) hungry.add(queue);
    else this.#hungry.set(pattern, new Set([queue]));
  }

  /** The log of a pattern has more. */
  grew(pattern: string): void {
    const hungry = this.#hungry.get(pattern);
    this.#hungry.delete(pattern);
    for (const queue of hungry ?? []) this.#parts.onReady(queue);
  }

  /** The store says that a hold is over. */
  evicted(queue: string, holder: string): void {
    if (this.#forget(queue, holder)) this.#parts.onEvicted(queue, holder);
  }

  /** Somebody else holds it. */
  lost(queue: string): void {
    for (const holder of [...(this.#holds.get(queue)?.keys() ?? [])]) this.evicted(queue, holder);
  }

  /** The store knows nothing of this member, or may have forgotten: all is held again, or was lost. */
  holdAgain(): void {
    for (const [queue, holds] of this.#holds) {
      for (const { terms, holder } of holds.values()) {
        this.#inTurn(queue, async () => {
          if (!this.#holds.get(queue)?.has(holder)) return;
          const outcome = await this.#hold(queue, terms, holder, undefined);
          if (!outcome.ok) this.evicted(queue, holder);
          else this.#parts.onReady(queue);
        }).catch(() => {
          // The store is away for longer than that: tried again when it is back.
          this.#isHoldDue = true;
        });
      }
    }
  }

  #isHoldDue = false;

  /** The link is back, or a beat came. */
  resume(): void {
    void this.#tellEnds();
    if (!this.#isHoldDue) return;
    this.#isHoldDue = false;
    this.holdAgain();
  }

  close(): void {
    this.#isClosed = true;
  }

  async #hold(queue: string, terms: DurableTerms, holder: string, evicted: string | undefined): Promise<HoldOutcome> {
    const { membership, questions, link } = this.#parts;
    const { pattern, selector, noLocal, isShared, bounds, expireAfterMs } = terms;
    for (;;) {
      const { node } = membership;
      const given = () => ({
        node,
        queue,
        holder,
        evicted: evicted ?? '',
        pattern,
        selector,
        isNoLocal: noLocal === '' ? '0' : '1',
        isShared: isShared ? '1' : '0',
        ...bounds,
        expireAfterMs,
        terms: JSON.stringify(terms),
      });
      const reply = await questions.ask(SCRIPTS.hold, given);
      switch (textOf(reply[0])) {
        case 'OK':
          return { ok: true, isNew: numberOf(reply[1]) === 1 };
        case 'FENCED':
          membership.expelled(node, link);
          await this.#untilMember();
          continue;
        default:
          return { ok: false, refusal: refusalOf(reply) };
      }
    }
  }

  async #untilMember(): Promise<void> {
    await this.#parts.questions.until(() => this.#parts.membership.isMember);
  }

  async #look(queue: string, after: number, limit: number) {
    const reply = await this.#parts.questions.ask(SCRIPTS.look, () => ({ queue, after, limit }));
    if (reply.length === 0) return undefined;
    const terms = JSON.parse(textOf(reply[0])) as DurableTerms;
    const selector = this.#selectors.get(terms.selector);
    const { noLocal } = terms;
    const entries: { readonly offset: number; readonly message: Message }[] = [];
    for (let i = 4; i < reply.length; i += 2) entries.push({ offset: numberOf(reply[i]), message: decodeStored(octetsOf(reply[i + 1])) });
    const wants = (message: Message): boolean => (selector?.matches(message) ?? true) && (noLocal === '' || !isOwnMessage(message.origin, noLocal));
    return { cursor: numberOf(reply[1]), entries, wants };
  }

  #forget(queue: string, holder: string): boolean {
    const holds = this.#holds.get(queue);
    const isKnown = holds?.delete(holder) ?? false;
    if (holds?.size === 0) this.#holds.delete(queue);
    return isKnown;
  }

  async #tellEnds(): Promise<void> {
    for (const [holder, queue] of [...this.#ended]) {
      await this.#inTurn(queue, async () => {
        if (this.#isClosed || !this.#ended.has(holder)) return;
        await this.#parts.questions.ask(SCRIPTS.endHold, () => ({ queue, holder }));
        this.#ended.delete(holder);
      }).catch(() => undefined);
    }
  }

  #inTurn<Result>(queue: string, task: () => Promise<Result>): Promise<Result> {
    const turn = (this.#turns.get(queue) ?? Promise.resolve()).then(task);
    const done = turn.catch(() => undefined).finally(() => {
      if (this.#turns.get(queue) === done) this.#turns.delete(queue);
    });
    this.#turns.set(queue, done);
    return turn;
  }
}

function refusalOf(reply: readonly unknown[]): HoldRefusal {
  const [status, first, second] = reply.map((each) => textOf(each as never)) as [string, string, string];
  // Of a member, `<node>.<incarnation>`, the node is who can be asked.
  return status === 'HELD' ? { reason: 'held', node: first.slice(0, first.lastIndexOf('.')), holder: second } : { reason: 'in-use', pattern: first, selector: second };
}
