import type { State } from '../state/state.ts';
import type { LogHead } from '../state/topic-logs-restore.ts';
import type { BatchWriter } from './batch-writer.ts';
import type { Place } from './journal/place.ts';
import { placeOf, type Holder, type Stored } from './resident-messages.ts';

/** A message in the front segment that is still needed, with its stored form. */
export interface Survivor {
  readonly holder: Holder;
  readonly place: Place;
  /** It is where it was, and nobody has ended it meanwhile. */
  isNeeded(): boolean;
  /** Writes it once more; tells where in the record. */
  write(batch: BatchWriter): number;
}

/** Where in a batch a message stands: its length, then its record. */
export interface Spot {
  readonly payload: Buffer;
  readonly at: number;
}

/** The message of a queue that stands at a place; undefined if it is not needed there. */
export function queuedSurvivor(state: State<Stored>, queue: string, seq: number, place: Place, spot: Spot): Survivor | undefined {
  const holder = state.find(queue, seq);
  if (holder === undefined || placeOf(holder.content) !== place) return undefined;
  const record = recordAt(spot);
  return {
    holder,
    place,
    isNeeded: () => placeOf(holder.content) === place && state.find(queue, seq) === holder,
    write: (batch) => batch.putStored(queue, holder, record),
  };
}

/** The same for a message of a topic's log; it is written with the bounds the log has by then. */
export function loggedSurvivor(state: State<Stored>, head: LogHead, offset: number, place: Place, spot: Spot): Survivor | undefined {
  const log = state.logs.get(head.topic);
  const holder = log?.epoch === head.epoch ? log.get(offset) : undefined;
  if (log === undefined || holder === undefined || placeOf(holder.content) !== place) return undefined;
  const record = recordAt(spot);
  return {
    holder,
    place,
    isNeeded: () => placeOf(holder.content) === place && state.logs.get(head.topic) === log && log.get(offset) === holder,
    write: (batch) => batch.logPutStored(log, holder, record),
  };
}

const recordAt = ({ payload, at }: Spot): Buffer => payload.subarray(at + 4, at + 4 + payload.readUInt32LE(at));
