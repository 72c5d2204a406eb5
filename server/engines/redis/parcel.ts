/** Where in the shared log something stands. */
export interface LogPlace {
  readonly generation: number;
  readonly id: string;
}

/** What one script published to one node; see `postParcels` in `scripts/common/topics.lua`. */
export interface Parcel {
  /** Counts up by one for each parcel of this node. */
  readonly number: number;
  readonly epoch: number;
  readonly place: LogPlace;
  /** Entries one behind the other. */
  readonly entries: Buffer;
}

const TAG_BYTES = 1;

/** Reads a message of the inbox that begins with `m`. */
export function decodeParcel(octets: Buffer): Parcel {
  const idEnd = TAG_BYTES + 21 + octets[TAG_BYTES + 20]!;
  return {
    number: octets.readDoubleLE(TAG_BYTES),
    epoch: octets.readDoubleLE(TAG_BYTES + 8),
    place: { generation: octets.readUInt32LE(TAG_BYTES + 16), id: octets.toString('latin1', TAG_BYTES + 21, idEnd) },
    entries: octets.subarray(idEnd),
  };
}

/** A parcel as the log has it: its number, and its entries unless they were too large to be kept. */
export interface LoggedParcel {
  readonly number: number;
  readonly entries: readonly Buffer[] | undefined;
}

/** `what` is `<number>:<indexes>`; see `scripts/heal.lua`. */
export function decodeLogged(what: string, octets: Buffer): LoggedParcel {
  const colon = what.indexOf(':');
  const number = Number(what.slice(0, colon));
  if (octets.length === 0) return { number, entries: undefined };
  const all: Buffer[] = [];
  for (let at = 0; at < octets.length; ) {
    const end = at + 4 + octets.readUInt32LE(at);
    all.push(octets.subarray(at + 4, end));
    at = end;
  }
  const indexes = what.slice(colon + 1);
  if (indexes === '') return { number, entries: all };
  return { number, entries: indexes.split(',').map((index) => all[Number(index) - 1]!) };
}
