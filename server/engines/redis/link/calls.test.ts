import { describe, test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { scriptOf } from '../testing/script-of.ts';
import { until } from '../testing/until.ts';
import { Calls } from './calls.ts';
import { LinkLostError, ReplyError, type Argument } from './link.ts';
import type { Wire } from './wire.ts';

class ServerError extends Error {}

/** Answers when the test does, in order. */
class ScriptedWire implements Wire {
  readonly opened = Promise.resolve();
  readonly sent: (readonly Argument[])[] = [];
  readonly #waiting: { resolve: (reply: unknown) => void; reject: (error: Error) => void }[] = [];

  send(args: readonly Argument[]): Promise<unknown> {
    this.sent.push(args);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  answer(reply: unknown): void {
    const { resolve, reject } = this.#waiting.shift()!;
    if (reply instanceof Error) reject(reply);
    else resolve(reply);
  }

  subscribe(): Promise<unknown> {
    return Promise.reject(new Error('not in this test'));
  }

  unsubscribe(): Promise<unknown> {
    return this.subscribe();
  }

  isReplyError(error: unknown): error is Error {
    return error instanceof ServerError;
  }

  destroy(): void {}
}

function setUp(t: TestContext, callMs = 60_000): { wire: ScriptedWire; calls: Calls; broken: string[] } {
  const wire = new ScriptedWire();
  const broken: string[] = [];
  const calls: Calls = new Calls(wire, callMs, (error) => {
    broken.push(error.message);
    calls.lose(error);
  });
  t.after(() => calls.lose(new Error('the test is over')));
  return { wire, calls, broken };
}

const outcome = (call: Promise<unknown>): Promise<unknown> =>
  call.catch((error: unknown) => (error instanceof LinkLostError ? `lost ${error.wasSent ? 'sent' : 'unsent'}` : (error as Error).name));

const SCRIPT = scriptOf('return 1');
const words = (wire: ScriptedWire): string[] => wire.sent.map((args) => `${String(args[0])} ${String(args.at(-1))}`);

describe('calls', () => {
  test('bring replies, and the errors of the server', async (t) => {
    const { wire, calls, broken } = setUp(t);
    const [first, second] = [calls.command(['GET', 'a']), calls.command(['GET', 'b'])];
    wire.answer(7);
    wire.answer(new ServerError('OOM command not allowed'));
    assert.equal(await first, 7);
    await assert.rejects(second, (error) => error instanceof ReplyError && error.code === 'OOM' && error.message === 'OOM command not allowed');
    assert.deepEqual(broken, []);
  });

  test('end with the wire when a server is not the one, or not ready', async (t) => {
    const refusals = [
      "READONLY You can't write against a read only replica.",
      'LOADING Redis is loading the dataset in memory',
      "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
      'CLUSTERDOWN The cluster is down',
      'MOVED 3999 127.0.0.1:6381',
      'ASK 3999 127.0.0.1:6381',
      'TRYAGAIN Multiple keys request during rehashing of slot',
      "ERR Error running script (call to f_0): @user_script:1: @user_script: 1: -READONLY You can't write against a read only replica. ",
    ];
    for (const refusal of refusals) {
      const { wire, calls, broken } = setUp(t);
      const made = ['a', 'b', 'c'].map((key) => calls.command(['GET', key]));
      wire.answer(Buffer.from('x'));
      wire.answer(new ServerError(refusal));
      assert.deepEqual(await Promise.all(made.map(outcome)), [Buffer.from('x'), 'lost unsent', 'lost sent'], refusal);
      assert.deepEqual(broken, [refusal]);
      assert.equal(await outcome(calls.command(['GET', 'd'])), 'lost unsent');
      assert.equal(wire.sent.length, 3);
    }
  });

  test('stay when a server only refuses this one', async (t) => {
    for (const refusal of ['OOM command not allowed', 'WRONGTYPE Operation against a key', 'ERR moved', 'ERR READONLY']) {
      const { wire, calls, broken } = setUp(t);
      const call = calls.command(['GET', 'a']);
      wire.answer(new ServerError(refusal));
      assert.equal(await outcome(call), 'ReplyError');
      assert.deepEqual(broken, []);
    }
  });

  test('break the wire when the oldest has no answer in time, and not for a younger one', async (t) => {
    const { wire, calls, broken } = setUp(t, 60);
    const first = calls.command(['FIRST']);
    wire.answer(1);
    await first;
    const startedAt = performance.now();
    const [second, third] = [calls.command(['SECOND']), calls.command(['THIRD'])];
    assert.deepEqual(await Promise.all([outcome(second), outcome(third)]), ['lost sent', 'lost sent']);
    assert.ok(performance.now() - startedAt >= 59, 'not before its time');
    assert.deepEqual(broken, ['no answer to SECOND within 60 ms']);
  });

  test('look at the sockets before they give up: the process itself may have stood still', async (t) => {
    const { wire, calls, broken } = setUp(t, 20);
    const call = calls.command(['GET', 'a']);
    // The answer is there, in a socket that nobody had time to read.
    setTimeout(() => setImmediate(() => wire.answer(1)), 0);
    for (const until = performance.now() + 40; performance.now() < until; );
    assert.equal(await outcome(call), 1);
    assert.deepEqual(broken, []);
  });

  test('send the text of a script that the server does not have, and hold back what must not overtake', async (t) => {
    const { wire, calls } = setUp(t);
    const missing = new ServerError('NOSCRIPT No matching script. Please use EVAL.');
    const made = [calls.run(SCRIPT, 'k', [1]), calls.run(SCRIPT, 'k', [2])];
    wire.answer(missing);
    await until('the text of the first', () => wire.sent.length === 3);
    made.push(calls.run(SCRIPT, 'k', [3]), calls.command(['GET', 'x']));
    assert.equal(wire.sent.length, 3, 'the second has not been heard of');
    wire.answer(missing);
    await until('all of them', () => wire.sent.length === 6);
    assert.deepEqual(words(wire), ['EVALSHA 1', 'EVALSHA 2', 'EVAL 1', 'EVAL 2', 'EVALSHA 3', 'GET x']);
    assert.deepEqual(wire.sent[2], ['EVAL', SCRIPT.source, '1', 'k', 1]);
    for (const reply of [1, 2, 3, 4]) wire.answer(reply);
    assert.deepEqual(await Promise.all(made), [1, 2, 3, 4]);
  });

  test('tell what was held back from what was sent', async (t) => {
    const { wire, calls } = setUp(t);
    const made = [calls.run(SCRIPT, 'k', [1]), calls.run(SCRIPT, 'k', [2])];
    wire.answer(new ServerError('NOSCRIPT'));
    await until('the text of the first', () => wire.sent.length === 3);
    made.push(calls.command(['GET', 'x']));
    calls.lose(new Error('cut'));
    assert.deepEqual(await Promise.all(made.map(outcome)), ['lost sent', 'lost sent', 'lost unsent']);
  });

  test('ignore answers that come after the end', async (t) => {
    const { wire, calls } = setUp(t);
    const call = calls.command(['GET', 'a']);
    calls.lose(new Error('cut'));
    wire.answer(1);
    assert.equal(await outcome(call), 'lost sent');
  });
});
