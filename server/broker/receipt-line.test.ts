import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeFrame } from '../protocol/frame-writer.ts';
import type { WireFrame } from '../protocol/wire-frame.ts';
import { ReceiptLine } from './receipt-line.ts';

const frame = (name: string) => encodeFrame('1.2', 'RECEIPT', ['receipt-id', name]);

function line() {
  const sent: string[] = [];
  const send = (each: WireFrame) => {
    sent.push(/receipt-id:(.*)/.exec(each.head.toString())?.[1] ?? '');
  };
  return { line: new ReceiptLine(), sent, send };
}

describe('the receipt line', () => {
  test('answers in the order the work was started, whatever ends first', () => {
    const { line: receipts, sent, send } = line();
    const [first, second, third] = ['1', '2', '3'].map((name) => receipts.open(frame(name), send));
    receipts.done(third!);
    receipts.done(second!);
    assert.deepEqual(sent, []);
    receipts.done(first!);
    assert.deepEqual(sent, ['1', '2', '3']);
    assert.equal(receipts.isEmpty, true);
  });

  test('lets what needs no work pass only when nobody waits', () => {
    const { line: receipts, sent, send } = line();
    receipts.behind(frame('free'), send);
    const slot = receipts.open(frame('1'), send);
    receipts.behind(frame('own'), send);
    assert.deepEqual(sent, ['free']);
    receipts.done(slot);
    assert.deepEqual(sent, ['free', '1', 'own']);
  });

  test('says nothing more once it is cleared', () => {
    const { line: receipts, sent, send } = line();
    const slot = receipts.open(frame('1'), send);
    receipts.behind(frame('2'), send);
    receipts.clear();
    receipts.done(slot);
    assert.deepEqual(sent, []);
  });

  test('stays short however long it is never empty', () => {
    const { line: receipts, sent, send } = line();
    let last = receipts.open(frame('0'), send);
    for (let i = 1; i <= 10_000; i++) {
      const next = receipts.open(frame(String(i)), send);
      receipts.done(last);
      last = next;
    }
    receipts.done(last);
    assert.equal(sent.length, 10_001);
    assert.equal(sent.at(-1), '10000');
  });
});
