/**
 * Where something lies in the journal: the number of a segment and an offset in it, packed into one number.
 *
 * A million messages at rest have a million places; as an object each would cost 40 octets more. The offset takes 28
 * bits (segments end below 256 MiB) and leaves 25 for the number of the segment: more than any disk lives to see.
 */
export type Place = number;

const OFFSETS = 2 ** 28;
/** A segment may not grow any further once it has this many octets: so its last record still begins and ends in reach. */
export const MAX_SEGMENT_BYTES = OFFSETS / 2;

export function placeAt(segment: number, offset: number): Place {
  return segment * OFFSETS + offset;
}

export function segmentOf(place: Place): number {
  return Math.floor(place / OFFSETS);
}

export function offsetOf(place: Place): number {
  return place % OFFSETS;
}
