import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeWords, encodeWords, MAX_TEXT_LENGTH, type Words } from './chat-body.ts';

const FALLBACK = { id: 'message-1', at: 1_700_000_000_000 };
const WORDS: Words = { id: 'a1', author: { id: 'ada', name: 'Ada' }, text: 'Hello 🦬\n<b>not bold</b>', sentAt: 1_700_000_000_123 };

describe('the body of a chat message', () => {
  test('reads as it was written', () => {
    assert.deepEqual(decodeWords(encodeWords(WORDS), FALLBACK), WORDS);
  });

  test('keeps half a surrogate pair from breaking the JSON', () => {
    const words = { ...WORDS, text: 'cut \uD83E' };
    assert.equal(decodeWords(encodeWords(words), FALLBACK).text, 'cut \uD83E');
  });

  test('of another program is shown as it stands', () => {
    for (const body of ['plain words', '"text"', '[1]', 'null', '{"text":"no id"}', '{"id":7,"text":"x","author":{"id":"a"}}', '']) {
      const words = decodeWords(body, FALLBACK);
      assert.deepEqual(words, { id: 'message-1', author: { id: '', name: 'Another program' }, text: body, sentAt: FALLBACK.at });
    }
  });

  test('is believed no further than it makes sense', () => {
    const odd = { ...WORDS, author: { id: 'ada', name: '\u202E \n' }, sentAt: 1e300, text: 'x'.repeat(MAX_TEXT_LENGTH + 1) };
    const words = decodeWords(JSON.stringify(odd), FALLBACK);
    assert.equal(words.author.name, 'Someone');
    assert.equal(words.sentAt, FALLBACK.at);
    assert.equal(words.text.length, MAX_TEXT_LENGTH);
  });

  test('reads own fields alone', () => {
    const words = decodeWords('{"__proto__":{"id":"a","text":"b","author":{"id":"c"}}}', FALLBACK);
    assert.equal(words.author.name, 'Another program');
  });
});
