import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Operation } from './engine.ts';
import { DEFAULT_BROKER_LIMITS } from './limits.ts';
import { Transaction } from './transaction.ts';
import { Transactions } from './transactions.ts';

const limits = { ...DEFAULT_BROKER_LIMITS, maxTransactions: 2, maxTransactionActions: 3, maxTransactionBytes: 100 };

const action: Operation = { kind: 'settle', queue: 'q', seq: 1 };

function open(transactions: Transactions, id: string): Transaction {
  assert.equal(transactions.begin(id), undefined);
  const found = transactions.find('SEND', id);
  assert.ok(found instanceof Transaction);
  return found;
}

describe('transactions of a session', () => {
  test('have ids of their own, free again after the end', () => {
    const transactions = new Transactions(limits);
    const transaction = open(transactions, 't');
    assert.equal(transactions.begin('t')?.code, 'transaction-exists');
    transactions.close(transaction);
    assert.equal(transactions.begin('t'), undefined);
  });

  test('are unknown before BEGIN and after the end', () => {
    const transactions = new Transactions(limits);
    const found = transactions.find('COMMIT', 't');
    assert.equal('code' in found && found.code, 'unknown-transaction');
  });

  test('are bounded in number, actions and bytes over all of them', () => {
    const transactions = new Transactions(limits);
    const a = open(transactions, 'a');
    const b = open(transactions, 'b');
    assert.equal(transactions.begin('c')?.code, 'too-many-transactions');
    assert.equal(transactions.add(a, [action, action, action], 60), undefined);
    assert.equal(transactions.add(a, [action], 1)?.code, 'transaction-too-long');
    assert.equal(transactions.add(b, [action], 41)?.code, 'transaction-too-large');
    transactions.close(a);
    assert.equal(transactions.add(b, [action], 41), undefined);
  });
});
