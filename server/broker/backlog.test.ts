import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Backlog } from './backlog.ts';
import { messageBytes, type Message } from './message.ts';
import { sampleMessage } from './selector/testing/sample-message.ts';

const message = (text: string, destination = '/topic/a'): Message => sampleMessage({}, { body: Buffer.from(text), destination });
const SIZE = messageBytes(message('1'));

/** What is taken, with what it says was dropped. */
function taken(backlog: Backlog): string[] {
  const all: string[] = [];
  for (let next = backlog.take(); next; next = backlog.take()) {
    const at = next.headers.indexOf('x-dropped');
    all.push(next.body.toString() + (at === -1 ? '' : ` after ${next.headers[at + 1]}`));
  }
  return all;
}

describe('a backlog', () => {
  test('drops the oldest beyond its number of messages, and tells once', () => {
    const backlog = new Backlog({ way: 'drop-oldest', maxPending: 2 }, Infinity);
    for (const text of ['1', '2', '3', '4', '5']) assert.ok(backlog.add(message(text)));
    assert.deepEqual(taken(backlog), ['4 after 3', '5']);
    backlog.add(message('6'));
    assert.deepEqual(taken(backlog), ['6']);
  });

  test('drops the oldest beyond its octets, and always holds one', () => {
    const backlog = new Backlog({ way: 'drop-oldest', maxPending: Infinity }, 2 * SIZE);
    for (const text of ['1', '2', '3']) backlog.add(message(text));
    assert.deepEqual(taken(backlog), ['2 after 1', '3']);
    backlog.add(message('x'.repeat(3 * SIZE)));
    assert.equal(backlog.length, 1);
  });

  test('that may hold nothing tells with the next message that passes', () => {
    const backlog = new Backlog({ way: 'drop-oldest', maxPending: 0 }, Infinity);
    for (const text of ['1', '2']) backlog.add(message(text));
    assert.equal(backlog.length, 0);
    assert.deepEqual(backlog.mark(message('3')).headers, ['x-dropped', '2']);
    const passing = message('4');
    assert.equal(backlog.mark(passing), passing);
  });

  test('keeps the newest of each destination in conflation, at the place of the first', () => {
    const backlog = new Backlog({ way: 'conflate', maxPending: Infinity }, Infinity);
    for (const [text, topic] of [['1', 'a'], ['2', 'b'], ['3', 'a'], ['4', 'a']] as const) backlog.add(message(text, `/topic/${topic}`));
    assert.deepEqual(taken(backlog), ['4 after 2', '2']);
  });

  test('has no room beyond its octets for a subscriber that misses nothing', () => {
    const backlog = new Backlog({ way: 'disconnect', maxPending: Infinity }, 2 * SIZE);
    assert.deepEqual(['1', '2', '3'].map((text) => backlog.add(message(text))), [true, true, false]);
    assert.deepEqual(taken(backlog), ['1', '2']);
  });

  test('keeps no chunk that a body came in', () => {
    const backlog = new Backlog({ way: 'drop-oldest', maxPending: 9 }, Infinity);
    backlog.add({ ...message(''), body: Buffer.alloc(1 << 20).subarray(0, 10) });
    assert.ok((backlog.take()?.body.buffer.byteLength ?? Infinity) <= 8192);
  });
});
