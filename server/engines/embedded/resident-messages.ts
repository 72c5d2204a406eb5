import { OBJECT_BYTES, type Message } from '../../broker/message.ts';
import { Fifo } from '../../lib/fifo.ts';
import type { Entry } from '../state/entry.ts';
import type { Place } from './journal/place.ts';

/** A message that lies in the journal and is at hand in memory as well. */
export class Resident {
  readonly place: Place;
  readonly message: Message;

  constructor(place: Place, message: Message) {
    this.place = place;
    this.message = message;
  }
}

/** What stands for a message in an entry of a stored queue. */
export type Stored = Place | Resident;
export type StoredEntry = Entry<Stored>;

/** What has a message: an entry of a queue, of a topic's log or of a pattern's. */
export interface Holder {
  /** What the message counts in byte caps. */
  readonly bytes: number;
  content: Message | Stored;
}

/**
 * Keeps the newest messages in memory, up to a number of octets. The oldest make way: either nobody reads their queue,
 * or it is so deep that its messages are read back many at a time, at little cost each.
 *
 * Entries leave in the order they came in. One that was settled meanwhile is passed over; when such outweigh the rest,
 * they are swept out, so that one old entry at the front cannot keep a growing tail of them alive.
 */
export class ResidentMessages {
  readonly #limitBytes: number;
  #order = new Fifo<Holder>();
  #count = 0;
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Entries remembered, those settled meanwhile included. */
  get trackedCount(): number {
    return this.#order.length;
  }

  /** Puts into an entry what stands for its message from now on. */
  keep(entry: Holder, place: Place, message: Message): void {
    if (entry.bytes > this.#limitBytes) {
      entry.content = place;
      return;
    }
    entry.content = new Resident(place, message);
    this.#order.push(entry);
    this.#count++;
    this.#bytes += entry.bytes;
    while (this.#bytes > this.#limitBytes) this.#evictOldest();
    if (this.#order.length > 2 * this.#count + SWEEP_ABOVE) this.#sweep();
  }

  /** Tells an entry that its message lies elsewhere now. */
  move(entry: Holder, place: Place): void {
    const { content } = entry;
    entry.content = content instanceof Resident ? new Resident(place, content.message) : place;
  }

  /** To be called when an entry is gone for good. */
  forget(entry: Holder): void {
    const { content } = entry;
    if (content instanceof Resident) this.#reduce(entry, content);
  }

  #evictOldest(): void {
    const entry = this.#order.shift();
    if (entry === undefined) throw new Error(`expected an entry for the ${this.#bytes} octets in memory`);
    if (entry.content instanceof Resident) this.#reduce(entry, entry.content);
  }

  #reduce(entry: Holder, resident: Resident): void {
    entry.content = resident.place;
    this.#count--;
    this.#bytes -= entry.bytes;
  }

  #sweep(): void {
    const order = new Fifo<Holder>();
    for (let i = 0; i < this.#order.length; i++) {
      const entry = this.#order.at(i)!;
      if (entry.content instanceof Resident) order.push(entry);
    }
    this.#order = order;
  }
}

const SWEEP_ABOVE = 1024;

/** The place of what stands in an entry; undefined for one of a temporary queue, which has none. */
export function placeOf(content: Message | Stored): Place | undefined {
  if (typeof content === 'number') return content;
  return content instanceof Resident ? content.place : undefined;
}

/** What a record has besides the body and the headers: counters, lengths, and the texts that every message has. */
const RECORD_BYTES = 130;

/**
 * Octets of a message in the journal, about: by what it counts in byte caps, which never changes and is written down
 * with it, so that what was counted on is what is counted off.
 */
export function journalBytes({ bytes }: { readonly bytes: number }): number {
  return Math.max(RECORD_BYTES, bytes - OBJECT_BYTES + RECORD_BYTES);
}
