import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Words } from './chat-body.ts';
import { MAX_ENTRIES, unsentCount, waitingIn, type Room, type Said } from './room.ts';
import { createRooms, MAX_ROOMS, reduceRooms, roomNamed, unreadTotal, type Rooms, type RoomsEvent } from './rooms.ts';

const SELF = { id: 'me', name: 'Ada' };
const OTHER = { id: 'you', name: 'Grace' };

function after(...events: RoomsEvent[]): Rooms {
  return events.reduce(reduceRooms, createRooms(SELF));
}

function words(id: string, author = OTHER): Words {
  return { id, author, text: `text of ${id}`, sentAt: 1_000 };
}

function heard(room: string, id: string, author = OTHER): RoomsEvent {
  return { kind: 'heard', room, words: words(id, author), at: 2_000 };
}

function inLobby(...events: RoomsEvent[]): Room {
  const room = roomNamed(after(JOINED, SELECTED, ...events), 'lobby');
  assert.ok(room);
  return room;
}

function onlySaid(room: Room): Said {
  assert.equal(room.entries.length, 1);
  const entry = room.entries[0];
  assert.ok(entry?.kind === 'said');
  return entry;
}

const JOINED: RoomsEvent = { kind: 'joined', room: 'lobby' };
const SELECTED: RoomsEvent = { kind: 'selected', room: 'lobby' };
const ENTERED: RoomsEvent = { kind: 'entered', room: 'lobby', awaySince: 0, at: 1_000, text: '' };
const WRITTEN: RoomsEvent = { kind: 'written', room: 'lobby', words: words('m1', SELF) };
const moved = (delivery: Said['delivery']): RoomsEvent => ({ kind: 'moved', room: 'lobby', id: 'm1', delivery });

describe('rooms', () => {
  test('are joined once and up to a limit', () => {
    const joins = Array.from({ length: MAX_ROOMS + 1 }, (_, index): RoomsEvent => ({ kind: 'joined', room: `r${index}` }));
    assert.equal(after(JOINED, JOINED).rooms.length, 1);
    assert.equal(after(...joins).rooms.length, MAX_ROOMS);
  });

  test('show their neighbour when the one on show is left', () => {
    const three = [JOINED, { kind: 'joined', room: 'b' }, { kind: 'joined', room: 'c' }] as const;
    assert.equal(after(...three, { kind: 'selected', room: 'b' }, { kind: 'left', room: 'b' }).active, 'c');
    assert.equal(after(...three, { kind: 'selected', room: 'c' }, { kind: 'left', room: 'c' }).active, 'b');
    assert.equal(after(JOINED, SELECTED, { kind: 'left', room: 'lobby' }).active, '');
  });

  test('cannot be selected before they are joined', () => {
    assert.equal(after(JOINED, SELECTED, { kind: 'selected', room: 'elsewhere' }).active, 'lobby');
  });

  test('say that they are shut, and stop saying so when asked again', () => {
    const shut = inLobby({ kind: 'shut', room: 'lobby', reason: 'Access refused' });
    assert.deepEqual([shut.door, shut.shutReason], ['shut', 'Access refused']);
    const asked = inLobby({ kind: 'shut', room: 'lobby', reason: 'Access refused' }, { kind: 'knocked', room: 'lobby' });
    assert.deepEqual([asked.door, asked.shutReason], ['entering', '']);
  });

  test('are entered anew after the connection was gone, but for those that are shut', () => {
    const state = after(JOINED, { kind: 'joined', room: 'b' }, ENTERED, { kind: 'shut', room: 'b', reason: 'Access refused' }, { kind: 'parted' });
    assert.deepEqual(state.rooms.map(({ door }) => door), ['entering', 'shut']);
    assert.equal(reduceRooms(state, { kind: 'parted' }), state);
    assert.equal(roomNamed(reduceRooms(state, ENTERED), 'lobby')?.door, 'open');
  });

  test('note an absence on return, but not the first entrance', () => {
    const entered = (awaySince: number): RoomsEvent => ({ kind: 'entered', room: 'lobby', awaySince, at: 9_000, text: 'You were away' });
    assert.deepEqual(inLobby(entered(0)).entries, []);
    assert.deepEqual(inLobby(entered(0), entered(5_000)).entries, [{ kind: 'note', id: 'away-9000', text: 'You were away', at: 9_000 }]);
  });
});

