/**
 * Where something lies in the journal: the number of a segment and an offset in it, packed into one number.
 *
 * A million messages at rest have a million places; as an object each would cost 40 octets more. The offset takes 28
 * bits (segments end below 256 MiB) and leaves 25 for the number of the segment: more than any disk lives to see.
 */
export type Place = number;

const OFFSETS = 2 ** 28;
/** A segment with its last record may not be larger. */
export const MAX_SEGMENT_BYTES = OFFSETS;

export function placeAt(segment: number, offset: number): Place {
  return segment * OFFSETS + offset;
}

export function segmentOf(place: Place): number {
  return Math.floor(place / OFFSETS);
}

export function offsetOf(place: Place): number {
  return place % OFFSETS;
}
