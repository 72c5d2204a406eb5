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
import { EngineError } from '../../broker/engine.ts';
import { messageBytes, type Message } from '../../broker/message.ts';
import { Announcer } from '../state/announcer.ts';
import { hasSelector, type Taken } from '../state/claim.ts';
import { Interest } from '../state/interest.ts';
import { LoneNode } from '../state/lone-node.ts';
import { FORGOTTEN_EARLY } from '../state/repeats.ts';
import { isPulled } from '../state/durable/kept.ts';
import { Pulling } from '../state/durable/pulling.ts';
import { UnusedWatch } from '../state/durable/unused-watch.ts';
import { creditOf, State } from '../state/state.ts';

export interface MemoryEngineOptions {
  /** Octets that all messages in queues and topic logs may take, as `messageBytes` counts; over it, more are refused. */
  readonly memoryLimitBytes: number;
}

export const DEFAULT_MEMORY_ENGINE_OPTIONS: MemoryEngineOptions = Object.freeze({ memoryLimitBytes: 512 * 1024 * 1024 });

/** From this part of its limit on, memory is said to be scarce. */
const NEARLY_FULL = 0.9;

/**
 * The engine for tests and for embedding: everything lives in this process and ends with it. A group is committed in
 * the call that brings it, so groups of both lanes take effect in the order of the calls; promises resolve and events
 * come after that call has returned. A receipt says `accepted` and means no more.
 */
