import { TEMPORARY_PREFIX, type DurableInfo, type DurableTerms, type HoldRefusal } from '../../../broker/engine.ts';
import { messageBytes, type Message } from '../../../broker/message.ts';
import { isWildcard } from '../../../broker/topic-pattern.ts';
import { TopicRouter } from '../../../broker/topic-router.ts';
import { randomId } from '../../../lib/ids.ts';
import type { QueueTable } from '../queue-table.ts';
import { termsOf } from '../terms.ts';
import { DurableLog } from './durable-log.ts';
import { DurableRestore } from './durable-restore.ts';
import { DurableSubscription, isSameSubscription } from './durable-subscription.ts';
import { isPulled, Kept, PulledEntry } from './kept.ts';

/** A message that is staged to be kept for the subscriptions of one pattern. */
export interface StagedKept<Stored> {
  readonly log: DurableLog<Stored>;
  readonly kept: Kept<Stored>;
}

/** What a subscription takes out of its log into its queue; it awaits `commitPull` or `undoPull`, one of them, once. */
export interface StagedPull<Stored> {
  readonly subscription: DurableSubscription<Stored>;
  /** Offset of the last message it has looked at then. */
  readonly cursor: number;
  readonly taken: readonly PulledEntry<Stored>[];
  /** Forgotten messages of which nobody is told yet. */
  readonly missed: number;
}

/** What became of a wish to hold a subscription. */
export type Held<Stored> =
  | {
      readonly ok: true;
      readonly subscription: DurableSubscription<Stored>;
      readonly isNew: boolean;
      /** The one of other terms that stood in its place, as it was. */
      readonly replaced: DurableSubscription<Stored> | undefined;
    }
  | { readonly ok: false; readonly refusal: HoldRefusal };

/** Messages looked at in one step. */
export const PAGE_MESSAGES = 256;
/** Octets read for it. */
export const PAGE_BYTES = 1024 * 1024;

/**
 * The durable subscriptions of a store by the names of their queues, and the logs they are filled from by pattern. What is
 * published costs one entry for each pattern that matches, however many subscriptions the pattern has.
 */
export class DurableSubscriptions<Stored = never> {
  /** Told of each message that is forgotten; an engine may have to let go of what stands for it. */
  onForget: (kept: Kept<Stored>) => void = () => {};
  /** Brings them back at start-up. */
  readonly restore: DurableRestore<Stored>;
  readonly #table: QueueTable<Stored>;
  readonly #clock: () => number;
  readonly #subscriptions = new Map<string, DurableSubscription<Stored>>();
  readonly #logs = new Map<string, DurableLog<Stored>>();
  readonly #router = new TopicRouter<DurableLog<Stored>>();
  #bytes = 0;

  constructor(table: QueueTable<Stored>, clock: () => number) {
    this.#table = table;
    this.#clock = clock;
    this.restore = new DurableRestore<Stored>(this);
  }

  /** Octets of all that is kept in logs, or taken out of one that has forgotten it. */
  get bytes(): number {
    return this.#bytes;
  }

