import type { ConsumerWant } from '../../broker/engine.ts';
import type { Message } from '../../broker/message.ts';
import { Turns } from '../turns.ts';
import { NOBODY, PARKED_BITE, type Taken, type TakenEntry } from './claim.ts';
import type { Entry } from './entry.ts';
import type { Queue } from './queue.ts';
import { SelectorViews, type Glance, type SelectorView } from './selector-view.ts';

/** Messages that all selectors of a claim together look at before it ends, and one of very many at the least. */
const LOOKS = 2048;
const LEAST_LOOKS = 16;
/** Read at once at most. */
const BITE = 512;
const BITE_BYTES = 1024 * 1024;

/** One selector in a claim. */
interface Looker<Stored> extends Glance<Stored> {
  readonly view: SelectorView<Stored>;
  readonly wants: number[];
  /** The first entry that it matches, as long as nobody took it. */
  found: Entry<Stored> | undefined;
  /** It has to read, or has looked at enough for this time. */
  state: 'looking' | 'unread' | 'tired';
}

/**
 * A claim in which a want has a selector: as `serveInTurn`, but what no want has use for stays where it is, and is passed
 * over. As long as a want without a selector has credit, that is nothing; then each selector goes on from where it was.
 *
 * Messages that are not at hand have to be read before a selector can be asked about them: `goOn` ends with those in `unread`,
 * and is called again when they were told by `learn`. What was taken until then is held.
 */
export class SelectiveClaim<Stored> implements Taken<Stored> {
  readonly entries: TakenEntry<Stored>[] = [];
  hasMore = false;
  /** What selectors wait for, in bounded bites. */
  unread: readonly Entry<Stored>[] = [];
  readonly #queue: Queue<Stored> | undefined;
  readonly #wants: readonly ConsumerWant[];
  readonly #turns: Turns;
  #parked = 0;
  /** Something was parked for a consumer that is not among those who claim. */
  #isOwnerAway = false;
  readonly #atHand: (content: Message | Stored) => Message | undefined;
  readonly #maxBytes: number;
  #isPatient = true;
  #room = Infinity;
  /** Wants without a selector. */
  readonly #plain: number[] = [];
  readonly #lookers: Looker<Stored>[] = [];
  /** By want. */
  readonly #lookerOf: (Looker<Stored> | undefined)[] = [];
  readonly #learnt = new Map<Entry<Stored>, Message>();

  constructor(
    queue: Queue<Stored> | undefined,
    wants: readonly ConsumerWant[],
    maxBytes: number,
    atHand: (content: Message | Stored) => Message | undefined,
  ) {
    this.#queue = queue;
    this.#turns = new Turns(wants);
    this.#wants = wants;
    this.#maxBytes = maxBytes;
    this.#atHand = atHand;
    if (queue) for (const [want, { selector }] of wants.entries()) this.#seat(queue, want, selector);
  }

  /** Selectors have more to look at: whoever claimed should come again, after others had their turn. */
  get isUnfinished(): boolean {
    return this.#lookers.some((looker) => looker.state !== 'looking' && this.#hasCredit(looker.wants));
  }

  /** The message of an entry, if it is known by now. */
  readonly messageOf = (entry: Entry<Stored>): Message | undefined => this.#learnt.get(entry) ?? this.#atHand(entry.content);

  learn(entries: readonly Entry<Stored>[], messages: readonly Message[]): void {
    for (const [i, entry] of entries.entries()) this.#learnt.set(entry, messages[i]!);
  }

