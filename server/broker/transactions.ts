import type { ProtocolError } from '../protocol/protocol-error.ts';
import { badTransaction, limitExceeded } from './errors.ts';
import type { BrokerLimits } from './limits.ts';
import { Transaction } from './transaction.ts';
import type { Operation } from './engine.ts';

/** The open transactions of one session: their ids are its own, their number, actions and bytes bounded. */
export class Transactions {
  readonly #limits: BrokerLimits;
  readonly #open = new Map<string, Transaction>();
  #bytes = 0;

  constructor(limits: BrokerLimits) {
    this.#limits = limits;
  }

  begin(id: string): ProtocolError | undefined {
    // STOMP 1.2, BEGIN: different transactions must use different identifiers.
    if (this.#open.has(id)) return badTransaction('transaction-exists', `BEGIN: transaction '${id}' is already open`);
    const { maxTransactions } = this.#limits;
    if (this.#open.size >= maxTransactions) {
      return limitExceeded('too-many-transactions', `expected at most ${maxTransactions} open transactions`);
    }
    this.#open.set(id, new Transaction(id));
    return undefined;
  }

  find(command: string, id: string): Transaction | ProtocolError {
    return this.#open.get(id) ?? badTransaction('unknown-transaction', `${command}: no transaction '${id}' is open`);
  }

  /** Buffers actions, if they still fit. */
  add(transaction: Transaction, operations: readonly Operation[], bytes: number): ProtocolError | undefined {
    const { maxTransactionActions, maxTransactionBytes } = this.#limits;
    if (transaction.operations.length + operations.length > maxTransactionActions) {
      return limitExceeded('transaction-too-long', `expected at most ${maxTransactionActions} actions in a transaction`);
    }
    if (this.#bytes + bytes > maxTransactionBytes) {
      return limitExceeded('transaction-too-large', `expected at most ${maxTransactionBytes} octets in open transactions`);
    }
    this.#bytes += bytes;
    transaction.add(operations, bytes);
    return undefined;
  }

  /** Ends it, whether it is committed or aborted: its id may be used again. */
  close(transaction: Transaction): void {
    this.#open.delete(transaction.id);
    this.#bytes -= transaction.bytes;
  }

  /** The session ends: STOMP 1.2, BEGIN: any started transaction is implicitly aborted. */
  abortAll(): void {
    for (const transaction of this.#open.values()) transaction.abort();
    this.#open.clear();
    this.#bytes = 0;
  }
}
