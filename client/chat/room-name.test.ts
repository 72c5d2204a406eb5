import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cleanRoomName, MAX_ROOM_NAME_LENGTH, topicOf } from './room-name.ts';

describe('a room name', () => {
  test('is in lower case, its words joined by hyphens', () => {
    assert.equal(cleanRoomName('  Coffee Break '), 'coffee-break');
    assert.equal(cleanRoomName('#General'), 'general');
  });

  test('is a single word of a topic, whatever was typed', () => {
    for (const typed of ['a.b', 'a.*.b', '#', '>', 'a/../b', 'a%2Fb', '<b>x</b>', 'a:b\nc', '.', '--']) {
      const name = cleanRoomName(typed);
      assert.doesNotMatch(name, /[.*#>/%<:\s]/u, typed);
      assert.equal(topicOf(name).split('.').length, 2, typed);
    }
  });

  test('may be written in any script', () => {
    assert.equal(cleanRoomName('Café'), 'café');
    assert.equal(cleanRoomName('休憩室'), '休憩室');
  });

  test('is the same for both spellings of an accent', () => {
    assert.equal(cleanRoomName('cafe\u0301'), cleanRoomName('caf\u00E9'));
  });

  test('is bounded, and empty when nothing is left', () => {
    assert.equal([...cleanRoomName('x'.repeat(100))].length, MAX_ROOM_NAME_LENGTH);
    assert.equal(cleanRoomName(' !? '), '');
  });

  test('stays as it is once clean', () => {
    for (const typed of ['Coffee  Break', '#a.b', 'Ünter_den-Linden 7']) {
      const name = cleanRoomName(typed);
      assert.equal(cleanRoomName(name), name);
    }
  });
});
