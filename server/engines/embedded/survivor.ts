import { readRecordTerms } from '../../broker/message-record.ts';
import type { State } from '../state/state.ts';
import type { LogHead } from '../state/topic-logs-restore.ts';
import { useBytes } from './batch-format.ts';
import type { BatchWriter, KeptHead } from './batch-writer.ts';
import type { DurableRecords } from './durable-records.ts';
import type { Place } from './journal/place.ts';
import { journalBytes, placeOf, type Holder, type ResidentMessages, type Stored } from './resident-messages.ts';

/** Something in the front segment that is still needed: a message with its stored form, a used key, or a durable subscription. */
export interface Survivor {
  readonly place: Place;
  /** What it counts in the journal. */
  readonly bytes: number;
  /** It is where it was, and nobody has ended it meanwhile. */
  isNeeded(): boolean;
  /** Writes it once more; tells where in the record. */
  write(batch: BatchWriter): number;
  /** It is elsewhere now. */
  move(place: Place, residents: ResidentMessages): void;
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
  return messageSurvivor(holder, place, () => state.find(queue, seq) === holder, (batch) => {
    const at = batch.putStored(queue, holder, record);
    const { dueAt } = holder.terms;
    if (dueAt !== 0 && dueAt !== readRecordTerms(record, 0)?.dueAt) batch.postpone(queue, seq, dueAt);
    return at;
  });
}

/** The same for a message of a topic's log; it is written with the bounds the log has by then. */
export function loggedSurvivor(state: State<Stored>, head: LogHead, offset: number, place: Place, spot: Spot): Survivor | undefined {
  const log = state.logs.get(head.topic);
  const holder = log?.epoch === head.epoch ? log.get(offset) : undefined;
  if (log === undefined || holder === undefined || placeOf(holder.content) !== place) return undefined;
  const record = recordAt(spot);
  return messageSurvivor(holder, place, () => state.logs.get(head.topic) === log && log.get(offset) === holder, (batch) => batch.logPutStored(log, holder, record));
}

/** The use of a key that was noted at a place. One that is over is needed for as long as it is counted. */
export function usedSurvivor({ repeats }: State<Stored>, key: string, place: Place): Survivor | undefined {
  const used = repeats.get(key);
  if (used?.note !== place) return undefined;
  return {
    place,
    bytes: useBytes(key),
    isNeeded: () => used.note === place && repeats.get(key) === used,
    write: (batch) => batch.use(key, used.expiresAt),
    move: (to) => {
      used.note = to;
    },
  };
}

/** The same for what is kept for the durable subscriptions of a pattern. */
export function keptSurvivor(state: State<Stored>, head: KeptHead, offset: number, place: Place, spot: Spot): Survivor | undefined {
  const log = state.durables.logOf(head.pattern);
  const holder = log?.epoch === head.epoch ? log.get(offset) : undefined;
  if (log === undefined || holder === undefined || placeOf(holder.content) !== place) return undefined;
  const record = recordAt(spot);
  return messageSurvivor(holder, place, () => state.durables.logOf(head.pattern) === log && log.get(offset) === holder, (batch) => batch.keptPutStored(log, holder, record));
}

/** The record of a durable subscription; it is written as a whole. */
export function recordSurvivor(records: DurableRecords, name: string, place: Place): Survivor | undefined {
  const bytes = records.bytesAt(name, place);
  if (bytes === undefined) return undefined;
  return {
    place,
    bytes,
    isNeeded: () => records.bytesAt(name, place) !== undefined,
    write: (batch) => records.writeWhole(name, batch),
    move: (to) => {
      records.move(name, to);
    },
  };
}

/** A message, whoever holds it; `isHeld` tells whether that one still does. */
function messageSurvivor(holder: Holder, place: Place, isHeld: () => boolean, write: Survivor['write']): Survivor {
  return {
    place,
    bytes: journalBytes(holder),
    isNeeded: () => placeOf(holder.content) === place && isHeld(),
    write,
    move: (to, residents) => residents.move(holder, to),
  };
}

const recordAt = ({ payload, at }: Spot): Buffer => payload.subarray(at + 4, at + 4 + payload.readUInt32LE(at));
