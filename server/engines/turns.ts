import type { ConsumerWant } from '../broker/engine.ts';

/** The wants of one priority. */
interface Rank {
  readonly priority: number;
  readonly wants: number[];
  /** How many of them have credit. */
  open: number;
  /** Whose turn it is, as a place in `wants`. */
  next: number;
}

/**
 * Whose turn it is among the wants of a claim: those of the highest priority that have credit, one after the other.
 * (`redis/scripts/common/turns.lua` does the same where a store with many nodes has to decide.)
 */
export class Turns {
  readonly #wants: readonly ConsumerWant[];
  readonly #credits: number[];
  /** The highest priority first; as a rule there is one. */
  readonly #ranks: Rank[] = [];
  readonly #rankOfWant: readonly Rank[];
  #left = 0;

  constructor(wants: readonly ConsumerWant[]) {
    this.#wants = wants;
    this.#credits = wants.map(({ credit }) => Math.max(0, credit));
    this.#rankOfWant = this.#credits.map((credit, want) => {
      const rank = this.#rankOf(wants[want]!.priority ?? 0);
      rank.wants.push(want);
      if (credit > 0) rank.open++;
      this.#left += credit;
      return rank;
    });
    if (this.#ranks.length > 1) this.#ranks.sort((one, other) => other.priority - one.priority);
  }

  /** Messages that can still be dealt out. */
  get left(): number {
    return this.#left;
  }

  creditOf(want: number): number {
    return this.#credits[want]!;
  }

  /** The index of the want that is served, whose credit is one less from now on; there has to be one. */
  next(): number {
    const rank = this.#ranks.find(({ open }) => open > 0)!;
    while (this.#credits[rank.wants[rank.next]!]! === 0) pass(rank);
    const want = rank.wants[rank.next]!;
    pass(rank);
    return this.serve(want);
  }

  /** As `next`, among those that accept the message; there has to be one. */
  nextFor(accepts: (want: number) => boolean): number {
    for (const rank of this.#ranks) {
      for (let i = 0; rank.open > 0 && i < rank.wants.length; i++) {
        const place = (rank.next + i) % rank.wants.length;
        const want = rank.wants[place]!;
        if (this.#credits[want]! === 0 || !accepts(want)) continue;
        rank.next = place;
        pass(rank);
        return this.serve(want);
      }
    }
    throw new Error('expected a want that accepts the message');
  }

  /** Serves that one, whosever turn it is; it has to have credit. */
  serve(want: number): number {
    this.#left--;
    if (--this.#credits[want]! === 0) this.#rankOfWant[want]!.open--;
    return want;
  }

  /** The index of that consumer's want, which is served, whosever turn it is; -1 if it has no credit. */
  serveConsumer(consumer: string): number {
    const want = this.#wants.findIndex((each, index) => (each.consumer ?? '') === consumer && this.#credits[index]! > 0);
    return want === -1 ? -1 : this.serve(want);
  }

  #rankOf(priority: number): Rank {
    const known = this.#ranks.find((rank) => rank.priority === priority);
    if (known) return known;
    const rank = { priority, wants: [], open: 0, next: 0 };
    this.#ranks.push(rank);
    return rank;
  }
}

function pass(rank: Rank): void {
  rank.next = rank.next + 1 === rank.wants.length ? 0 : rank.next + 1;
}
