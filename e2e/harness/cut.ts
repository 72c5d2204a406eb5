/**
 * How a client's octets are spread over chunks: `whole` = one chunk a send; `bytes` = one octet each; `random` = pieces
 * of any length from a seed; `joined` = everything sent in one turn of the event loop in a single chunk, EOLs between.
 */
export const CUTS = ['whole', 'bytes', 'random', 'joined'] as const;

export type Cut = (typeof CUTS)[number];

/** Longer data than this are cut into octets only at both ends: what lies between is body. */
const FINE_BYTES = 512;
const COARSE_BYTES = 16_384;

/** Splits `data`; the pieces joined are `data` again. `cutText` keeps characters whole, as a text message must. */
export function cutInPieces(data: Buffer, cut: Cut, random: () => number, cutText: boolean): Buffer[] {
  if (cut === 'whole' || cut === 'joined') return [data];
  const pieces: Buffer[] = [];
  let from = 0;
  while (from < data.length) {
    const isEdge = from < FINE_BYTES || data.length - from <= FINE_BYTES;
    let length = isEdge ? 1 : Math.min(COARSE_BYTES, data.length - FINE_BYTES - from);
    if (cut === 'random') length = 1 + Math.floor(random() * (isEdge ? 40 : COARSE_BYTES));
    let to = Math.min(from + length, data.length);
    if (cutText) while (to < data.length && isContinuation(data[to])) to++;
    pieces.push(data.subarray(from, to));
    from = to;
  }
  return pieces;
}

function isContinuation(octet: number | undefined): boolean {
  return octet !== undefined && (octet & 0xc0) === 0x80;
}
