import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { TopicLedger, type Account, type Reader } from './topic-ledger.ts';

describe('a ledger of topics', () => {
  let ledger: TopicLedger;
  let publisher: Account;
  const topicOf = (number: number): string => (number % 2 === 0 ? 'a.even' : 'a.odd');

  beforeEach(() => {
    ledger = new TopicLedger();
    publisher = ledger.publisher('p', topicOf);
  });

  function send(count: number): void {
    for (let i = 0; i < count; i++) publisher.receipt(publisher.next());
  }

  const deliver = (reader: Reader, number: number, hasGap = false): void => {
    reader.deliver('p', number, topicOf(number), hasGap);
  };

  test('is content when all came once and in order', () => {
    const [all, even] = [ledger.reader('all', 'a.*'), ledger.reader('even', 'a.even')];
    send(4);
    for (const number of [1, 2, 3, 4]) deliver(all, number);
    for (const number of [2, 4]) deliver(even, number);
    assert.deepEqual(ledger.missing(), []);
    assert.deepEqual(ledger.figures(), { receipted: 4, delivered: 6, gaps: 0, holes: 0, lost: 0 });
  });

  test('fails on a message that comes twice', () => {
    const reader = ledger.reader('r', 'a.#');
    send(2);
    deliver(reader, 1);
    deliver(reader, 2);
    assert.throws(() => deliver(reader, 2), /got p 2 after 2/);
  });

  test('fails on messages of one connection out of order', () => {
    const reader = ledger.reader('r', 'a.#');
    send(2);
    assert.throws(() => {
      deliver(reader, 2);
      deliver(reader, 1);
    }, /missed p 1|got p 1 after 2/);
  });

  test('fails on a hole of which nothing was told', () => {
    const reader = ledger.reader('r', 'a.#');
    send(3);
    deliver(reader, 1);
    assert.throws(() => deliver(reader, 3), /missed p 2 and was told of no gap/);
  });

  test('fails on a hole at the end', () => {
    const reader = ledger.reader('r', 'a.even');
    send(5);
    deliver(reader, 2);
    assert.deepEqual(ledger.missing(), ['r lacks 1 of p from 4 on']);
  });

  test('takes a gap for the holes before it, and for none after it', () => {
    const reader = ledger.reader('r', 'a.#');
    send(6);
    deliver(reader, 1);
    deliver(reader, 3, true);
    assert.throws(() => deliver(reader, 5), /missed p 4/);
    assert.deepEqual({ gaps: 1, holes: 1, lost: 1 }, { gaps: ledger.figures().gaps, holes: ledger.figures().holes, lost: ledger.figures().lost });
  });

  test('takes a gap told with the message of another connection', () => {
    const other = ledger.publisher('q', topicOf);
    const reader = ledger.reader('r', 'a.#');
    send(3);
    other.receipt(other.next());
    deliver(reader, 1);
    reader.deliver('q', 1, 'a.odd', true);
    deliver(reader, 3);
    assert.deepEqual(ledger.missing(), []);
  });

  test('fails on a gap that was told before the hole began', () => {
    const reader = ledger.reader('r', 'a.#');
    send(3);
    deliver(reader, 1, true);
    assert.throws(() => deliver(reader, 3), /missed p 2/);
  });

  test('wants from a subscription what was sent behind its receipt, and nothing before', () => {
    send(2);
    publisher.next();
    const reader = ledger.reader('r', 'a.#');
    send(0);
    publisher.receipt(3);
    assert.deepEqual(ledger.missing(), []);
    publisher.receipt(publisher.next());
    assert.deepEqual(ledger.missing(), ['r lacks 1 of p from 4 on']);
    deliver(reader, 3);
    deliver(reader, 4);
    assert.deepEqual(ledger.missing(), []);
    const late = ledger.reader('late', 'a.#');
    send(2);
    assert.throws(() => deliver(late, 6), /missed p 5/);
  });

  test('fails on what nobody sent or asked for', () => {
    const reader = ledger.reader('r', 'a.even');
    assert.throws(() => deliver(reader, 2), /which nobody sent/);
    send(2);
    assert.throws(() => deliver(reader, 1), /asked for a\.even/);
    assert.throws(() => reader.deliver('p', 2, 'a.odd', false), /another topic/);
  });

  test('asks nothing of those who left, and counts them', () => {
    const reader = ledger.reader('r', 'a.#');
    send(2);
    deliver(reader, 1);
    ledger.leave(reader);
    assert.deepEqual(ledger.missing(), []);
    assert.equal(ledger.figures().delivered, 1);
  });
});
