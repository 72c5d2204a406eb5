import type { Author } from './author.ts';

/** One line of a room's log. */
export type Entry = Said | Note;

export interface Said {
  readonly kind: 'said';
  readonly id: string;
  readonly author: Author;
  readonly text: string;
  /** Ms since the epoch: the broker's time once known. */
  readonly at: number;
  readonly isOwn: boolean;
  readonly delivery: Delivery;
  /** Why it failed. */
  readonly reason?: string;
}

/**
 * How far an own message got: `waiting` for a connection, `sending` until the broker answers, then `sent` or `failed`.
 * What others said is always `sent`.
 */
export type Delivery = 'waiting' | 'sending' | 'sent' | 'failed';

/** A remark of the page itself. */
export interface Note {
  readonly kind: 'note';
  readonly id: string;
  readonly text: string;
  readonly at: number;
}

export interface Room {
  readonly name: string;
  readonly entries: readonly Entry[];
  readonly unread: number;
  /** `open` while the subscription is in force, and only then; `entering` until the broker confirms it; `shut` when it refuses it. */
  readonly door: 'entering' | 'open' | 'shut';
  readonly shutReason: string;
}

export const MAX_ENTRIES = 300;
/** Own messages that wait for a connection, per room. */
export const MAX_UNSENT = 50;

export function createRoom(name: string): Room {
  return { name, entries: [], unread: 0, door: 'entering', shutReason: '' };
}

/** Adds an entry at the end; the oldest go beyond the cap. An id already there is the same message again: nothing. */
export function addEntry(room: Room, entry: Entry): Room {
  if (room.entries.some((known) => known.id === entry.id)) return room;
  return { ...room, entries: [...room.entries, entry].slice(-MAX_ENTRIES) };
}

/** Changes what is known of a message; an id that is gone is fine. */
export function changeSaid(room: Room, id: string, change: Partial<Pick<Said, 'at' | 'delivery' | 'reason'>>): Room {
  const index = room.entries.findIndex((entry) => entry.id === id);
  const entry = room.entries[index];
  if (entry?.kind !== 'said') return room;
  return { ...room, entries: room.entries.with(index, { ...entry, ...change }) };
}

/** What has to go out, oldest first. */
export function waitingIn(room: Room): Said[] {
  return room.entries.filter((entry): entry is Said => entry.kind === 'said' && entry.delivery === 'waiting');
}

export function unsentCount(room: Room): number {
  return room.entries.filter((entry) => entry.kind === 'said' && (entry.delivery === 'waiting' || entry.delivery === 'sending')).length;
}
