/** At the latest after this it looks again, in ms: what was held long enough ago changes nothing. */
const LONGEST_MS = 60 * 60 * 1000;

/** Waits for the end of durable subscriptions that nobody uses; its timer keeps no process alive. */
export class UnusedWatch {
  readonly #untilNextEnd: () => number;
  readonly #onDue: () => void;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(untilNextEnd: () => number, onDue: () => void) {
    this.#untilNextEnd = untilNextEnd;
    this.#onDue = onDue;
  }

  /** To be called whenever one is not held any more. */
  look(): void {
    clearTimeout(this.#timer);
    const ms = this.#untilNextEnd();
    if (ms === Infinity || this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#onDue();
      this.look();
    }, Math.min(LONGEST_MS, Math.ceil(ms)));
    this.#timer.unref();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }
}
