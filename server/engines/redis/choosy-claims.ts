import type { ConsumerWant } from '../../broker/engine.ts';
import { messageBytes, type Message } from '../../broker/message.ts';
import { ChoosyQueue, type View } from './choosy-queue.ts';
import type { Keys } from './keys.ts';
import type { Link } from './link/link.ts';
import type { Membership } from './membership.ts';
import { readShown, type Page } from './page.ts';
import { listOf, textOf } from './reply.ts';
import { call, SCRIPTS } from './scripts.ts';

export interface ChoosyClaimsParts {
  readonly keys: Keys;
  readonly link: Link;
  readonly membership: Membership;
  /** The queue may have something to claim. */
  readonly onReady: (queue: string) => void;
  /** Something in the queue is due then. */
  readonly onDue: (queue: string, ms: number) => void;
}

/** A message that a selector chose, to be taken. */
export interface Chosen {
  readonly seq: number;
  readonly message: Message;
  readonly want: number;
}

/** Whose turn it is among the wants of a claim. */
export interface Dealer {
  creditOf(want: number): number;
  /** The want that gets the message, whose credit is one less from now on; there has to be one. */
  deal(accepts: (want: number) => boolean): number;
}

/** Pages that one claim reads, and numbers of messages in one. */
const MAX_PAGES = 8;
const MIN_PAGE = 64;
const MAX_PAGE = 512;
const MAX_PAGE_BYTES = 512 * 1024;

/** One selector in a claim. */
interface Looker {
  readonly view: View;
  readonly wants: number[];
  /** What it matches of what it has looked at, in order. */
  found: Candidate[];
  isAtEnd: boolean;
  /** Something came back before what it found. */
  isBehind: boolean;
}

interface Candidate {
  readonly seq: number;
  readonly message: Message;
}

/**
 * What consumers with selectors claim. The store shows this node a queue by pages (`show.lua`), each from where its selectors
 * have looked; what they choose is taken by its number (`take.lua`), if it is still at rest. From the first page on the node
 * is *choosy* there: the store tells it of whatever comes to rest, and of the numbers of what came back, which is looked at
 * again.
 *
 * Pages of a claim are bounded; one that has more to look through asks to come again.
 */
export class ChoosyClaims {
  readonly #parts: ChoosyClaimsParts;
  readonly #queues = new Map<string, ChoosyQueue>();
  /** Queues that were claimed from and not left since. */
  readonly #asking = new Set<string>();
  /** Who looks first in the next claim. */
  #turn = 0;

  constructor(parts: ChoosyClaimsParts) {
    this.#parts = parts;
  }

  get asking(): Iterable<string> {
    return this.#asking;
  }

  isAsking(queue: string): boolean {
    return this.#asking.has(queue);
  }

  has(queue: string): boolean {
    return this.#queues.has(queue);
  }

