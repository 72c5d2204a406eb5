import { readRecordTerms } from '../../broker/message-record.ts';
import { Entry } from '../state/entry.ts';
import type { State } from '../state/state.ts';
import { PLAIN_TERMS, termsOf, type Terms } from '../state/terms.ts';
import type { DurableRecord, TakenRecord } from '../state/durable/durable-restore.ts';
import { Kept } from '../state/durable/kept.ts';
import { Logged } from '../state/topic-log.ts';
import type { LogHead } from '../state/topic-logs-restore.ts';
import { BATCH, useBytes } from './batch-format.ts';
import { readBatch, type EffectReader } from './batch-reader.ts';
import type { KeptHead, LogStanding, Standing } from './batch-writer.ts';
import { placeAt, segmentOf, type Place } from './journal/place.ts';
import { journalBytes, placeOf, type Holder, type Stored, type StoredEntry } from './resident-messages.ts';
import type { Segment } from './journal/segment.ts';

/** Brings the state back by reading the journal from its front, and counts what each segment is still needed for. */
export class Recovery implements EffectReader {
  readonly #state: State<Stored>;
  readonly #segments = new Map<number, Segment>();
  /** The segment in hand, and where in it the payload of the record in hand starts. */
  #segment: Segment | undefined;
  #start = 0;
  #payload: Buffer = NO_PAYLOAD;
  /** The needed record of each durable subscription. */
  readonly recordPlaces = new Map<string, { readonly place: Place; readonly bytes: number }>();

  /** Dropped at the end: they had been in flight, and something newer with their key is there. To be noted. */
  replaced: readonly { readonly queue: string; readonly seq: number }[] = [];

  constructor(state: State<Stored>) {
    this.#state = state;
    state.logs.onForget = (entry) => this.#uncount(entry);
    state.repeats.onForget = ({ key, note }) => this.#uncountAt(note, useBytes(key));
    state.durables.onForget = (kept) => this.#uncount(kept);
  }