  /** For the health of the store. */
  get facts(): { readonly durableSubscriptions: number; readonly durableBytes: number } {
    return { durableSubscriptions: this.#subscriptions.size, durableBytes: this.#bytes };
  }

  get size(): number {
    return this.#subscriptions.size;
  }

  get(name: string): DurableSubscription<Stored> | undefined {
    return this.#subscriptions.size === 0 ? undefined : this.#subscriptions.get(name);
  }

  all(): Iterable<DurableSubscription<Stored>> {
    return this.#subscriptions.values();
  }

  logOf(pattern: string): DurableLog<Stored> | undefined {
    return this.#logs.get(pattern);
  }

  /** Is what is published to the topic kept for somebody? */
  keeps(topic: string): boolean {
    return this.#logs.size > 0 && this.#matching(topic).size > 0;
  }

  /** Creates or resumes a subscription for a holder; `evicted` loses his hold. */
  hold(name: string, terms: DurableTerms, holder: string, evicted: string | undefined): Held<Stored> {
    const known = this.#subscriptions.get(name);
    if (evicted !== undefined) known?.holders.delete(evicted);
    const others = known ? [...known.holders].filter((each) => each !== holder) : [];
    if (known && others.length > 0) {
      if (!terms.isShared) return { ok: false, refusal: { reason: 'held', node: '', holder: others[0]! } };
      if (!isSameSubscription(known.terms, terms)) return { ok: false, refusal: { reason: 'in-use', pattern: known.terms.pattern, selector: known.terms.selector } };
    }
    const replaced = known && !isSameSubscription(known.terms, terms) ? this.remove(name) : undefined;
    const resumed = replaced ? undefined : known;
    const subscription = resumed ?? this.#create(name, terms);
    subscription.terms = terms;
    subscription.holders.add(holder);
    return { ok: true, subscription, isNew: resumed === undefined, replaced };
  }

  /** Tells whether the last holder went. */
  endHold(name: string, holder: string): DurableSubscription<Stored> | undefined {
    const subscription = this.#subscriptions.get(name);
    if (!subscription?.holders.delete(holder) || subscription.holders.size > 0) return undefined;
    subscription.unusedSince = this.#clock();
    subscription.log.hungry.delete(name);
    return subscription;
  }

  /** Who else holds it must not lose it. */
  refusalToRemove(name: string, holder: string): HoldRefusal | undefined {
    const other = [...(this.#subscriptions.get(name)?.holders ?? [])].find((each) => each !== holder);
    return other === undefined ? undefined : { reason: 'held', node: '', holder: other };
  }

  /** Ends a subscription with its queue; returns it as it was. What its queue held is let go of. */
  remove(name: string): DurableSubscription<Stored> | undefined {
    const subscription = this.#subscriptions.get(name);
    if (!subscription) return undefined;
    this.#subscriptions.delete(name);
    const { log, queue, cursor } = subscription;
    this.#table.remove(name);
    for (const entry of queue.entries()) if (isPulled(entry)) log.unpin(entry.kept);
    log.hungry.delete(name);
    log.removeCursor(cursor, this.#clock());
    this.#retire(log);
    return subscription;
  }

  stage(topic: string, message: Message): StagedKept<Stored>[] {
    if (this.#logs.size === 0) return NOTHING;
    const staged: StagedKept<Stored>[] = [];
    for (const log of this.#matching(topic)) {
      log.pins++;
      staged.push({ log, kept: new Kept<Stored>(this.#clock(), messageBytes(message), termsOf(message), message) });
    }
    return staged;
  }

  /** Returns the subscriptions that wait for it. */
  commit(staged: StagedKept<Stored>): Iterable<string> {
    const { log, kept } = staged;
    log.pins--;
    // The last subscription went meanwhile.
    if (!this.isWanted(staged)) return NOTHING;
    this.#bytes += kept.bytes;
    log.put(kept, this.#clock());
    const hungry = [...log.hungry];
    log.hungry.clear();
    this.#retire(log);
    return hungry;
  }

  undo({ log }: StagedKept<Stored>): void {
    log.pins--;
    this.#retire(log);
  }

  /** How many more messages its queue needs in the line to have `credit`, as far as its log has any. */
  shortOf(name: string, credit: number): number {
    const subscription = this.get(name);
    if (!subscription) return 0;
    subscription.log.trim(this.#clock());
    return subscription.backlog === 0 ? 0 : credit - subscription.queue.ready.length;
  }

  /** Takes of a page what it wants, until it is `want` messages or so many octets; `wanted` tells which, left out = all. */
  stagePull(subscription: DurableSubscription<Stored>, page: readonly Kept<Stored>[], want: number, maxBytes: number, wanted?: readonly boolean[]): StagedPull<Stored> {
    const { log, cursor: before } = subscription;
    const taken: PulledEntry<Stored>[] = [];
    let missed = subscription.missed + Math.max(0, log.floor - 1 - before);
    let cursor = Math.max(before, log.floor - 1);
    let room = maxBytes;
    for (const [i, kept] of page.entries()) {
      if (taken.length >= want || room <= 0) break;
      // Forgotten since the page was read: missed, and counted above.
      if (!kept.isInLine || kept.offset <= cursor) continue;
      cursor = kept.offset;
      if (wanted && !wanted[i]) continue;
      log.pin(kept);
      room -= kept.bytes;
      taken.push(new PulledEntry<Stored>(++this.#table.lastSeq, kept, missed));
      missed = 0;
    }
    subscription.queue.pins++;
    return { subscription, cursor, taken, missed };
  }

  /** Steps over the next messages unseen. */
  stageSkip(subscription: DurableSubscription<Stored>, count: number): StagedPull<Stored> {
    const { log, cursor, queue, missed } = subscription;
    queue.pins++;
    const gap = Math.max(0, log.floor - 1 - cursor);
    return { subscription, cursor: cursor + gap + count, taken: [], missed: missed + gap };
  }

  commitPull({ subscription, cursor, taken, missed }: StagedPull<Stored>): void {
    const { queue, log } = subscription;
    queue.pins--;
    if (queue.isDropped) {
      for (const { kept } of taken) log.unpin(kept);
      return;
    }
    for (const entry of taken) {
      this.#table.bytes += entry.bytes;
      queue.put(entry);
    }
    subscription.missed = missed;
    const before = subscription.cursor;
    subscription.cursor = cursor;
    log.moveCursor(before, cursor, this.#clock());
  }

  undoPull({ subscription, taken }: StagedPull<Stored>): void {
    subscription.queue.pins--;
    for (const { kept } of taken) subscription.log.unpin(kept);
  }

  /** Nobody uses them, and long enough. */
  expired(): string[] {
    const now = this.#clock();
    return [...this.#subscriptions.values()].filter(({ endsAt }) => endsAt <= now).map(({ name }) => name);
  }

  /** In ms from now, the next end of one that nobody uses; Infinity = none is in sight. */
  get untilNextEnd(): number {
    let endsAt = Infinity;
    for (const subscription of this.#subscriptions.values()) endsAt = Math.min(endsAt, subscription.endsAt);
    return Math.max(0, endsAt - this.#clock());
  }

  infos(): DurableInfo[] {
    return Array.from(this.#subscriptions.values(), ({ name, terms, holders, queue, backlog, unusedSince }) => {
      const { pattern, selector, isShared } = terms;
      const holderCount = holders.size;
      return { name, pattern, selector, isShared, holderCount, backlog, ready: queue.restCount, inFlight: queue.held.size, unusedSince: holderCount > 0 ? 0 : unusedSince };
    });
  }

  /** Is it still wanted? Between staging and commit the last subscription may go. */
  isWanted({ log }: StagedKept<Stored>): boolean {
    return this.#logs.get(log.pattern) === log;
  }

  /** A subscription as it was before a restart. */
  adopt(name: string, terms: DurableTerms, epoch: string, cursor: number, unusedSince: number): DurableSubscription<Stored> {
    return this.#add(name, terms, this.#logFor(terms, epoch), cursor, unusedSince);
  }

  /** A log as it was, for the subscriptions adopted before. */
  adoptLog(log: DurableLog<Stored>, last: number, line: readonly Kept<Stored>[], pinned: readonly Kept<Stored>[]): void {
    for (const { bytes } of [...line, ...pinned]) this.#bytes += bytes;
    log.restore(last, line, pinned);
  }

  adoptTaken({ queue, log }: DurableSubscription<Stored>, entry: PulledEntry<Stored>): void {
    log.pin(entry.kept);
    this.#table.bytes += entry.bytes;
    queue.put(entry);
  }

  get now(): number {
    return this.#clock();
  }

  #create(name: string, terms: DurableTerms): DurableSubscription<Stored> {
    const log = this.#logFor(terms, randomId());
    return this.#add(name, terms, log, log.last, this.#clock());
  }

  #add(name: string, terms: DurableTerms, log: DurableLog<Stored>, cursor: number, unusedSince: number): DurableSubscription<Stored> {
    const queue = this.#table.getOrAdd(name);
    if (!queue) throw new Error(`expected a queue that outlives its session, got ${name}`);
    const subscription = new DurableSubscription<Stored>(queue, log, terms, cursor, unusedSince);
    queue.subscription = subscription;
    this.#subscriptions.set(name, subscription);
    log.addCursor(cursor);
    return subscription;
  }

  /** `epoch`: of a log that is not there yet. */
  #logFor({ pattern, bounds }: DurableTerms, epoch: string): DurableLog<Stored> {
    let log = this.#logs.get(pattern);
    if (!log) {
      log = new DurableLog<Stored>(pattern, epoch, bounds, this.#forgotten);
      this.#logs.set(pattern, log);
      this.#router.add(pattern, isWildcard(pattern), log);
    }
    return log;
  }

  #retire(log: DurableLog<Stored>): void {
    if (log.subscriptionCount > 0 || log.pins > 0 || this.#logs.get(log.pattern) !== log) return;
    log.clear();
    this.#logs.delete(log.pattern);
    this.#router.remove(log.pattern, isWildcard(log.pattern), log);
  }

  #matching(topic: string): ReadonlySet<DurableLog<Stored>> {
    return topic.startsWith(TEMPORARY_PREFIX) ? this.#router.matchExact(topic) : this.#router.match(topic);
  }

  readonly #forgotten = (kept: Kept<Stored>): void => {
    this.#bytes -= kept.bytes;
    this.onForget(kept);
  };
}

const NOTHING: never[] = [];
