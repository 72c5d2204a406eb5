import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OutboundTurn } from './outbound-turn.ts';
import { eventually, frameOf } from './testbed.ts';

describe('a turn of output', () => {
  test('flushes each that joined, in order, once the sockets were read', async () => {
    const turn = new OutboundTurn((frame) => frame.head);
    const flushed: string[] = [];
    turn.join({ flush: () => flushed.push('first') });
    turn.join({ flush: () => flushed.push('second') });
    assert.deepEqual(flushed, []);
    await eventually(() => flushed.length === 2, 'both');
    assert.deepEqual(flushed, ['first', 'second']);
  });

  test('keeps who joins during the flush for the next one, and its frames apart', async () => {
    const turn = new OutboundTurn((frame) => frame.head);
    let flushCount = 0;
    const frame = frameOf('x');
    const batch = turn.join({
      flush: () => {
        const next = turn.join({ flush: () => flushCount++ }).followedBy(frame);
        assert.notEqual(next, batch);
        assert.equal(flushCount, 0);
      },
    }).followedBy(frame);
    await eventually(() => flushCount === 1, 'the second flush');
  });

  test('goes on to the others when one throws, and then throws it', async (context) => {
    const turn = new OutboundTurn((frame) => frame.head);
    const thrown: unknown[] = [];
    const { nextTick } = process;
    context.mock.method(process, 'nextTick', (run: (...args: unknown[]) => void, ...args: unknown[]) => {
      if (args[0] instanceof Error && args[0].message === 'broken') {
        assert.throws(() => {
          run(...args);
        }, /broken/);
        thrown.push(args[0]);
      } else {
        nextTick(run, ...args);
      }
    });
    let isFlushed = false;
    turn.join({
      flush: () => {
        throw new Error('broken');
      },
    });
    turn.join({ flush: () => (isFlushed = true) });
    await eventually(() => isFlushed, 'the other one');
    assert.equal(thrown.length, 1);
  });
});
