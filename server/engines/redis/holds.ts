/**
 * What this node holds, as far as it knows: for each queue the numbers of the messages it claimed, with the era of the
 * claim. An era ends when the node was taken for dead, or the store may have forgotten something: what was claimed before
 * may be at rest again, or with somebody else. Such a hold is *lapsed*: settling it works if it still can, and is no fault
 * if it cannot.
 */
export class Holds {
  #era = 0;
  readonly #queues = new Map<string, Map<number, number>>();

  get era(): number {
    return this.#era;
  }

  add(queue: string, seq: number): void {
    const held = this.#queues.get(queue);
    if (held) held.set(seq, this.#era);
    else this.#queues.set(queue, new Map([[seq, this.#era]]));
  }

  remove(queue: string, seq: number): void {
    const held = this.#queues.get(queue);
    if (!held?.delete(seq)) return;
    if (held.size === 0) this.#queues.delete(queue);
  }

  removeQueue(queue: string): void {
    this.#queues.delete(queue);
  }

  /** A claim of an era that is over. False for what was never claimed: whoever settles that makes a mistake. */
  isLapsed(queue: string, seq: number): boolean {
    const era = this.#queues.get(queue)?.get(seq);
    return era !== undefined && era !== this.#era;
  }

  /** Numbers held, lapsed holds included: somebody here may still have the message in hand. */
  ofQueue(queue: string): number[] {
    return [...(this.#queues.get(queue)?.keys() ?? [])];
  }

  endEra(): void {
    this.#era++;
  }
}
