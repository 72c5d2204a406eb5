import type { LogPosition } from '../../broker/engine.ts';
import type { Message } from '../../broker/message.ts';
import type { Keys } from './keys.ts';
import type { Link } from './link/link.ts';
import type { Membership } from './membership.ts';
import { decodeLogged, decodeParcel, type LoggedParcel, type LogPlace, type Parcel } from './parcel.ts';
import { listOf, numberOf, octetsOf, textOf } from './reply.ts';
import { call, SCRIPTS } from './scripts.ts';
import { decodeEntries } from './stored-message.ts';

export interface InboxParts {
  readonly keys: Keys;
  readonly link: Pick<Link, 'isUp' | 'run'>;
  readonly membership: Pick<Membership, 'node' | 'isMember'>;
  readonly onMessage: (topic: string, message: Message, position: LogPosition | undefined) => void;
  /** So many messages of topics that match are lost; 0 = nobody knows how many, or whether. */
  readonly onGap: (pattern: string, count: number) => void;
}

/** A parcel that the store speaks of is on its way for so long before it is missed. */
const GRACE_MS = 250;
/** What is missing may be of any. */
const ANY_TOPIC = '#';
/** Parcels kept while a hole is healed, and their octets; beyond that they are read from the log as well. */
const MAX_KEPT = 4096;
const MAX_KEPT_BYTES = 8 * 1024 * 1024;

/**
 * The parcels of topic messages for this node, handed up in the order of their messages' numbers.
 *
 *     steady --a parcel of a later number than the next, or a later number heard of--> healing --read from the log--> steady
 *                                                                                        |  ^
 *                                                           the log cannot be read now   v  |   `resume`, a beat
 *                                                                                        stuck
 *
 * Unless steady, what arrives is kept. What the log does not have either is lost, and announced as a gap; so is, since
 * nobody can know, whatever may have been under way when the store's epoch changed, or when this node was taken for dead.
 */
