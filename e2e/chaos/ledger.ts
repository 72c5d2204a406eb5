import assert from 'node:assert/strict';

/**
 * What the clients of a chaos run were promised and what they saw, held against each other at every step:
 *
 * 1. every message whose SEND was receipted is delivered;
 * 2. nothing whose ACK was receipted comes back;
 * 3. a repeat carries `redelivered:true`;
 * 4. first deliveries to one consumer come in the order of the sends.
 *
 * A message is a number, counted up by its one producer. One without a receipt may be there or not.
 */
export class Ledger {
  readonly #receipted = new Set<number>();
  readonly #delivered = new Map<number, number>();
  readonly #ackReceipted = new Set<number>();
  #highest = 0;
  #flaggedEarly = 0;

  sendReceipted(message: number): void {
    this.#receipted.add(message);
  }

  ackReceipted(message: number): void {
    this.#ackReceipted.add(message);
  }

  deliver(message: number, redelivered: boolean): void {
    const times = (this.#delivered.get(message) ?? 0) + 1;
    this.#delivered.set(message, times);
    assert.ok(!this.#ackReceipted.has(message), `message ${message} came back after its ACK was receipted`);
    if (times > 1) {
      assert.ok(redelivered, `message ${message} came for time ${times} without redelivered:true`);
      return;
    }
    if (redelivered) this.#flaggedEarly++;
    assert.ok(message > this.#highest, `message ${message} came for the first time after message ${this.#highest}`);
    this.#highest = message;
  }

  /** Receipted and never seen by a consumer. */
  missing(): number[] {
    return [...this.#receipted].filter((message) => !this.#delivered.has(message));
  }

  deliveredMessages(): Set<number> {
    return new Set(this.#delivered.keys());
  }

  hasReceipt(message: number): boolean {
    return this.#receipted.has(message);
  }

  figures() {
    let repeats = 0;
    for (const times of this.#delivered.values()) repeats += times - 1;
    return {
      receipted: this.#receipted.size,
      delivered: this.#delivered.size,
      repeats,
      ackReceipted: this.#ackReceipted.size,
      flaggedOnFirstSight: this.#flaggedEarly,
    };
  }
}