describe('unread messages', () => {
  test('are counted in rooms that are not on show', () => {
    const state = after(JOINED, { kind: 'joined', room: 'b' }, SELECTED, heard('b', 'm1'), heard('b', 'm2'), heard('lobby', 'm3'));
    assert.equal(roomNamed(state, 'b')?.unread, 2);
    assert.equal(roomNamed(state, 'lobby')?.unread, 0);
    assert.equal(unreadTotal(state), 2);
  });

  test('are read by selecting the room', () => {
    const state = after(JOINED, { kind: 'joined', room: 'b' }, SELECTED, heard('b', 'm1'), { kind: 'selected', room: 'b' });
    assert.equal(unreadTotal(state), 0);
  });

  test('are counted in the room on show too while nobody looks', () => {
    const away = [JOINED, SELECTED, { kind: 'watched', isWatched: false }, heard('lobby', 'm1')] as const;
    assert.equal(unreadTotal(after(...away)), 1);
    assert.equal(unreadTotal(after(...away, { kind: 'watched', isWatched: true })), 0);
  });

  test('are never own ones, nor the same one twice', () => {
    const state = after(JOINED, heard('lobby', 'm1', SELF), heard('lobby', 'm2'), heard('lobby', 'm2'));
    assert.equal(unreadTotal(state), 1);
  });
});

describe('an own message', () => {
  test('waits, is sending, then sent', () => {
    assert.equal(onlySaid(inLobby(WRITTEN)).delivery, 'waiting');
    assert.equal(onlySaid(inLobby(WRITTEN, moved('sending'))).delivery, 'sending');
    assert.equal(onlySaid(inLobby(WRITTEN, moved('sending'), moved('sent'))).delivery, 'sent');
  });

  test('is shown once when its echo comes, with the broker’s time', () => {
    const said = onlySaid(inLobby(WRITTEN, moved('sending'), heard('lobby', 'm1', SELF)));
    assert.deepEqual([said.delivery, said.isOwn, said.at], ['sent', true, 2_000]);
  });

  test('stays sent when the connection goes after its echo', () => {
    assert.equal(onlySaid(inLobby(WRITTEN, moved('sending'), heard('lobby', 'm1', SELF), moved('waiting'))).delivery, 'sent');
  });

  test('fails with a reason and may wait again', () => {
    const failed: RoomsEvent = { kind: 'moved', room: 'lobby', id: 'm1', delivery: 'failed', reason: 'Disk full' };
    assert.equal(onlySaid(inLobby(WRITTEN, failed)).reason, 'Disk full');
    assert.equal(onlySaid(inLobby(WRITTEN, failed, moved('waiting'))).delivery, 'waiting');
  });

  test('counts as unsent until the broker has it', () => {
    assert.equal(unsentCount(inLobby(WRITTEN)), 1);
    assert.equal(unsentCount(inLobby(WRITTEN, moved('sending'))), 1);
    assert.equal(unsentCount(inLobby(WRITTEN, moved('sent'))), 0);
    assert.equal(waitingIn(inLobby(WRITTEN)).length, 1);
    assert.equal(waitingIn(inLobby(WRITTEN, moved('sending'))).length, 0);
  });

  test('of another tab with the same identity is own too', () => {
    assert.equal(onlySaid(inLobby(heard('lobby', 'm9', SELF))).isOwn, true);
  });
});

test('a log forgets its oldest entries beyond the cap', () => {
  const many = Array.from({ length: MAX_ENTRIES + 3 }, (_, index) => heard('lobby', `m${index}`));
  const { entries } = inLobby(...many);
  assert.equal(entries.length, MAX_ENTRIES);
  assert.equal(entries[0]?.id, 'm3');
});

test('events of a room that was left change nothing', () => {
  const state = after(JOINED);
  const events: RoomsEvent[] = [heard('b', 'm1'), { kind: 'left', room: 'b' }, { kind: 'shut', room: 'b', reason: '' }];
  for (const event of events) assert.equal(reduceRooms(state, event), state);
});
