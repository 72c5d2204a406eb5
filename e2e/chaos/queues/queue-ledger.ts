/** One SEND, and what became of it. */
interface Entry {
  readonly publisher: string;
  readonly number: number;
  /** Of its publisher, counted from 1. */
  readonly connection: number;
  isReceipted: boolean;
  isAckReceipted: boolean;
  deliveryCount: number;
}

/** Promises that were broken, a sentence each. */
export interface Violations {
  /** The ACK of a message was receipted, and it came again. */
  readonly undone: string[];
  /** A repeat without `redelivered:true`. */
  readonly unflagged: string[];
  /** To one consumer a message came after a later one of its publisher, and neither was said to be redelivered. */
  readonly disordered: string[];
  /** Delivered, and never sent. */
  readonly strangers: string[];
}

/**
 * What many publishers and consumers of one queue were promised and what they saw. Receipted messages that nobody ever saw
 * are `missing`; everything else that must not be is noted as it happens, in `violations`.
 *
 * A message is named `<publisher>.<number>`; its publisher counts up and never sends a number twice. The order that holds
 * is that of one connection; from one connection to the next only what was receipted on the first comes first.
 */
export class QueueLedger {
  readonly violations: Violations = { undone: [], unflagged: [], disordered: [], strangers: [] };
  readonly #entries = new Map<string, Entry>();
  /** By consumer connection and publisher: the latest message that came without `redelivered:true`. */
  readonly #latest = new Map<string, Entry>();
  #receiptedCount = 0;
  #ackReceiptedCount = 0;
  #deliveryCount = 0;
  #deliveredCount = 0;
  #flaggedOnFirstSight = 0;

  sent(publisher: string, connection: number, number: number): string {
    const entry = { publisher, number, connection, isReceipted: false, isAckReceipted: false, deliveryCount: 0 };
    const name = `${publisher}.${number}`;
    this.#entries.set(name, entry);
    return name;
  }

  receipted(name: string): void {
    this.#entries.get(name)!.isReceipted = true;
    this.#receiptedCount++;
  }

  ackReceipted(name: string): void {
    const entry = this.#entries.get(name)!;
    if (!entry.isAckReceipted) this.#ackReceiptedCount++;
    entry.isAckReceipted = true;
  }

  /** `consumer` names one connection of a consumer. */
  delivered(consumer: string, name: string, isRedelivered: boolean): void {
    const entry = this.#entries.get(name);
    if (!entry) {
      this.violations.strangers.push(`message ${name} came and was never sent`);
      return;
    }
    this.#deliveryCount++;
    entry.deliveryCount++;
    if (entry.isAckReceipted) this.violations.undone.push(`message ${name} came to ${consumer} after its ACK was receipted`);
    if (entry.deliveryCount === 1) {
      this.#deliveredCount++;
      if (isRedelivered) this.#flaggedOnFirstSight++;
    } else if (!isRedelivered) {
      this.violations.unflagged.push(`message ${name} came for time ${entry.deliveryCount}, to ${consumer}, without redelivered:true`);
    }
    // What is redelivered returns to its place, which others may have passed.
    if (!isRedelivered) this.#checkOrder(consumer, name, entry);
  }

  #checkOrder(consumer: string, name: string, entry: Entry): void {
    const key = `${consumer} ${entry.publisher}`;
    const latest = this.#latest.get(key);
    const isLate = latest !== undefined && latest.number > entry.number;
    if (isLate && (latest.connection === entry.connection || entry.isReceipted)) {
      this.violations.disordered.push(`message ${name} came to ${consumer} after ${latest.publisher}.${latest.number}`);
    }
    if (!isLate) this.#latest.set(key, entry);
  }

  /** Receipted, and never seen by anyone. */
  missing(): string[] {
    const missing: string[] = [];
    for (const [name, entry] of this.#entries) if (entry.isReceipted && entry.deliveryCount === 0) missing.push(name);
    return missing;
  }

  get receiptedCount(): number {
    return this.#receiptedCount;
  }

  /** Messages seen at least once. */
  get deliveredCount(): number {
    return this.#deliveredCount;
  }

  /** Deliveries, repeats among them. */
  get deliveryCount(): number {
    return this.#deliveryCount;
  }

  figures() {
    return {
      sent: this.#entries.size,
      receipted: this.#receiptedCount,
      delivered: this.#deliveredCount,
      repeats: this.#deliveryCount - this.#deliveredCount,
      ackReceipted: this.#ackReceiptedCount,
      flaggedOnFirstSight: this.#flaggedOnFirstSight,
    };
  }
}
