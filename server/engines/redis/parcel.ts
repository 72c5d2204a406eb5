/** Where in the shared log something stands. */
export interface LogPlace {
  readonly generation: number;
  readonly id: string;
}

/** What one script published to one node; see `postParcels` in `scripts/common/topics.lua`. */
export interface Parcel {
  /** Of its last message: each message to this node has the next one. */
  readonly number: number;
  /** Messages in it. */
  readonly count: number;
  readonly epoch: number;
  readonly place: LogPlace;
  /** Entries one behind the other. */
  readonly entries: Buffer;
}

const TAG_BYTES = 1;

/** Reads a message of the inbox that begins with `m`. */
export function decodeParcel(octets: Buffer): Parcel {
  const idEnd = TAG_BYTES + 25 + octets[TAG_BYTES + 24]!;
  return {
    number: octets.readDoubleLE(TAG_BYTES),
    count: octets.readUInt32LE(TAG_BYTES + 20),
    epoch: octets.readDoubleLE(TAG_BYTES + 8),
    place: { generation: octets.readUInt32LE(TAG_BYTES + 16), id: octets.toString('latin1', TAG_BYTES + 25, idEnd) },
    entries: octets.subarray(idEnd),
  };
}

/** A parcel as the log has it: its number, and its entries; where they were too large to be kept, their topics, if those were. */
export interface LoggedParcel {
  readonly number: number;
  readonly entries?: readonly Buffer[];
  readonly lostTopics?: readonly string[];
}

/** `what` is `<number>:<indexes>`, with a minus before it where the octets are topics; see `scripts/heal.lua`. */
export function decodeLogged(what: string, octets: Buffer): LoggedParcel {
  const isLost = what.startsWith('-');
  const colon = what.indexOf(':');
  const number = Number(what.slice(isLost ? 1 : 0, colon));
  const all = decodeParts(octets);
  const indexes = what.slice(colon + 1);
  const own = indexes === '' ? all : indexes.split(',').map((index) => all[Number(index) - 1]!);
  if (!isLost) return { number, entries: own };
  return octets.length === 0 ? { number } : { number, lostTopics: own.map(String) };
}

/** Each has its length before it. */
function decodeParts(octets: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < octets.length; ) {
    const end = at + 4 + octets.readUInt32LE(at);
    parts.push(octets.subarray(at + 4, end));
    at = end;
  }
  return parts;
}
