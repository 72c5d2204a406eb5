import type { Ledger } from './meter.ts';

/**
 * Which messages of a topic came. A topic keeps each sender's order, so for every pair of receiver and sender (a row)
 * the next number due says it all: a higher one means that those between are missing so far, a lower one that one of
 * them came late, or that it came twice.
 */
export class TopicLedger {
  readonly #due: Int32Array;
  #received = 0;
  #missing = 0;
  #repeated = 0;
  #disordered = 0;

  constructor(rows: number) {
    this.#due = new Int32Array(rows);
  }

  get received(): number {
    return this.#received;
  }

  take(row: number, seq: number): void {
    const due = this.#due[row]!;
    this.#received++;
    if (seq === due) {
      this.#due[row] = due + 1;
    } else if (seq > due) {
      this.#missing += seq - due;
      this.#due[row] = seq + 1;
    } else if (this.#missing > 0) {
      this.#missing--;
      this.#disordered++;
    } else {
      this.#repeated++;
    }
  }

  /** `sentOf`: how many messages a row was to get. */
  close(sentOf: (row: number) => number): Ledger {
    let expected = 0;
    let missing = this.#missing;
    this.#due.forEach((due, row) => {
      expected += sentOf(row);
      missing += sentOf(row) - due;
    });
    return { expected, received: this.#received, missing, repeated: this.#repeated, disordered: this.#disordered };
  }
}