  /** Chooses for wants with selectors as long as they have credit and what they get has room; the first has it always where `isEmpty`. */
  async choose(queue: string, wants: readonly ConsumerWant[], dealer: Dealer, room: number, isEmpty: boolean): Promise<Chosen[]> {
    this.#asking.add(queue);
    const choosy = this.#open(queue);
    const lookers = this.#lookers(choosy, wants);
    const viewOf = wants.map((_want, index) => lookers.find((looker) => looker.wants.includes(index))?.view);
    const isOpen = ({ wants: own }: Looker): boolean => own.some((want) => dealer.creditOf(want) > 0);
    const chosen: Chosen[] = [];
    /** Their numbers: what is looked at twice is still at rest until it is taken. */
    const known = new Set<number>();
    let isUnfinished = false;
    let isFull = false;
    for (let pages = 0; !isFull; ) {
      const hungry = lookers.filter((looker) => isOpen(looker) && (looker.isBehind || (looker.found.length === 0 && !looker.isAtEnd)));
      if (hungry.length > 0 && pages < MAX_PAGES) {
        pages++;
        await this.#look(queue, choosy, hungry, known);
        continue;
      }
      isUnfinished = hungry.length > 0;
      const next = lowest(lookers.filter(isOpen));
      if (!next) break;
      const bytes = messageBytes(next.message);
      isFull = bytes > room && !(isEmpty && chosen.length === 0);
      if (isFull) break;
      room -= bytes;
      chosen.push({ ...next, want: dealer.deal((want) => viewOf[want]?.matches(next.message) ?? false) });
      known.add(next.seq);
      for (const looker of lookers) looker.found = looker.found.filter(({ seq }) => seq !== next.seq);
    }
    for (const { view, found } of lookers) for (const { seq, message } of found) view.unseen.add(message.priority, seq);
    if (isFull || isUnfinished) setImmediate(() => { this.#hint(queue); });
    return chosen;
  }

  /** These could not be taken, and whether they are gone nobody knows. */
  comeAgain(queue: string, missed: readonly Chosen[]): void {
    const choosy = this.#queues.get(queue);
    for (const { unseen } of choosy?.views.values() ?? []) for (const { seq, message } of missed) unseen.add(message.priority, seq);
    setImmediate(() => { this.#hint(queue); });
  }

  /** What the store tells a choosy node: how often numbers were told, those, and the queue. */
  told(text: string): void {
    const [told, numbers] = text.split(' ', 2) as [string, string];
    const queue = text.slice(told.length + numbers.length + 2);
    const choosy = this.#queues.get(queue);
    if (!choosy) {
      this.#lookAway(queue);
      return;
    }
    choosy.told(Number(told), numbers);
    this.#hint(queue);
  }

  /** Nobody of this node has room now. How far its selectors have looked stays known, and what comes back is noted. */
  leave(queue: string): void {
    this.#asking.delete(queue);
  }

  forget(queue: string, text: string): void {
    const choosy = this.#queues.get(queue);
    if (!choosy) return;
    choosy.views.delete(text);
    if (choosy.views.size > 0) return;
    this.#queues.delete(queue);
    this.#asking.delete(queue);
    this.#lookAway(queue);
  }

  /** What was told meanwhile did not reach this node: its selectors look at everything anew. */
  beginAnew(): void {
    for (const choosy of this.#queues.values()) choosy.beginAnew();
  }

  close(): void {
    this.#asking.clear();
    this.#queues.clear();
  }

  #open(queue: string): ChoosyQueue {
    let choosy = this.#queues.get(queue);
    if (!choosy) this.#queues.set(queue, (choosy = new ChoosyQueue()));
    return choosy;
  }

  #hint(queue: string): void {
    if (this.#asking.has(queue)) this.#parts.onReady(queue);
  }

  /** Those that were first in the last claim come last: none waits for the pages of others for ever. */
  #lookers(choosy: ChoosyQueue, wants: readonly ConsumerWant[]): Looker[] {
    const byView = new Map<View, Looker>();
    for (const [want, { selector }] of wants.entries()) {
      if (!selector) continue;
      const view = choosy.viewOf(selector);
      const looker = byView.get(view) ?? { view, wants: [], found: [], isAtEnd: false, isBehind: false };
      looker.wants.push(want);
      byView.set(view, looker);
    }
    const lookers = [...byView.values()];
    const first = this.#turn++ % lookers.length;
    return [...lookers.slice(first), ...lookers.slice(0, first)];
  }

  /** A page for the first of them and for all that have looked as far; what is `known` has been chosen. */
  async #look(queue: string, choosy: ChoosyQueue, hungry: readonly Looker[], known: ReadonlySet<number>): Promise<void> {
    const ranges = hungry[0]!.view.unseen.ranges();
    const place = ranges.join(' ');
    const group = hungry.filter(({ view }) => view.unseen.ranges().join(' ') === place);
    const views = group.map(({ view }) => view);
    const looked = await choosy.look(views, ranges.length === 0, () => this.#read(queue, choosy.page, ranges), (page) => {
      if (page.dueMs >= 0) this.#parts.onDue(queue, page.dueMs);
      let matched = 0;
      for (const looker of group) {
        for (const [priority, seq] of page.passed) looker.view.unseen.passed(priority, seq);
        const found = page.shown.filter(({ seq, message }) => !known.has(seq) && looker.view.matches(message));
        matched += found.length;
        looker.isAtEnd = !page.hasMore;
        looker.found = together(looker.found, found);
      }
      choosy.page = matched > 0 ? Math.max(MIN_PAGE, choosy.page / 2) : Math.min(MAX_PAGE, choosy.page * 2);
    });
    for (const looker of group) {
      if (looked === 'nothing') looker.isAtEnd = true;
      // Once: where things come back all the time, a claim must end as well.
      looker.isBehind = looked === 'late' && !looker.isBehind;
    }
  }

  async #read(queue: string, limit: number, ranges: readonly (string | number)[]): Promise<Page | undefined> {
    const { keys, link, membership } = this.#parts;
    if (!link.isUp || !membership.isMember) return undefined;
    const { node } = membership;
    try {
      const reply = listOf(await call(link, keys, SCRIPTS.show, { node, queue, limit, maxBytes: MAX_PAGE_BYTES }, ranges));
      const status = textOf(reply[0]);
      if (status === 'FENCED') membership.expelled(node, link);
      return status === 'OK' ? readShown(reply) : undefined;
    } catch {
      return undefined;
    }
  }

  #lookAway(queue: string): void {
    const { keys, link, membership } = this.#parts;
    // Lost: then this node is told of something of no use to it, and asks for this again.
    if (link.isUp && membership.isMember) call(link, keys, SCRIPTS.lookAway, { node: membership.node, queue }).catch(() => undefined);
  }
}

function lowest(lookers: readonly Looker[]): Candidate | undefined {
  let lowest: Candidate | undefined;
  for (const { found: [first] } of lookers) if (first && (!lowest || isBefore(first, lowest))) lowest = first;
  return lowest;
}

/** In order; what came back may have been found before. */
function together(found: readonly Candidate[], more: readonly Candidate[]): Candidate[] {
  if (found.length === 0) return [...more];
  const known = new Set(found.map(({ seq }) => seq));
  return [...found, ...more.filter(({ seq }) => !known.has(seq))].sort((one, other) => (isBefore(one, other) ? -1 : 1));
}

const isBefore = (one: Candidate, other: Candidate): boolean =>
  one.message.priority === other.message.priority ? one.seq < other.seq : one.message.priority > other.message.priority;
