import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { layOut } from './log-layout.ts';
import type { Note, Said } from './room.ts';

const NOON = Date.UTC(2026, 10, 22, 12);
const MINUTE = 60_000;
const ADA = { id: 'ada', name: 'Ada' };

function said(id: string, at: number, author = ADA): Said {
  return { kind: 'said', id, author, text: id, at, isOwn: false, delivery: 'sent' };
}

function continued(...entries: Array<Said | Note>): boolean[] {
  return layOut(entries, NOON, 'UTC').flatMap((line) => (line.kind === 'said' ? [line.isContinued] : []));
}

describe('the layout of a log', () => {
  test('joins what one author says within five minutes', () => {
    assert.deepEqual(continued(said('1', NOON), said('2', NOON + 4 * MINUTE), said('3', NOON + 10 * MINUTE)), [false, true, false]);
  });

  test('names the author again after somebody else, a note or a new name', () => {
    const note: Note = { kind: 'note', id: 'n', text: '', at: NOON };
    assert.deepEqual(continued(said('1', NOON), said('2', NOON, { id: 'grace', name: 'Ada' }), said('3', NOON)), [false, false, false]);
    assert.deepEqual(continued(said('1', NOON), note, said('2', NOON)), [false, false]);
    assert.deepEqual(continued(said('1', NOON), said('2', NOON, { id: 'ada', name: 'Countess' })), [false, false]);
  });

  test('begins each day with its name', () => {
    const lines = layOut([said('1', NOON - 24 * 60 * MINUTE), said('2', NOON), said('3', NOON)], NOON, 'UTC');
    assert.deepEqual(lines.map((line) => (line.kind === 'day' ? line.text : line.key)), ['Yesterday', '1', 'Today', '2', '3']);
  });

  test('gives each line a key of its own, even when a clock was set back', () => {
    const day = 24 * 60 * MINUTE;
    const keys = layOut([said('1', NOON), said('2', NOON - day), said('3', NOON)], NOON, 'UTC').map(({ key }) => key);
    assert.equal(new Set(keys).size, keys.length);
  });
});
