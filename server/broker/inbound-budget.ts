/** Someone who was told to stop reading and wants to hear when there is room again. */
interface Waiter {
  roomAgain(): void;
}

/**
 * How much work of all sessions of this node may be on its way to the engine at once, in bytes. Whoever finds it spent
 * stops reading its socket and is woken when half of it is free again.
 */
export class InboundBudget {
  readonly #maxBytes: number;
  readonly #waiting = new Set<Waiter>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get pendingBytes(): number {
    return this.#bytes;
  }

  get isSpent(): boolean {
    return this.#bytes > this.#maxBytes;
  }

  take(bytes: number): void {
    this.#bytes += bytes;
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
    if (this.#waiting.size === 0 || this.#bytes > this.#maxBytes / 2) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const waiter of waiting) waiter.roomAgain();
  }

  wait(waiter: Waiter): void {
    this.#waiting.add(waiter);
  }

  forget(waiter: Waiter): void {
    this.#waiting.delete(waiter);
  }
}
