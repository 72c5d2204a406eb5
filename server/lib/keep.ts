/**
 * Copies of octets that will be kept for a while: bodies of queued messages.
 *
 * Node's own pool would hand out slices of 8 KiB blocks that frames on their way to sockets share, and one kept slice
 * keeps its whole block: a queue of small messages was seen to take 5 KiB each. So kept octets have blocks of their own
 * when they are small, where neighbours come and go together, and memory of their own when they are not.
 */
export function keepOctets(octets: Buffer): Buffer {
  const { length } = octets;
  if (length === 0) return NOTHING;
  if (length > SMALL_BYTES) {
    const own = Buffer.allocUnsafeSlow(length);
    octets.copy(own);
    return own;
  }
  if (used + length > BLOCK_BYTES) {
    block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    used = 0;
  }
  const kept = block.subarray(used, used + length);
  octets.copy(kept);
  used += length;
  return kept;
}

const NOTHING = Buffer.alloc(0);
const SMALL_BYTES = 512;
const BLOCK_BYTES = 8 * 1024;

let block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
let used = 0;