  /** `isLast`: nothing will be read any more, so what is known is taken, though something before it may be somebody's. */
  goOn(isLast = false): void {
    const queue = this.#queue;
    this.#isPatient = !isLast;
    this.unread = [];
    this.hasMore = false;
    const looks = Math.max(LEAST_LOOKS, Math.floor(LOOKS / this.#lookers.length));
    for (const looker of this.#lookers) Object.assign(looker, { found: undefined, state: 'looking', looks });
    if (!queue || queue.isDropped) return;
    queue.openFor(this.#plain.map((want) => this.#wants[want]!));
    for (let entry = this.#next(queue); entry && this.#turns.left > 0; entry = this.#next(queue)) {
      if (entry.bytes > this.#room) {
        this.hasMore = true;
        return;
      }
      this.#take(queue, entry);
      if (this.hasMore) return;
    }
    if (this.unread.length === 0) this.unread = this.#ahead(queue);
    this.hasMore ||= this.#isOwnerAway;
  }

  #seat(queue: Queue<Stored>, want: number, selector: ConsumerWant['selector']): void {
    if (!selector) {
      this.#plain.push(want);
      return;
    }
    queue.ready.views ??= new SelectorViews();
    const view = queue.ready.views.of(selector);
    let looker = this.#lookers.find((each) => each.view === view);
    if (!looker) this.#lookers.push((looker = { view, wants: [], found: undefined, state: 'looking', looks: 0, messageOf: this.messageOf, overlooked: (entry) => { queue.overlooked(entry); } }));
    looker.wants.push(want);
    this.#lookerOf[want] = looker;
  }

  #take(queue: Queue<Stored>, entry: Entry<Stored>): void {
    const isGrouped = entry.terms.group !== '' && this.#hasCredit(this.#plain);
    const want = isGrouped ? this.#wantOfGroup(queue, entry) : this.#turns.nextFor((each) => this.#accepts(each, entry));
    if (want === NOBODY) {
      queue.park(entry);
      if (++this.#parked === PARKED_BITE) this.hasMore = true;
      return;
    }
    this.entries.push({ entry, want, isFirstOfGroup: queue.hold(entry, this.#wants[want]!.consumer ?? '') });
    this.#room = (this.entries.length === 1 ? this.#maxBytes : this.#room) - entry.bytes;
    for (const looker of this.#lookers) if (looker.found === entry) looker.found = undefined;
  }

  /** As long as there are wants without selectors, their groups are kept. */
  #wantOfGroup(queue: Queue<Stored>, entry: Entry<Stored>): number {
    const taker = queue.takerOf(entry);
    if (taker.kind === 'nobody') return NOBODY;
    const isPlain = (want: number): boolean => this.#lookerOf[want] === undefined;
    if (taker.kind === 'anyone') return this.#turns.nextFor(isPlain);
    const isOwners = this.#plain.some((want) => (this.#wants[want]!.consumer ?? '') === taker.consumer);
    this.#isOwnerAway ||= !this.#wants.some(({ consumer = '' }) => consumer === taker.consumer);
    return isOwners ? this.#turns.serveConsumer(taker.consumer) : NOBODY;
  }

  /** The first entry that somebody takes, as far as that is known without reading. */
  #next(queue: Queue<Stored>): Entry<Stored> | undefined {
    if (!this.#hasCredit(this.#plain)) return this.#nextFound(queue);
    const first = queue.first();
    if (!first || this.messageOf(first) || !this.#lookers.some(({ wants }) => this.#hasCredit(wants))) return first;
    this.unread = this.#bite(queue.ready.list(0, Math.min(BITE, this.#turns.left)));
    for (const looker of this.#lookers) looker.state = 'unread';
    return undefined;
  }

  #nextFound(queue: Queue<Stored>): Entry<Stored> | undefined {
    let next: Entry<Stored> | undefined;
    for (const looker of this.#lookers) {
      if (looker.state !== 'looking' || !this.#hasCredit(looker.wants)) continue;
      looker.found ??= this.#find(queue, looker);
      if (looker.found && (!next || isBefore(looker.found, next))) next = looker.found;
    }
    if (this.#isPatient && this.#lookers.some(({ state, wants }) => state === 'unread' && this.#hasCredit(wants))) return undefined;
    return next;
  }

  #find({ ready }: Queue<Stored>, looker: Looker<Stored>): Entry<Stored> | undefined {
    const found = looker.view.find(ready, looker);
    if (found !== 'unread' && found !== 'tired') return found;
    looker.state = found;
    return undefined;
  }

  #accepts(want: number, entry: Entry<Stored>): boolean {
    const looker = this.#lookerOf[want];
    if (!looker || looker.found === entry) return true;
    return looker.view.selector.matches(this.messageOf(entry)!);
  }

  /** What the selectors that have to read come to next. */
  #ahead({ ready }: Queue<Stored>): Entry<Stored>[] {
    const waiting = this.#lookers.filter(({ state, wants }) => state === 'unread' && this.#hasCredit(wants));
    const share = Math.max(1, Math.floor(BITE / waiting.length));
    const ahead = waiting.flatMap(({ view }) => view.ahead(ready, share, (entry) => !this.messageOf(entry)));
    return this.#bite([...new Set(ahead)]);
  }

  /** Those of them that have to be read, no more than a bite. */
  #bite(entries: readonly Entry<Stored>[]): Entry<Stored>[] {
    const bite: Entry<Stored>[] = [];
    let bytes = 0;
    for (const entry of entries) {
      if (this.messageOf(entry)) continue;
      bytes += entry.bytes;
      if (bite.length > 0 && (bytes > BITE_BYTES || bite.length >= BITE)) break;
      bite.push(entry);
    }
    return bite;
  }

  #hasCredit(wants: readonly number[]): boolean {
    return wants.some((want) => this.#turns.creditOf(want) > 0);
  }
}

const isBefore = <Stored>(one: Entry<Stored>, other: Entry<Stored>): boolean => {
  const [priority, otherPriority] = [one.terms.priority, other.terms.priority];
  return priority === otherPriority ? one.seq < other.seq : priority > otherPriority;
};