  read(segment: Segment, type: number, payload: Buffer, payloadOffset: number): void {
    if (type !== BATCH)
      throw new Error(
        `segment ${segment.number}: expected a record of type ${BATCH}, got ${type}: a later release wrote it?`,
      );
    if (segment !== this.#segment) this.#segments.set(segment.number, segment);
    this.#segment = segment;
    this.#start = payloadOffset;
    this.#payload = payload;
    this.#state.restore.lastSeq(readBatch(payload, this));
  }

  put(queue: string, standing: Standing, at: number): void {
    const { seq, bytes, failures, recoveries } = standing;
    const segment = this.#segment!;
    const place = placeAt(segment.number, this.#start + at);
    segment.liveBytes += journalBytes(standing);
    // Numbers grow, so only one that was given out before can be there already.
    const known = seq > this.#state.lastSeq ? undefined : this.#state.find(queue, seq);
    if (!known) {
      this.#state.restore.put(queue, new Entry<Stored>(seq, bytes, place, this.#termsAt(at), failures, recoveries));
      return;
    }
    this.#uncount(known);
    known.content = place;
    known.failures = failures;
    known.recoveries = recoveries;
  }

  drop(queue: string, seq: number): void {
    const entry = this.#state.find(queue, seq);
    if (!entry) {
      this.#state.durables.restore.drop(queue, seq);
      return;
    }
    this.#uncount(entry);
    this.#state.restore.drop(queue, seq);
  }

  count(queue: string, seq: number, failures: number, recoveries: number): void {
    const entry = this.#state.find(queue, seq);
    if (!entry) {
      this.#state.durables.restore.count(queue, seq, failures, recoveries);
      return;
    }
    entry.failures = failures;
    entry.recoveries = recoveries;
  }

  postpone(queue: string, seq: number, dueAt: number): void {
    const entry = this.#state.find(queue, seq);
    if (entry) this.#state.restore.giveBack(queue, seq, entry.failures, entry.recoveries, dueAt);
    else this.#state.durables.restore.postpone(queue, seq, dueAt);
  }

  dropQueue(queue: string): void {
    this.#state.durables.restore.remove(queue);
    this.#uncountRecord(queue);
    for (const entry of this.#state.restore.dropQueue(queue)?.entries() ?? []) this.#uncount(entry);
  }

  logPut(log: LogHead, standing: LogStanding, at: number): void {
    const segment = this.#segment!;
    const place = placeAt(segment.number, this.#start + at);
    segment.liveBytes += journalBytes(standing);
    const { restore } = this.#state.logs;
    const known = restore.find(log, standing.offset);
    if (known) {
      this.#uncount(known);
      known.content = place;
    } else {
      restore.put(log, new Logged<Stored>(standing.at, standing.bytes, place, standing.offset));
    }
  }

  use(key: string, expiresAt: number, at: number): void {
    const segment = this.#segment!;
    const place = placeAt(segment.number, this.#start + at);
    if (this.#state.repeats.adopt(key, expiresAt, place)) segment.liveBytes += useBytes(key);
  }

  subscription(queue: string, record: DurableRecord, at: number, bytes: number): void {
    if (!this.#state.durables.restore.subscription(queue, record)) return;
    this.#uncountRecord(queue);
    const segment = this.#segment!;
    segment.liveBytes += bytes;
    this.recordPlaces.set(queue, { place: placeAt(segment.number, this.#start + at), bytes });
  }

  pull(queue: string, cursor: number, missed: number, taken: readonly TakenRecord[]): void {
    this.#state.durables.restore.pull(queue, cursor, missed, taken);
  }

  keptPut({ pattern, epoch }: KeptHead, { offset, at: loggedAt, bytes }: LogStanding, at: number): void {
    const segment = this.#segment!;
    const place = placeAt(segment.number, this.#start + at);
    segment.liveBytes += journalBytes({ bytes });
    const { restore } = this.#state.durables;
    const known = restore.find(pattern, epoch, offset);
    if (known) {
      this.#uncount(known);
      known.content = place;
      return;
    }
    const kept = new Kept<Stored>(loggedAt, bytes, this.#termsAt(at), place);
    kept.offset = offset;
    restore.keep(pattern, epoch, kept);
  }

  /** Everything was read. */
  finish(): void {
    this.#state.durables.restore.finish();
    this.#state.restore.straighten();
    this.replaced = [...this.#state.restore.replaced()].map(({ queue, entry }) => ({ queue, seq: entry.seq }));
    for (const { queue, seq } of this.replaced) this.drop(queue, seq);
    this.#state.logs.restore.finish();
  }

  suspectAll(): void {
    suspectAll(this.#state);
    this.#state.durables.restore.suspectAll();
  }

  #termsAt(at: number): Terms {
    const given = readRecordTerms(this.#payload, at + 4);
    return given ? termsOf(given) : PLAIN_TERMS;
  }

  #uncountRecord(name: string): void {
    const known = this.recordPlaces.get(name);
    const segment = known && this.#segments.get(segmentOf(known.place));
    if (segment) segment.liveBytes -= known.bytes;
    this.recordPlaces.delete(name);
  }

  #uncount(holder: Holder): void {
    this.#uncountAt(holder.content, journalBytes(holder));
  }

  #uncountAt(content: Holder['content'] | undefined, bytes: number): void {
    const place = content === undefined ? undefined : placeOf(content);
    const segment = place === undefined ? undefined : this.#segments.get(segmentOf(place));
    if (segment) segment.liveBytes -= bytes;
  }
}

const NO_PAYLOAD = Buffer.alloc(0);

/** Nobody knows which of them were in flight: each may have been delivered. Not a count, or power cuts would add up. */
export function suspectAll(state: State<Stored>): void {
  for (const { entry } of entries(state)) entry.recoveries = Math.max(1, entry.recoveries);
}

/** Counts one more recovery for the messages that were in flight, and returns them. */
export function recoverHeld(state: State<Stored>, held: ReadonlySet<number>): { queue: string; entry: StoredEntry }[] {
  if (held.size === 0) return [];
  const recovered: { queue: string; entry: StoredEntry }[] = [];
  for (const found of entries(state)) {
    if (!held.has(found.entry.seq)) continue;
    found.entry.recoveries++;
    recovered.push(found);
  }
  return recovered;
}

function* entries(state: State<Stored>): Iterable<{ queue: string; entry: StoredEntry }> {
  for (const queue of state.known()) {
    for (const entry of queue.entries()) yield { queue: queue.name, entry };
  }
}
