interface Hold {
  readonly era: number;
  readonly number: number;
}

/**
 * What this node holds, as far as it knows: for each queue the numbers of the messages it claimed, with the era of the
 * claim. An era ends when the store may have forgotten something: what was claimed before may be at rest again, or with
 * somebody else. Such a hold is *lapsed*: settling it works if it still can, and is no fault if it cannot. An era ends also
 * when the node was taken for dead. Then the hold is *over*: the store has it no more, and if this node, as the member it is
 * now, claimed the message again, that is another hold, which is none of the first holder's business.
 */
export class Holds {
  #era = 0;
  /** The first of the present member. */
  #memberEra = 0;
  #count = 0;
  readonly #queues = new Map<string, Map<number, Hold>>();

  get era(): number {
    return this.#era;
  }

  /** How many there ever were: a moment, as far as holds are concerned. */
  get count(): number {
    return this.#count;
  }

  add(queue: string, seq: number): void {
    const hold = { era: this.#era, number: ++this.#count };
    const held = this.#queues.get(queue);
    if (held) held.set(seq, hold);
    else this.#queues.set(queue, new Map([[seq, hold]]));
  }

  /**
   * The message was given back or away by who held it when there had been `count` holds. The answer to that may come later
   * than the one to the next claim, which goes by another connection: then that hold stays.
   */
  remove(queue: string, seq: number, count: number): void {
    const held = this.#queues.get(queue);
    const hold = held?.get(seq);
    if (!held || !hold || hold.number > count) return;
    held.delete(seq);
    if (held.size === 0) this.#queues.delete(queue);
  }

  removeQueue(queue: string): void {
    this.#queues.delete(queue);
  }

  /**
   * What became of the hold that somebody had when there had been `count` holds. What was never claimed counts as present:
   * whoever settles that makes a mistake.
   */
  stateOf(queue: string, seq: number, count: number): 'present' | 'lapsed' | 'over' {
    const hold = this.#queues.get(queue)?.get(seq);
    if (!hold) return 'present';
    if (hold.number > count || hold.era < this.#memberEra) return 'over';
    return hold.era === this.#era ? 'present' : 'lapsed';
  }

  /** Numbers held, lapsed holds included: somebody here may still have the message in hand. */
  ofQueue(queue: string): number[] {
    return [...(this.#queues.get(queue)?.keys() ?? [])];
  }

  endEra(isMemberNew: boolean): void {
    this.#era++;
    if (isMemberNew) this.#memberEra = this.#era;
  }
}
