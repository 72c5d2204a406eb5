import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Message } from './message.ts';
import { Selection } from './selection.ts';
import { Selector } from './selector/compile-selector.ts';

const message: Message = {
  id: 'm1',
  destination: '/topic/t',
  headers: [],
  body: Buffer.alloc(0),
  isText: true,
  timestamp: 0,
  priority: 4,
  expiresAt: 0,
  dueAt: 0,
  group: '',
  lastValue: '',
  origin: 'me',
};

describe('a selection', () => {
  test('evaluates each distinct selector once, however the subscriptions alternate', () => {
    const asked: string[] = [];
    const selector = (text: string, isTrue: boolean) => new Selector(text, () => (asked.push(text), isTrue));
    const [red, blue, redAgain] = [selector('red', true), selector('blue', false), selector('red', true)];
    const selection = new Selection(message);
    assert.deepEqual([red, blue, red, redAgain, blue, blue, red].map((each) => selection.matches(each)), [true, false, true, true, false, false, true]);
    assert.deepEqual(asked, ['red', 'blue']);
  });
});
