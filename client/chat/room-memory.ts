import type { Preferences } from './preferences.ts';
import { cleanRoomName } from './room-name.ts';
import { MAX_ROOMS, type Rooms } from './rooms.ts';

const DEFAULT_ROOMS: readonly string[] = ['lobby', 'random'];

/** The rooms one was in last time, or those everybody starts with. */
export function firstRooms(preferences: Preferences): readonly string[] {
  const names = preferences
    .read('rooms')
    .split(' ')
    .map(cleanRoomName)
    .filter((name) => name !== '');
  return names.length === 0 ? DEFAULT_ROOMS : [...new Set(names)].slice(0, MAX_ROOMS);
}

export function saveRooms(preferences: Preferences, state: Rooms): void {
  const text = state.rooms.map((room) => room.name).join(' ');
  if (preferences.read('rooms') !== text) preferences.write('rooms', text);
}

/** The room a link names, `#lobby`; '' for none. */
export function roomInHash(hash: string): string {
  try {
    return cleanRoomName(decodeURIComponent(hash));
  } catch {
    return ''; // not percent-encoded text: a link to no room
  }
}

export function hashOf(room: string): string {
  return `#${encodeURIComponent(room)}`;
}
