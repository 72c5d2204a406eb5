import type { DurableRecord, TakenRecord } from '../state/durable/durable-restore.ts';
import type { DurableSubscription } from '../state/durable/durable-subscription.ts';
import { isPulled } from '../state/durable/kept.ts';
import type { State } from '../state/state.ts';
import type { BatchWriter } from './batch-writer.ts';
import type { Journal } from './journal/journal.ts';
import type { Place } from './journal/place.ts';
import type { Stored } from './resident-messages.ts';

/** Where the last record of a subscription stands that is worth something without those before. */
interface RecordPlace {
  readonly place: Place;
  readonly bytes: number;
}

/**
 * Which record of each durable subscription is needed in the journal: its first one, or the last that has all there is to it.
 * What was written since then stands behind it, so the front of the journal can go as soon as no such record is in it.
 */
export class DurableRecords {
  readonly #places: Map<string, RecordPlace>;
  readonly #journal: Journal;
  readonly #state: State<Stored>;

  constructor(journal: Journal, state: State<Stored>, places: ReadonlyMap<string, RecordPlace>) {
    this.#journal = journal;
    this.#state = state;
    this.#places = new Map(places);
  }

  written(name: string, place: Place, bytes: number): void {
    this.gone(name);
    // It may have ended before it was written.
    if (!this.#state.durables.get(name)) return;
    this.#places.set(name, { place, bytes });
    this.#journal.count(place, bytes);
  }

  gone(name: string): void {
    const known = this.#places.get(name);
    if (!known) return;
    this.#places.delete(name);
    this.#journal.count(known.place, -known.bytes);
  }

  /** What the needed record of it counts, if it is the one at that place. */
  bytesAt(name: string, place: Place): number | undefined {
    const known = this.#places.get(name);
    return known?.place === place ? known.bytes : undefined;
  }

  /** Writes all there is to a subscription, which has to stand first in its batch; tells where in the record. */
  writeWhole(name: string, batch: BatchWriter): number {
    const subscription = this.#state.durables.get(name)!;
    return batch.subscription(name, { ...recordOf(subscription), whole: wholeOf(subscription) }).at;
  }

  /** It stands there from now on, and counts what it counted. */
  move(name: string, place: Place): void {
    const { bytes } = this.#places.get(name)!;
    this.#places.set(name, { place, bytes });
  }
}

export function recordOf({ terms, log, cursor, holders, unusedSince }: DurableSubscription<Stored>): DurableRecord {
  return { terms, epoch: log.epoch, cursor, unusedSince: holders.size > 0 ? 0 : unusedSince };
}

function wholeOf({ missed, queue }: DurableSubscription<Stored>): Required<DurableRecord>['whole'] {
  const taken: TakenRecord[] = [];
  for (const entry of queue.entries()) {
    if (isPulled(entry)) taken.push([entry.seq, entry.kept.offset, entry.missed, entry.failures, entry.recoveries, entry.terms.dueAt]);
  }
  return { missed, taken };
}
