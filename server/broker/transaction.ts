import type { Delivery } from './delivery.ts';
import type { Operation } from './engine.ts';

/**
 * Actions held back until COMMIT, which makes one atomic group of them, in their order. Deliveries acked here stay in
 * flight and marked until then: ABORT gives them back to be acked again.
 */
export class Transaction {
  readonly id: string;
  readonly operations: Operation[] = [];
  /** What a COMMIT settles or releases, with the action that says how. */
  readonly deliveries: Delivery[] = [];
  bytes = 0;

  constructor(id: string) {
    this.id = id;
  }

  add(operations: readonly Operation[], bytes: number): void {
    this.operations.push(...operations);
    this.bytes += bytes;
  }

  claim(delivery: Delivery): void {
    delivery.transaction = this.id;
    this.deliveries.push(delivery);
  }

  /** Lets go of its deliveries and returns them. */
  abort(): readonly Delivery[] {
    for (const delivery of this.deliveries) delivery.transaction = undefined;
    return this.deliveries;
  }
}