export class MemoryEngine implements Engine {
  readonly receiptLevel: ReceiptLevel = 'accepted';
  readonly #limitBytes: number;
  readonly #state = new State();
  readonly #interest = new Interest();
  #announcer: Announcer | undefined;
  #node: LoneNode | undefined;
  #isClosed = false;
  readonly #pulling = new Pulling<never>({
    durables: this.#state.durables,
    read: async (page) => page.map(({ content }) => content),
    write: async (pull) => {
      this.#state.commitPull(pull);
      return true;
    },
  });
  readonly #unused = new UnusedWatch(
    () => this.#state.durables.untilNextEnd,
    () => {
      for (const name of this.#state.durables.expired()) this.#state.durables.remove(name);
    },
  );

  constructor(options: Partial<MemoryEngineOptions> = {}) {
    this.#limitBytes = options.memoryLimitBytes ?? DEFAULT_MEMORY_ENGINE_OPTIONS.memoryLimitBytes;
  }

  health(): EngineHealth {
    const { bytes, logs, repeats, durables } = this.#state;
    const isNearlyFull = this.#bytes >= this.#limitBytes * NEARLY_FULL;
    const warnings = isNearlyFull ? [`Queues and topic logs hold nearly all of the ${this.#limitBytes} octets they may; beyond them, what would have to be kept is refused.`] : [];
    if (repeats.forgottenEarly > 0) warnings.push(FORGOTTEN_EARLY);
    return {
      state: this.#isClosed ? 'failed' : 'up',
      warnings,
      facts: { queuedBytes: bytes, logBytes: logs.bytes, ...durables.facts, usedKeys: repeats.size, memoryLimitBytes: this.#limitBytes },
    };
  }

  async start(events: EngineEvents, node: NodeSelf): Promise<void> {
    if (this.#announcer) throw new Error('expected an engine that was not started yet');
    this.#announcer = new Announcer(events, this.#interest);
    this.#node = new LoneNode(node, events);
    const announcer = this.#announcer;
    this.#state.watchTime((queue) => { announcer.hint(queue); }, () => { announcer.hintDead(); });
  }

  async apply(group: Group): Promise<Outcome> {
    const outcome = this.#apply(group);
    if (!outcome.ok && group.chain) group.chain.broken = true;
    return outcome;
  }

  async claim(queue: string, wants: readonly ConsumerWant[], maxBytes: number): Promise<Claimed[]> {
    if (this.#isClosed) return [];
    const claim = () => this.#state.claim(queue, wants, maxBytes);
    const isDurable = this.#state.durables.get(queue) !== undefined;
    const { entries, hasMore } = isDurable
      ? await this.#pulling.claim(queue, creditOf(wants), maxBytes, claim)
      : hasSelector(wants)
        ? this.#claimSelectively(queue, wants, maxBytes)
        : claim();
    if (hasMore) this.#running().hint(queue);
    return entries.map(({ entry, want, isFirstOfGroup }) => {
      const { seq, holder, failures, recoveries } = entry;
      const claimed = { seq, message: holder.content, want, failures, recoveries, ...(isFirstOfGroup && { isFirstOfGroup }) };
      return isPulled(entry) && entry.missed > 0 ? { ...claimed, missed: entry.missed } : claimed;
    });
  }

  async claimDead(limit: number, maxBytes: number): Promise<Dead[]> {
    if (this.#isClosed) return [];
    return this.#state.claimDead(limit, maxBytes).map(({ queue, reason, entry: { seq, content, failures, recoveries } }) => {
      return { queue: queue.name, seq, message: content, failures, recoveries, reason };
    });
  }

  /** There is no other node that a hint could be given to. */
  leave(): void {
    return;
  }

  forgetSelector(queue: string, text: string): void {
    this.#state.forgetSelector(queue, text);
  }

  async readHeld(queue: string, seq: number): Promise<Message | undefined> {
    return this.#state.findHeld(queue, seq)?.holder.content;
  }

  async watch(pattern: string): Promise<void> {
    this.#interest.add(pattern);
  }

  unwatch(pattern: string): void {
    this.#interest.remove(pattern);
  }

  async readLog(topic: string, after: LogPosition | undefined, limit: number): Promise<LogPage> {
    const { entries, ...page } = this.#state.logs.read(topic, after, limit);
    return { ...page, entries: entries.map(({ offset, content }) => ({ offset, message: content })) };
  }

  async hold(queue: string, terms: DurableTerms, holder: string, evicted?: string): Promise<HoldOutcome> {
    if (this.#isClosed) throw new EngineError(closed);
    const held = this.#state.durables.hold(queue, terms, holder, evicted);
    return held.ok ? { ok: true, isNew: held.isNew } : held;
  }

  endHold(queue: string, holder: string): void {
    if (this.#state.durables.endHold(queue, holder)) this.#unused.look();
  }

  async unsubscribe(queue: string, holder: string): Promise<boolean | HoldRefusal> {
    return this.#state.durables.refusalToRemove(queue, holder) ?? this.#state.durables.remove(queue) !== undefined;
  }

  async subscriptions(): Promise<DurableInfo[]> {
    return this.#state.durables.infos();
  }

  keeps(topic: string): boolean {
    return this.#state.durables.keeps(topic);
  }

  async createTemporaryQueue(queue: string): Promise<void> {
    this.#state.createTemporaryQueue(queue);
  }

  async dropQueue(queue: string): Promise<void> {
    const holders = this.#state.durables.get(queue)?.holders ?? [];
    this.#state.dropQueue(queue);
    this.#running().evicted(queue, holders);
  }

  async queues(): Promise<QueueInfo[]> {
    return this.#state.queues();
  }

  async browse(queue: string, offset: number, limit: number, maxBytes?: number): Promise<Message[]> {
    const shown = this.#state.browse(queue, offset, limit, maxBytes).map(({ holder }) => holder.content);
    const rest = this.#state.restToBrowse(queue, offset, limit, shown, maxBytes);
    return rest ? [...shown, ...(await this.#pulling.browse(rest))] : shown;
  }

  async purge(queue: string, limit: number): Promise<number> {
    const staged = this.#state.stagePurge(queue, limit);
    this.#state.commit(staged);
    const purged = staged.effects.length;
    const subscription = this.#state.durables.get(queue);
    return subscription ? purged + (await this.#pulling.skip(subscription, limit - purged)) : purged;
  }

  async nodes(): Promise<NodeInfo[]> {
    return this.#node?.infos() ?? [];
  }

  async tell(node: string, command: string): Promise<boolean> {
    return this.#node?.tell(node, command) ?? false;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#unused.close();
    this.#node?.close();
    this.#state.close();
    this.#announcer?.close();
  }

  #claimSelectively(queue: string, wants: readonly ConsumerWant[], maxBytes: number): Taken<never> {
    const claim = this.#state.claimSelectively(queue, wants, maxBytes, (message) => message);
    if (claim.isUnfinished) this.#running().hintLater(queue);
    return claim;
  }

  #apply(group: Group): Outcome {
    if (this.#isClosed) return { ok: false, failure: closed };
    const announcer = this.#running();
    if (group.chain?.broken) return refuse('chain-broken', 'an earlier group of this session failed');
    if (!this.#hasRoomFor(group)) {
      const detail = `queues and topic logs hold ${this.#bytes} of ${this.#limitBytes} octets; consume or purge before sending more`;
      return refuse('memory-limit', detail);
    }
    const staged = this.#state.stage(group);
    if (!staged.ok) return staged;
    announcer.add(this.#state.commit(staged));
    return { ok: true, missed: staged.missed, repeats: staged.once?.repeats ?? 0 };
  }

  /** Only what is sent needs room: settling makes some, and a dead letter takes that of the message it moves. */
  #hasRoomFor(group: Group): boolean {
    let bytes = 0;
    for (const operation of group.operations) {
      const isKept = operation.kind === 'enqueue' || (operation.kind === 'publish' && (operation.log !== undefined || this.keeps(operation.topic)));
      if (isKept) bytes += messageBytes(operation.message);
    }
    if (bytes === 0 || this.#bytes + bytes <= this.#limitBytes) return true;
    this.#state.logs.lookAfterSome();
    return this.#bytes + bytes <= this.#limitBytes;
  }

  /** Octets of all messages. */
  get #bytes(): number {
    return this.#state.bytes + this.#state.logs.bytes + this.#state.durables.bytes;
  }

  #running(): Announcer {
    if (!this.#announcer) throw new Error('expected an engine that was started');
    return this.#announcer;
  }
}

const closed: Failure = Object.freeze({ code: 'store-failed', certainty: 'not-stored', detail: 'the engine is closed' });

function refuse(code: Failure['code'], detail: string): Outcome {
  return { ok: false, failure: { code, certainty: 'not-stored', detail } };
}
