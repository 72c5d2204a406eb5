import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStore } from './store.ts';

test('a store tells its watchers the present state, and each change after it', () => {
  const store = createStore((state: number, event: number) => state + event, 1);
  const seen: number[] = [];
  store.watch((state) => seen.push(state));
  store.dispatch(2);
  store.dispatch(0);
  store.dispatch(4);
  assert.deepEqual(seen, [1, 3, 7]);
  assert.equal(store.state, 7);
});
