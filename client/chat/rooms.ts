import type { Author } from './author.ts';
import type { Words } from './chat-body.ts';
import { addEntry, changeSaid, createRoom, type Delivery, type Room } from './room.ts';

export interface Rooms {
  readonly self: Author;
  readonly rooms: readonly Room[];
  /** The name of the room on show; '' when there is none. */
  readonly active: string;
  /** Someone looks at the room on show; otherwise its messages count as unread too. */
  readonly isWatched: boolean;
}

export type RoomsEvent =
  | { readonly kind: 'named'; readonly name: string }
  | { readonly kind: 'joined'; readonly room: string }
  | { readonly kind: 'left'; readonly room: string }
  | { readonly kind: 'selected'; readonly room: string }
  | { readonly kind: 'watched'; readonly isWatched: boolean }
  /** The subscription is in force. `awaySince`: when it last was before, 0 for the first time. */
  | { readonly kind: 'entered'; readonly room: string; readonly awaySince: number; readonly at: number; readonly text: string }
  /** The connection is gone, and every subscription with it: nobody is in any room until it is entered again. */
  | { readonly kind: 'parted' }
  | { readonly kind: 'shut'; readonly room: string; readonly reason: string }
  | { readonly kind: 'knocked'; readonly room: string }
  | { readonly kind: 'written'; readonly room: string; readonly words: Words }
  | { readonly kind: 'moved'; readonly room: string; readonly id: string; readonly delivery: Delivery; readonly reason?: string }
  | { readonly kind: 'heard'; readonly room: string; readonly words: Words; readonly at: number };

export const MAX_ROOMS = 20;

export function createRooms(self: Author): Rooms {
  return { self, rooms: [], active: '', isWatched: true };
}

export function roomNamed(state: Rooms, name: string): Room | undefined {
  return state.rooms.find((room) => room.name === name);
}

export function unreadTotal(state: Rooms): number {
  return state.rooms.reduce((total, room) => total + room.unread, 0);
}

export function reduceRooms(state: Rooms, event: RoomsEvent): Rooms {
  switch (event.kind) {
    case 'named':
      return { ...state, self: { ...state.self, name: event.name } };
    case 'joined':
      if (roomNamed(state, event.room) || state.rooms.length >= MAX_ROOMS) return state;
      return { ...state, rooms: [...state.rooms, createRoom(event.room)] };
    case 'left':
      return leave(state, event.room);
    case 'selected':
      if (!roomNamed(state, event.room) || state.active === event.room) return state;
      return read({ ...state, active: event.room });
    case 'watched':
      return state.isWatched === event.isWatched ? state : read({ ...state, isWatched: event.isWatched });
    case 'entered':
      return inRoom(state, event.room, (room) => enter(room, event));
    case 'parted':
      return state.rooms.some(isOpen) ? { ...state, rooms: state.rooms.map((room) => (isOpen(room) ? { ...room, door: 'entering' } : room)) } : state;
    case 'shut':
      return inRoom(state, event.room, (room) => ({ ...room, door: 'shut', shutReason: event.reason }));
    case 'knocked':
      return inRoom(state, event.room, (room) => ({ ...room, door: 'entering', shutReason: '' }));
    case 'written':
      return inRoom(state, event.room, (room) => write(room, event.words));
    case 'moved':
      return inRoom(state, event.room, (room) => move(room, event));
    case 'heard':
      return inRoom(state, event.room, (room) => hear(state, room, event));
  }
}

const isOpen = ({ door }: Room): boolean => door === 'open';

type Event<Kind extends RoomsEvent['kind']> = Extract<RoomsEvent, { kind: Kind }>;

function inRoom(state: Rooms, name: string, change: (room: Room) => Room): Rooms {
  const index = state.rooms.findIndex((room) => room.name === name);
  const room = state.rooms[index];
  if (room === undefined) return state;
  const changed = change(room);
  return changed === room ? state : { ...state, rooms: state.rooms.with(index, changed) };
}

function leave(state: Rooms, name: string): Rooms {
  const index = state.rooms.findIndex((room) => room.name === name);
  if (index === -1) return state;
  const rooms = state.rooms.toSpliced(index, 1);
  if (state.active !== name) return { ...state, rooms };
  const next = rooms[Math.min(index, rooms.length - 1)];
  return read({ ...state, rooms, active: next?.name ?? '' });
}

/** The room on show is read while someone looks at it. */
function read(state: Rooms): Rooms {
  if (!state.isWatched) return state;
  return inRoom(state, state.active, (room) => (room.unread === 0 ? room : { ...room, unread: 0 }));
}

/** Topics keep nothing, so a room that was out of reach says that there may be a hole. */
function enter(room: Room, event: Event<'entered'>): Room {
  const open: Room = { ...room, door: 'open', shutReason: '' };
  if (event.awaySince === 0) return open;
  return addEntry(open, { kind: 'note', id: `away-${event.at}`, text: event.text, at: event.at });
}

function write(room: Room, words: Words): Room {
  const { id, author, text, sentAt } = words;
  return addEntry(room, { kind: 'said', id, author, text, at: sentAt, isOwn: true, delivery: 'waiting' });
}

function move(room: Room, { id, delivery, reason }: Event<'moved'>): Room {
  const entry = room.entries.find((known) => known.id === id);
  // The echo may come before the receipt, and a lost receipt after the echo: sent stays sent.
  if (entry?.kind !== 'said' || entry.delivery === 'sent') return room;
  return changeSaid(room, id, reason === undefined ? { delivery } : { delivery, reason });
}

function hear(state: Rooms, room: Room, { words, at }: Event<'heard'>): Room {
  const isOwn = words.author.id === state.self.id;
  if (room.entries.some((entry) => entry.id === words.id)) {
    return isOwn ? changeSaid(room, words.id, { at, delivery: 'sent' }) : room;
  }
  const { id, author, text } = words;
  const heard = addEntry(room, { kind: 'said', id, author, text, at, isOwn, delivery: 'sent' });
  const isRead = isOwn || (state.isWatched && state.active === room.name);
  return isRead ? heard : { ...heard, unread: room.unread + 1 };
}
