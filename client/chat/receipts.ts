/** What became of a frame that asked for a receipt. */
export type Outcome =
  /** The RECEIPT came: the broker has done it. */
  | { readonly kind: 'done' }
  /** The connection went before an answer: nobody here can know. */
  | { readonly kind: 'lost' }
  /** There was no connection, so nothing went out. */
  | { readonly kind: 'unsent' }
  /** The broker answered with an ERROR. */
  | { readonly kind: 'refused'; readonly reason: string };

export const DONE: Outcome = Object.freeze({ kind: 'done' });
export const LOST: Outcome = Object.freeze({ kind: 'lost' });
export const UNSENT: Outcome = Object.freeze({ kind: 'unsent' });

/**
 * The receipts a connection still owes. Each of them is settled exactly once: by its RECEIPT, by the ERROR that names
 * it, or by the loss of the connection. stompjs alone would leave the last case waiting for ever.
 */
export class Receipts {
  readonly #waiting = new Map<string, (outcome: Outcome) => void>();
  #count = 0;

  expect(): { readonly id: string; readonly outcome: Promise<Outcome> } {
    const id = `receipt-${++this.#count}`;
    const outcome = new Promise<Outcome>((resolve) => this.#waiting.set(id, resolve));
    return { id, outcome };
  }

  /** Returns whether anybody was waiting for it. */
  settle(id: string, outcome: Outcome): boolean {
    const resolve = this.#waiting.get(id);
    if (resolve === undefined) return false;
    this.#waiting.delete(id);
    resolve(outcome);
    return true;
  }

  loseAll(): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const resolve of waiting) resolve(LOST);
  }
}
