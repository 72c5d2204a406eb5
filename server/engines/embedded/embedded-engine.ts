import type {
  Claimed,
  ConsumerWant,
  Dead,
  DurableInfo,
  DurableTerms,
  Engine,
  EngineEvents,
  EngineHealth,
  Failure,
  Group,
  HoldOutcome,
  HoldRefusal,
  LogPage,
  LogPosition,
  NodeInfo,
  NodeSelf,
  Outcome,
  QueueInfo,
  ReceiptLevel,
} from '../../broker/engine.ts';
import { EngineError, isTemporaryQueue } from '../../broker/engine.ts';
import type { Message } from '../../broker/message.ts';
import { decodeMessageRecord } from '../../broker/message-record.ts';
import { isPulled } from '../state/durable/kept.ts';
import { creditOf } from '../state/state.ts';
import { Announcer } from '../state/announcer.ts';
import { hasSelector, type Taken } from '../state/claim.ts';
import type { StagedGroup } from '../state/effect.ts';
import { Interest } from '../state/interest.ts';
import { LoneNode } from '../state/lone-node.ts';
import { nodeDisk, type Disk } from './disk.ts';
import { EmbeddedDurables } from './embedded-durables.ts';
import { DropQueueJob, forgetEntries } from './drop-queue-job.ts';
import { chainBroken, diskFull, notStored, tooLarge } from './failures.ts';
import { GroupJob } from './group-job.ts';
import { grows, storedBytes } from './group-size.ts';
import { machineBoot } from './machine-boot.ts';
import type { EmbeddedEngineOptions } from './options.ts';
import { Resident, type Holder, type Stored, type StoredEntry } from './resident-messages.ts';
import { openStore, type Store } from './store.ts';
import { healthOf } from './store-health.ts';

/** Far below the largest record, since texts may take more octets than they have letters. */
const MAX_GROUP_BYTES = 64 * 1024 * 1024;

/** What one claim reads for its selectors: other claims of the queue wait for it. */
const MAX_BITES = 4;

/**
 * The engine of a node on its own: the state of the memory engine, and a journal on the disk that it can be brought
 * back from. A group of the durable lane is staged at once, so that its place in line and its failure are decided in
 * the order of the calls; it takes effect when the batch it went with is flushed. Volatile groups never see the disk,
 * unless they hold a message for a topic's log, which goes nowhere else.
 */
export class EmbeddedEngine implements Engine {
  readonly receiptLevel: ReceiptLevel = 'fsync';
  readonly #options: EmbeddedEngineOptions;
  readonly #disk: Disk;
  readonly #interest = new Interest();
  #announcer: Announcer | undefined;
  #node: LoneNode | undefined;
  #store: Store | undefined;
  #durables: EmbeddedDurables | undefined;
  #isClosed = false;
  #closing: Promise<void> | undefined;
  /** Per queue, the last claim that had to read from the disk: later ones of the queue may not pass it. */
  readonly #reading = new Map<string, Promise<void>>();
  /** Groups of the volatile lane that go to the disk nevertheless: those behind them wait for their turn. */
  #volatileJobs = 0;
  /** Queues with a claim that could not be noted for want of room. */
  readonly #unnoted = new Set<string>();
  /** The same for what has come to its end, of any queue. */
  #hasUnnotedDead = false;

  constructor(options: EmbeddedEngineOptions, disk: Disk = nodeDisk) {
    this.#options = options;
    this.#disk = disk;
  }

  health(): EngineHealth {
    return healthOf(this.#store);
  }

  async start(events: EngineEvents, node: NodeSelf): Promise<void> {
    if (this.#announcer) throw new Error('expected an engine that was not started yet');
    this.#announcer = new Announcer(events, this.#interest);
    this.#node = new LoneNode(node, events);
    this.#store = await openStore(this.#options, this.#disk, await machineBoot(), {
      onRoom: (isOpen) => {
        if (isOpen) this.#hintUnnoted();
      },
      onFatal: (error) => events.onFatal(error),
    });
    const announcer = this.#announcer;
    this.#store.state.watchTime((queue) => { announcer.hint(queue); }, () => { announcer.hintDead(); });
    this.#durables = new EmbeddedDurables(this.#store, (page) => this.#read(page));
  }

