/** Batches whose loss by the store can be counted group by group. */
const REMEMBERED = 4096;

/** The last batches of the present member that were answered, so that what a store forgets of them can be counted. */
export class Acknowledged {
  /** In the order of their numbers. */
  #batches: { readonly number: number; readonly groups: number }[] = [];

  add(number: number, groups: number): void {
    this.#batches.push({ number, groups });
    if (this.#batches.length > 2 * REMEMBERED) this.#batches = this.#batches.slice(-REMEMBERED);
  }

  /** The store remembers no batch after this one. How many groups were in such, as far back as that is known; each is told of once. */
  forgotten(number: number): number {
    const groups = this.#batches.reduce((sum, batch) => sum + (batch.number > number ? batch.groups : 0), 0);
    this.#batches = this.#batches.filter((batch) => batch.number <= number);
    return groups;
  }

  /** Another member counts anew. */
  clear(): void {
    this.#batches = [];
  }
}
