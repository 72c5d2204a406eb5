import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';

/**
 * Every rule of the protocol, by its id: F framing, E escaping, C connecting, H heart-beats, S SEND, U SUBSCRIBE, N
 * UNSUBSCRIBE, A ACK and NACK, T transactions, D DISCONNECT, R receipts, M frames of the server, W WebSocket. Where we
 * decided otherwise than the rule's usual reading, the test under its id shows our decision.
 */
const COUNTS = { F: 23, E: 11, C: 16, H: 10, S: 6, U: 9, N: 4, A: 8, T: 9, D: 4, R: 5, M: 12, W: 15 };
const RULES = Object.entries(COUNTS).flatMap(([letter, count]) => Array.from({ length: count }, (_, i) => `${letter}${i + 1}`));

/** The ids that begin the titles of tests in a source text. */
function idsIn(source: string): string[] {
  const titles = source.matchAll(/\b(?:rule|test)\(\s*(['"`])((?:[A-Z]\d+ )*[A-Z]\d+):/g);
  return [...titles].flatMap((title) => (title[2] ?? '').split(' '));
}

describe('the wire-level suite', () => {
  test('names every rule of the protocol, and no other', () => {
    const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.e2e.ts'));
    const found = new Set(files.flatMap((name) => idsIn(readFileSync(join(import.meta.dirname, name), 'utf8'))));
    assert.deepEqual(RULES.filter((id) => !found.has(id)), [], 'rules without a test');
    assert.deepEqual([...found].filter((id) => !RULES.includes(id)), [], 'ids that are no rules');
  });

  test('finds ids at the beginning of a title only', () => {
    const source = "rule('A1 B2: x', f); rule(\n  \"C3: it's\",\n f); test('D4 e: x', f); rule('x A9: y', f);";
    assert.deepEqual(idsIn(source), ['A1', 'B2', 'C3']);
  });
});
