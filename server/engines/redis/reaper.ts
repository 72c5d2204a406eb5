import type { Keys } from './keys.ts';
import type { Link } from './link/link.ts';
import { listOf, numberOf, textOf } from './reply.ts';
import { call, SCRIPTS } from './scripts.ts';

/** Messages given back in one bite, so that Redis is never kept for long. */
const BITE = 500;

/** Lease that every node has outlived: for one that goes of its own will. */
const NO_LEASE = -1;

/** Takes back what dead nodes had. Whoever is asked twice works once; a reaper that dies is followed by the next. */
export class Reaper {
  readonly #keys: Keys;
  readonly #link: Link;
  readonly #leaseMs: number;
  readonly #onReaped: (node: string, messages: number) => void;
  readonly #inHand = new Set<string>();

  constructor(keys: Keys, link: Link, leaseMs: number, onReaped: (node: string, messages: number) => void) {
    this.#keys = keys;
    this.#link = link;
    this.#leaseMs = leaseMs;
    this.#onReaped = onReaped;
  }

  reap(node: string): void {
    if (this.#inHand.has(node)) return;
    this.#inHand.add(node);
    this.#bite(node, this.#leaseMs)
      .then((messages) => {
        if (messages !== undefined) this.#onReaped(node, messages);
      })
      // The next beat names it again.
      .catch(() => undefined)
      .finally(() => this.#inHand.delete(node));
  }

  /** Ends a member at once: it is this one, and it goes. */
  async leave(node: string): Promise<void> {
    await this.#bite(node, NO_LEASE);
  }

  /** How many messages came back; undefined if the node is alive after all. */
  async #bite(node: string, leaseMs: number): Promise<number | undefined> {
    let messages = 0;
    for (;;) {
      const reply = listOf(await call(this.#link, this.#keys, SCRIPTS.reap, { node, lease: leaseMs, limit: BITE }));
      if (textOf(reply[0]) === 'ALIVE') return undefined;
      messages += numberOf(reply[1]);
      if (numberOf(reply[2]) === 1) return messages;
    }
  }
}
