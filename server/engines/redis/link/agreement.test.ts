import { test } from 'node:test';
import assert from 'node:assert/strict';
import { agreement } from './agreement.ts';
import type { Endpoint } from './source.ts';

const GUIDES = [1, 2, 3].map((port) => ({ host: 'guide', port }));
const HERE = { host: 'here', port: 1 };
const THERE = { host: 'there', port: 1 };
const never = (_signal: AbortSignal): Promise<Endpoint> => new Promise(() => {});

const asked = (...answers: ((signal: AbortSignal) => Promise<Endpoint>)[]) => {
  const signals: AbortSignal[] = [];
  const ask = (guide: Endpoint, signal: AbortSignal): Promise<Endpoint> => {
    signals.push(signal);
    return answers[(guide as { port: number }).port - 1]!(signal);
  };
  return { ask, signals };
};

test('goes where most point, without waiting for the silent', async () => {
  const { ask, signals } = asked(() => Promise.resolve(HERE), never, () => Promise.resolve({ ...HERE }));
  assert.deepEqual(await agreement(GUIDES, ask, new AbortController().signal), HERE);
  assert.ok(signals.every(({ aborted }) => aborted), 'whoever is silent is not asked any more');
});

test('goes by one voice when the others fail', async () => {
  const { ask } = asked(() => Promise.reject(new Error('away')), () => Promise.resolve(THERE), () => Promise.reject(new Error('gone')));
  assert.deepEqual(await agreement(GUIDES, ask, new AbortController().signal), THERE);
});

test('outvotes whoever tells of yesterday', async () => {
  const { ask } = asked(() => Promise.resolve(THERE), () => Promise.resolve(HERE), () => Promise.resolve(HERE));
  assert.deepEqual(await agreement(GUIDES, ask, new AbortController().signal), HERE);
});

test('tells what each of them said when nobody knows', async () => {
  const { ask } = asked(...['one', 'two', 'three'].map((text) => () => Promise.reject(new Error(text))));
  await assert.rejects(agreement(GUIDES, ask, new AbortController().signal), /nobody could tell where the primary is: one; two; three/);
  await assert.rejects(agreement([], ask, new AbortController().signal), /there is nobody to ask/);
});

test('ends when it is told to', async () => {
  const end = new AbortController();
  const stopped = (signal: AbortSignal): Promise<Endpoint> =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  const { ask } = asked(stopped, stopped, stopped);
  const answer = agreement(GUIDES, ask, end.signal);
  end.abort(new Error('closed'));
  await assert.rejects(answer, /^Error: closed$/);
});
