export const MAX_ROOM_NAME_LENGTH = 32;

/** Makes a room name of what someone typed: lower case, words joined by `-`; '' when nothing usable is left. */
export function cleanRoomName(text: string): string {
  const name = text
    .normalize('NFC')
    .toLowerCase()
    .replace(/^[\s#/]+/u, '')
    .replace(/[\s.]+/gu, '-')
    // A room is one word of a topic: no dot, no wildcard, nothing a destination reads as its own.
    .replace(/[^\p{L}\p{M}\p{N}_-]/gu, '');
  return [...name].slice(0, MAX_ROOM_NAME_LENGTH).join('').replace(/^-+|-+$/gu, '');
}

export function topicOf(room: string): string {
  return `/topic/chat.${room}`;
}
