import type { Ledger } from './meter.ts';

/**
 * Which numbers of one producer came out of a queue: each once, and to each of its consumers in the order of sending. It
 * may start anywhere, at the oldest message that the queue holds.
 */
export class QueueLedger {
  readonly #from: number;
  readonly #seen: Uint8Array;
  /** Behind the highest number that came to each consumer. */
  readonly #next: number[] = [];
  #received = 0;
  #repeated = 0;
  #disordered = 0;

  /** Room for `capacity` numbers from `from` on. */
  constructor(from: number, capacity: number) {
    this.#from = from;
    this.#seen = new Uint8Array(capacity);
  }

  get received(): number {
    return this.#received;
  }

  /** False for a number that is out of the ledger's range. */
  take(seq: number, consumer = 0): boolean {
    const place = seq - this.#from;
    if (!(place >= 0 && place < this.#seen.length)) return false;
    this.#received++;
    if (this.#seen[place] !== 0) this.#repeated++;
    else if (seq < (this.#next[consumer] ?? 0)) this.#disordered++;
    this.#seen[place] = 1;
    this.#next[consumer] = Math.max(this.#next[consumer] ?? 0, seq + 1);
    return true;
  }

  /**
   * `expected` numbers from the first on were to come; what was handed out beyond them, unsettled, does not count.
   * `leftOver` messages came though all was settled.
   */
  close(expected: number, leftOver: number): Ledger {
    let missing = 0;
    for (let place = 0; place < expected; place++) if (this.#seen[place] === 0) missing++;
    const received = expected - missing + this.#repeated;
    return { expected, received, missing, repeated: this.#repeated + leftOver, disordered: this.#disordered };
  }
}
