const SLOT_COUNT = 16_384;

/** CRC-16/XMODEM, as the specification of Redis Cluster names it: polynomial 0x1021, from 0, nothing reflected. */
function crc16(octets: Uint8Array): number {
  let crc = 0;
  for (const octet of octets) {
    crc ^= octet << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  }
  return crc & 0xffff;
}

/** What of a key counts for its slot: the first `{…}` that is not empty, else all of it. */
export function hashTag(key: string): string {
  const open = key.indexOf('{');
  const close = open === -1 ? -1 : key.indexOf('}', open + 1);
  return close > open + 1 ? key.slice(open + 1, close) : key;
}

export function hashSlot(key: string): number {
  return crc16(Buffer.from(hashTag(key))) % SLOT_COUNT;
}
