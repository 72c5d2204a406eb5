import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { LogBounds } from '../../broker/engine.ts';
import { messageBytes } from '../../broker/message.ts';
import { message } from '../engine-contract/messages.ts';
import { logged } from '../engine-contract/rig.ts';
import { State } from './state.ts';
import { Logged } from './topic-log.ts';
import type { TopicLogs } from './topic-logs.ts';
import type { LogHead } from './topic-logs-restore.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const AGED: LogBounds = { maxMessages: 1_000, maxAgeMs: 1_000 };

/** A state whose clock a test moves. */
function timed() {
  let time = 1_000_000;
  const state = new State(() => time);
  return {
    state,
    logs: state.logs,
    now: () => time,
    pass(ms: number): void {
      time += ms;
    },
    put(topic: string, bounds: LogBounds): void {
      const staged = state.stage({ operations: [logged(topic, 'm', bounds)], lane: 'durable' });
      assert.ok(staged.ok);
      state.commit(staged);
    },
  };
}

const offsets = (logs: TopicLogs, topic: string): number[] => logs.read(topic, undefined, 1000).entries.map(({ offset }) => offset);

describe('topic logs', () => {
  test('count what they hold, and no more', () => {
    const { logs, put, pass } = timed();
    const one = messageBytes(message('m'));
    for (let each = 0; each < 5; each++) put('a', { maxMessages: 3, maxAgeMs: 0 });
    put('b', AGED);
    assert.equal(logs.bytes, 4 * one);
    pass(2_000);
    put('b', AGED);
    assert.equal(logs.bytes, 4 * one);
  });

  test('forget by age at the moment itself', () => {
    const { logs, put, pass } = timed();
    put('a', AGED);
    pass(600);
    put('a', AGED);
    assert.deepEqual(offsets(logs, 'a'), [1, 2]);
    pass(400);
    assert.deepEqual(offsets(logs, 'a'), [1, 2]);
    pass(1);
    assert.deepEqual(offsets(logs, 'a'), [2]);
    pass(600);
    assert.deepEqual(offsets(logs, 'a'), []);
    assert.equal(logs.read('a', undefined, 1).last, 2);
  });

  test('leave nothing behind when a group is undone', () => {
    const { state, logs, put } = timed();
    const staged = state.stage({ operations: [logged('a', 'm', AGED), logged('b', 'm', AGED)], lane: 'durable' });
    assert.ok(staged.ok);
    put('b', AGED);
    state.undo(staged);
    assert.deepEqual([logs.size, logs.get('a'), logs.bytes], [1, undefined, messageBytes(message('m'))]);
  });

  test('keep the numbering of an empty one for a day, and then forget it while others are used', () => {
    const { logs, put, pass } = timed();
    for (let each = 0; each < 50; each++) put(`once.${each}`, AGED);
    put('kept', { maxMessages: 1, maxAgeMs: 0 });
    pass(DAY_MS);
    for (let each = 0; each < 100; each++) put('busy', AGED);
    assert.equal(logs.size, 52);
    assert.equal(logs.read('once.7', undefined, 1).last, 1);
    pass(2_000);
    for (let each = 0; each < 100; each++) put('busy', AGED);
    assert.deepEqual([logs.size, logs.read('once.7', undefined, 1).epoch], [2, '']);
    assert.deepEqual(offsets(logs, 'kept'), [1]);
  });

  test('let go of what is too old in topics that nobody uses', () => {
    const { logs, put, pass } = timed();
    for (let each = 0; each < 100; each++) put('quiet', AGED);
    pass(2_000);
    for (let each = 0; each < 4; each++) put('busy', AGED);
    assert.equal(logs.bytes, (1 + 4) * messageBytes(message('m')), 'only the newest, which carries the numbering, is left');
  });

  test('do not forget one that a staged group is about', () => {
    const { state, logs, put, pass } = timed();
    put('a', AGED);
    const { epoch } = logs.read('a', undefined, 0);
    const staged = state.stage({ operations: [logged('a', 'm', AGED)], lane: 'durable' });
    assert.ok(staged.ok);
    pass(2 * DAY_MS);
    for (let each = 0; each < 10; each++) put('busy', AGED);
    state.commit(staged);
    assert.deepEqual(staged.publications[0]?.position, { epoch, offset: 2 });
  });
});

describe('a replay of topic logs', () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('put' as const), max: fc.constantFrom(1, 2, 3, 5, 1_000), age: fc.constantFrom(0, 0, 500, 1_000) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.nat({ max: 700 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('read' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact' as const), part: fc.nat({ max: 100 }) }) },
  );

  test('brings back what there was, wherever it was moved to and whatever was cut off in front of it', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
        const { logs, put, pass, now } = timed();
        let journal: { head: LogHead; offset: number; at: number }[] = [];
        const write = (offset: number): void => {
          const { topic, epoch, bounds } = logs.get('a')!;
          journal.push({ head: { topic, epoch, bounds }, offset, at: logs.get('a')!.get(offset)!.at });
        };
        for (const each of steps) {
          if (each.kind === 'pass') pass(each.ms);
          else if (each.kind === 'read') logs.read('a', undefined, 10);
          else if (each.kind === 'put') {
            put('a', { maxMessages: each.max, maxAgeMs: each.age });
            write(logs.get('a')!.last);
          } else {
            // As the compactor: what is needed of the front is written once more, then the front goes.
            const front = journal.slice(0, Math.floor((journal.length * each.part) / 100));
            const isLast = ({ offset }: { offset: number }, index: number): boolean => !journal.some((later, at) => at > index && later.offset === offset);
            for (const [index, line] of front.entries()) if (logs.get('a')?.get(line.offset) && isLast(line, index)) write(line.offset);
            journal = journal.slice(front.length);
          }
        }
        const replayed = new State(now);
        for (const { head, offset, at } of journal) {
          const { restore } = replayed.logs;
          if (!restore.find(head, offset)) restore.put(head, new Logged<never>(at, messageBytes(message('m')), message('m'), offset));
        }
        replayed.logs.restore.finish();
        const read = (from: TopicLogs): unknown => {
          const { entries, ...page } = from.read('a', undefined, 1000);
          return { ...page, offsets: entries.map(({ offset }) => offset) };
        };
        assert.deepEqual(read(replayed.logs), read(logs));
        assert.equal(replayed.logs.bytes, logs.bytes);
      }),
      { numRuns: 500 },
    );
  });
});