  apply(group: Group): Promise<Outcome> {
    const outcome = this.#apply(group);
    if (outcome instanceof Promise) return outcome;
    if (!outcome.ok && group.chain) group.chain.broken = true;
    return Promise.resolve(outcome);
  }

  async claim(queue: string, wants: readonly ConsumerWant[], maxBytes: number): Promise<Claimed[]> {
    const { state, commits, marks } = this.#running();
    if (this.#isClosed || commits.isOver) return [];
    const claim = () => state.claim(queue, wants, maxBytes);
    const taken = state.durables.get(queue)
      ? await this.#durables!.pulling.claim(queue, creditOf(wants), maxBytes, claim)
      : hasSelector(wants)
        ? await this.#claimSelectively(queue, wants, maxBytes)
        : claim();
    if (taken.hasMore) this.#announcer!.hint(queue);
    if (taken.entries.length === 0) return [];
    if (!isTemporaryQueue(queue) && !this.#attempt(() => marks.claimed(taken.entries.map(({ entry }) => entry.seq)))) {
      this.#giveBack(queue, taken);
      return [];
    }
    const { entries } = taken;
    const messages = await this.#inTurn(queue, taken);
    if (messages === undefined) return [];
    return entries.map(({ entry, want, isFirstOfGroup }, i) => {
      const { seq, failures, recoveries } = entry;
      const claimed = { seq, message: messages[i]!, want, failures, recoveries, ...(isFirstOfGroup && { isFirstOfGroup }) };
      return isPulled(entry) && entry.missed > 0 ? { ...claimed, missed: entry.missed } : claimed;
    });
  }

  async claimDead(limit: number, maxBytes: number): Promise<Dead[]> {
    const { state, commits, marks } = this.#running();
    if (this.#isClosed || commits.isOver) return [];
    const taken = state.claimDead(limit, maxBytes);
    const stored = taken.filter(({ queue }) => !queue.temporary).map(({ entry }) => entry.seq);
    if (stored.length > 0 && !this.#attempt(() => marks.claimed(stored))) {
      for (const { queue, entry } of taken) state.restore.giveBack(queue.name, entry.seq, entry.failures, entry.recoveries);
      this.#hasUnnotedDead = true;
      return [];
    }
    const messages = await this.#read(taken.map(({ entry }) => entry));
    return (messages ?? []).map((message, i) => {
      const { queue, reason, entry: { seq, failures, recoveries } } = taken[i]!;
      return { queue: queue.name, seq, message, failures, recoveries, reason };
    });
  }

  /** There is no other node that a hint could be given to. */
  leave(): void {
    return;
  }

  forgetSelector(queue: string, text: string): void {
    this.#running().state.forgetSelector(queue, text);
  }

  async readHeld(queue: string, seq: number): Promise<Message | undefined> {
    const entry = this.#running().state.findHeld(queue, seq);
    return entry && (await this.#read([entry.holder]))?.[0];
  }

  async watch(pattern: string): Promise<void> {
    this.#interest.add(pattern);
  }

  unwatch(pattern: string): void {
    this.#interest.remove(pattern);
  }

  async readLog(topic: string, after: LogPosition | undefined, limit: number): Promise<LogPage> {
    const { entries, ...page } = this.#running().state.logs.read(topic, after, limit);
    const messages = await this.#read(entries);
    if (!messages) throw new Error(notStored.detail);
    return { ...page, entries: entries.map(({ offset }, i) => ({ offset, message: messages[i]! })) };
  }

  async hold(queue: string, terms: DurableTerms, holder: string, evicted?: string): Promise<HoldOutcome> {
    if (this.#isClosed) throw new EngineError(notStored);
    return this.#running().commits.isOver ? Promise.reject(new EngineError(notStored)) : this.#durables!.hold(queue, terms, holder, evicted);
  }

  endHold(queue: string, holder: string): void {
    if (!this.#isClosed) this.#durables?.endHold(queue, holder);
  }

  async unsubscribe(queue: string, holder: string): Promise<boolean | HoldRefusal> {
    this.#running();
    return this.#durables!.unsubscribe(queue, holder);
  }

  async subscriptions(): Promise<DurableInfo[]> {
    return this.#running().state.durables.infos();
  }

  keeps(topic: string): boolean {
    return this.#running().state.durables.keeps(topic);
  }

  async createTemporaryQueue(queue: string): Promise<void> {
    this.#running().state.createTemporaryQueue(queue);
  }

  async dropQueue(queue: string): Promise<void> {
    const store = this.#running();
    const holders = store.state.durables.get(queue)?.holders ?? [];
    const dropped = store.state.dropQueue(queue);
    if (!dropped || dropped.temporary) return;
    forgetEntries(store, dropped);
    store.records.gone(queue);
    this.#announcer!.evicted(queue, holders);
    await new Promise<void>((resolve, reject) => store.commits.add(new DropQueueJob(queue, resolve, reject)));
  }

  async queues(): Promise<QueueInfo[]> {
    return this.#running().state.queues();
  }

  async browse(queue: string, offset: number, limit: number, maxBytes?: number): Promise<Message[]> {
    const { state } = this.#running();
    const messages = await this.#read(state.browse(queue, offset, limit, maxBytes).map(({ holder }) => holder));
    if (!messages) throw new Error(notStored.detail);
    const rest = state.restToBrowse(queue, offset, limit, messages, maxBytes);
    return rest ? [...messages, ...(await this.#durables!.pulling.browse(rest))] : messages;
  }

  async purge(queue: string, limit: number): Promise<number> {
    const { state } = this.#running();
    const staged = state.stagePurge(queue, limit);
    const count = staged.effects.length;
    if (count > 0) {
      const outcome = await this.#commit(
        staged,
        { lane: isTemporaryQueue(queue) ? 'volatile' : 'durable', operations: [] },
        0,
      );
      if (!outcome.ok) throw new Error(outcome.failure.detail);
    }
    const subscription = state.durables.get(queue);
    return subscription ? count + (await this.#durables!.pulling.skip(subscription, limit - count)) : count;
  }

  async nodes(): Promise<NodeInfo[]> {
    return this.#node?.infos() ?? [];
  }

  async tell(node: string, command: string): Promise<boolean> {
    return this.#node?.tell(node, command) ?? false;
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#node?.close();
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#store?.state.close();
    this.#durables?.close();
    await this.#store?.close();
    this.#announcer?.close();
  }

  #apply(group: Group): Outcome | Promise<Outcome> {
    const { state, commits, room } = this.#running();
    if (this.#isClosed || commits.isOver) return refuse(notStored);
    if (group.chain?.broken) return refuse(chainBroken);
    const keeps = (topic: string): boolean => state.durables.keeps(topic);
    const bytes = storedBytes(group, keeps);
    if (!room.isOpen && grows(group, keeps)) {
      // Logs forget with what is put in, which does not happen now: they may be what fills the disk.
      state.logs.lookAfterSome();
      commits.wake();
      return refuse(diskFull);
    }
    if (bytes > MAX_GROUP_BYTES) return refuse(tooLarge);
    const staged = state.stage(group);
    return staged.ok ? this.#commit(staged, group, bytes) : staged;
  }

  #commit(staged: StagedGroup<Stored>, group: Group, bytes: number): Outcome | Promise<Outcome> {
    const store = this.#running();
    if (group.lane === 'volatile' && !isWritten(staged) && this.#volatileJobs === 0) {
      this.#announcer!.add(store.state.commit(staged));
      return { ok: true, missed: staged.missed, repeats: 0 };
    }
    const isGrowing = grows(group, (topic) => store.state.durables.keeps(topic));
    const size = { bytes: bytes + 32 * (staged.effects.length + staged.publications.length), grows: isGrowing };
    const isVolatile = group.lane === 'volatile';
    if (isVolatile) this.#volatileJobs++;
    return new Promise((resolve) => {
      const done = (outcome: Outcome): void => {
        if (isVolatile) this.#volatileJobs--;
        resolve(outcome);
      };
      store.commits.add(new GroupJob(store, this.#announcer!, staged, size, group.chain, done));
    });
  }

  /** As `State.claimSelectively`: reads what selectors have to be asked about, a few bites at most. */
  async #claimSelectively(queue: string, wants: readonly ConsumerWant[], maxBytes: number): Promise<Taken<Stored>> {
    const claim = this.#running().state.claimSelectively(queue, wants, maxBytes, messageAtHand);
    for (let bites = 1; claim.unread.length > 0 && bites <= MAX_BITES; bites++) {
      const { unread } = claim;
      const messages = await this.#read(unread);
      if (!messages) break;
      claim.learn(unread, messages);
      claim.goOn(bites === MAX_BITES);
    }
    if (claim.isUnfinished) this.#announcer!.hintLater(queue);
    return claim;
  }

  /** The messages of claimed entries, not before those of earlier claims of the queue. Undefined if the store failed. */
  #inTurn(queue: string, taken: Taken<Stored>): Message[] | Promise<Message[] | undefined> {
    const entries = taken.entries.map(({ entry }) => entry);
    const before = this.#reading.get(queue);
    const known = messagesAtHand(entries, taken);
    if (known && !before) return known;
    const read = known ?? this.#read(entries.map(({ holder }) => holder));
    const turn = Promise.all([before, read]).then(() => {
      if (this.#reading.get(queue) === turn) this.#reading.delete(queue);
    });
    this.#reading.set(queue, turn);
    return turn.then(() => read);
  }

  async #read(entries: readonly Holder[]): Promise<Message[] | undefined> {
    const { reader, commits } = this.#running();
    try {
      const wanted = entries.flatMap(({ content, bytes }) =>
        typeof content === 'number' ? { place: content, bytes } : [],
      );
      const atHand = entries.map(({ content }) => messageAtHand(content));
      const records = await reader.read(wanted);
      let next = 0;
      return atHand.map((message) => message ?? decodeMessageRecord(records[next++]!));
    } catch (error) {
      commits.fail(error);
      return undefined;
    }
  }

  /** A claim that cannot be noted does not happen; it is tried again when there is room. */
  #giveBack(queue: string, { entries }: Taken<Stored>): void {
    const { restore } = this.#running().state;
    for (const { entry } of entries.toReversed()) restore.giveBack(queue, entry.seq, entry.failures, entry.recoveries);
    this.#unnoted.add(queue);
  }

  #hintUnnoted(): void {
    if (this.#hasUnnotedDead) this.#announcer!.hintDead();
    this.#hasUnnotedDead = false;
    for (const queue of this.#unnoted) this.#announcer!.hint(queue);
    this.#unnoted.clear();
  }

  /** False if it could not be done; an error of the disk also ends the store. */
  #attempt(task: () => boolean): boolean {
    try {
      return task();
    } catch (error) {
      this.#running().commits.fail(error);
      return false;
    }
  }

  #running(): Store {
    if (!this.#store) throw new Error('expected an engine that was started');
    return this.#store;
  }
}

/** Does it leave anything on the disk? */
function isWritten({ effects, publications, once }: StagedGroup<Stored>): boolean {
  // What leans on a key has to wait for that, at least.
  if (once) return true;
  return !effects.every(({ queue }) => queue.temporary) || publications.some(({ logged, kept }) => logged ?? kept);
}

function messageAtHand(content: Message | Stored): Message | undefined {
  if (typeof content === 'number') return undefined;
  return content instanceof Resident ? content.message : content;
}

/** All of them, if they are in memory or were read when their claim asked selectors about them. */
function messagesAtHand(entries: readonly StoredEntry[], taken: Taken<Stored>): Message[] | undefined {
  const messages: Message[] = [];
  for (const entry of entries) {
    const message = messageAtHand(entry.holder.content) ?? taken.messageOf?.(entry);
    if (!message) return undefined;
    messages.push(message);
  }
  return messages;
}

function refuse(failure: Failure): Outcome {
  return { ok: false, failure };
}