export class Inbox {
  readonly #parts: InboxParts;
  #state: 'steady' | 'healing' | 'stuck' = 'steady';
  #epoch = 0;
  /** Counts the inboxes this one was: what was asked about an earlier one is no answer. */
  #life = 0;
  #last = 0;
  #place: LogPlace = { generation: 1, id: '0-0' };
  #kept: Parcel[] = [];
  #keptBytes = 0;
  #healAgain = false;
  #missed: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(parts: InboxParts) {
    this.#parts = parts;
  }

  /**
   * A new inbox, or (`keeps`) one whose numbers began anew with the epoch, of which parcels may have come already. The log
   * is read from that place on.
   */
  reset(epoch: number, place: LogPlace, keeps: boolean): void {
    const wasInUse = this.#life > 0;
    this.#life++;
    this.#epoch = epoch;
    this.#last = 0;
    this.#place = place;
    for (const parcel of this.#takeAllKept()) if (keeps && parcel.epoch === epoch) this.#keep(parcel);
    if (wasInUse) this.#parts.onGap(ANY_TOPIC, 0);
    this.heal();
  }

  /** A message of the channel that begins with `m`. */
  receive(octets: Buffer): void {
    const parcel = decodeParcel(octets);
    // Of a new epoch, of which the other connection will soon be told.
    if (parcel.epoch !== this.#epoch || this.#state !== 'steady') this.#keep(parcel);
    else this.#take(parcel);
  }

  /** The store says how far this inbox is, and where its log ends. */
  heard(epoch: number, last: number, place: LogPlace): void {
    this.resume();
    if (epoch !== this.#epoch) return;
    if (last === this.#last) this.#place = place;
    else if (last > this.#last && !this.#missed) {
      this.#missed = setTimeout(() => {
        this.#missed = undefined;
        if (this.#last < last && epoch === this.#epoch) this.heal();
      }, GRACE_MS);
    }
  }

  /** Reads on from the log: something is missing, or may be. */
  heal(): void {
    if (this.#isClosed || this.#life === 0) return;
    this.#healAgain = true;
    if (this.#state === 'healing') return;
    this.#state = 'healing';
    void this.#heal();
  }

  /** The log can perhaps be read again. */
  resume(): void {
    if (this.#state === 'stuck') this.heal();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#missed);
    this.#takeAllKept();
  }

  #keep(parcel: Parcel): void {
    if (this.#kept.length < MAX_KEPT && this.#keptBytes < MAX_KEPT_BYTES) {
      this.#kept.push(parcel);
      this.#keptBytes += parcel.entries.length;
    } else {
      this.#healAgain = true;
    }
  }

  #takeAllKept(): Parcel[] {
    const kept = this.#kept;
    this.#kept = [];
    this.#keptBytes = 0;
    return kept;
  }

  #take(parcel: Parcel): void {
    if (parcel.number <= this.#last) return;
    if (this.#lostBefore(parcel) > 0) {
      this.#keep(parcel);
      this.heal();
      return;
    }
    this.#last = parcel.number;
    this.#place = parcel.place;
    this.#handUp(parcel.entries);
  }

  async #heal(): Promise<void> {
    while (this.#healAgain && !this.#isClosed) {
      this.#healAgain = false;
      // What stood in the log by then is all there; what was kept later can still be missing something.
      const upTo = this.#kept.length;
      const life = this.#life;
      const isRead = await this.#readLog(life);
      if (life !== this.#life) continue;
      if (!isRead) {
        this.#state = 'stuck';
        return;
      }
      this.#takeKept(upTo);
    }
    this.#state = 'steady';
  }

  /** False if the log cannot be read now. */
  async #readLog(life: number): Promise<boolean> {
    const { keys, link, membership } = this.#parts;
    for (;;) {
      if (!link.isUp || !membership.isMember) return false;
      const { generation, id } = this.#place;
      try {
        const reply = listOf(await call(link, keys, SCRIPTS.heal, { node: membership.node, generation, id }));
        if (life !== this.#life || this.#isClosed) return true;
        for (let i = 3; i < reply.length; i += 2) this.#takeLogged(decodeLogged(textOf(reply[i]), octetsOf(reply[i + 1])));
        this.#place = { generation: numberOf(reply[0]), id: textOf(reply[1]) };
        if (reply[2] !== 1) return true;
      } catch {
        return false;
      }
    }
  }

  #takeLogged({ number, entries, lostTopics }: LoggedParcel): void {
    if (number <= this.#last) return;
    const lost = this.#lostBefore({ number, count: (entries ?? lostTopics)?.length ?? 0 });
    this.#last = number;
    if (lost > 0) this.#parts.onGap(ANY_TOPIC, lost);
    for (const [topic, count] of countEach(lostTopics ?? [])) this.#parts.onGap(topic, count);
    for (const entry of entries ?? []) this.#handUp(entry);
  }

  /** Messages between the last one and the first of a parcel. */
  #lostBefore({ number, count }: Pick<Parcel, 'number' | 'count'>): number {
    return number - count - this.#last;
  }

  /** Kept parcels, of which the first `certain` arrived before the log was read: a hole before those is there for good. */
  #takeKept(certain: number): void {
    for (const [i, parcel] of this.#takeAllKept().entries()) {
      if (parcel.epoch !== this.#epoch || (this.#lostBefore(parcel) > 0 && i >= certain)) {
        this.#keep(parcel);
        if (parcel.epoch === this.#epoch) this.#healAgain = true;
        continue;
      }
      if (parcel.number <= this.#last) continue;
      const lost = this.#lostBefore(parcel);
      if (lost > 0) this.#parts.onGap(ANY_TOPIC, lost);
      this.#last = parcel.number;
      this.#place = parcel.place;
      this.#handUp(parcel.entries);
    }
  }

  #handUp(entries: Buffer): void {
    for (const { topic, message, position } of decodeEntries(entries)) this.#parts.onMessage(topic, message, position);
  }
}

function countEach(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
