import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { preferencesIn } from './preferences.ts';
import { firstRooms, hashOf, roomInHash, saveRooms } from './room-memory.ts';
import { createRooms, reduceRooms } from './rooms.ts';

function remembering(): ReturnType<typeof preferencesIn> {
  const kept = new Map<string, string>();
  const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
  return preferencesIn(() => storage, 'test.');
}

describe('the rooms of last time', () => {
  test('come back in their order', () => {
    const preferences = remembering();
    const state = [{ kind: 'joined', room: 'b' } as const, { kind: 'joined', room: 'a' } as const].reduce(reduceRooms, createRooms({ id: '', name: '' }));
    saveRooms(preferences, state);
    assert.deepEqual(firstRooms(preferences), ['b', 'a']);
  });

  test('are the default ones for a newcomer', () => {
    assert.deepEqual(firstRooms(remembering()), ['lobby', 'random']);
  });

  test('are cleaned, since anybody may write into storage', () => {
    const preferences = remembering();
    preferences.write('rooms', 'lobby LOBBY * a.#');
    assert.deepEqual(firstRooms(preferences), ['lobby', 'a']);
  });

  test('are the default ones where storage is switched off', () => {
    const preferences = preferencesIn(() => {
      throw new Error('The operation is insecure');
    }, 'test.');
    saveRooms(preferences, createRooms({ id: '', name: '' }));
    assert.deepEqual(firstRooms(preferences), ['lobby', 'random']);
  });
});

describe('the room in an address', () => {
  test('is read as it was written', () => {
    for (const room of ['lobby', '休憩室']) assert.equal(roomInHash(hashOf(room)), room);
  });

  test('is none when the address is broken', () => {
    assert.deepEqual(['', '#', '#%', '#%E4'].map(roomInHash), ['', '', '', '']);
  });
});
