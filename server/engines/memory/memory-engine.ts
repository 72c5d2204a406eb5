import type {
  Claimed,
  ConsumerWant,
  Engine,
  EngineEvents,
  EngineHealth,
  Failure,
  Group,
  LogPage,
  LogPosition,
  NodeInfo,
  NodeSelf,
  Outcome,
  QueueInfo,
  ReceiptLevel,
} from '../../broker/engine.ts';
import { messageBytes, type Message } from '../../broker/message.ts';
import { Announcer } from '../state/announcer.ts';
import { Interest } from '../state/interest.ts';
import { LoneNode } from '../state/lone-node.ts';
import { FORGOTTEN_EARLY } from '../state/repeats.ts';
import { State } from '../state/state.ts';

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

  constructor(options: Partial<MemoryEngineOptions> = {}) {
    this.#limitBytes = options.memoryLimitBytes ?? DEFAULT_MEMORY_ENGINE_OPTIONS.memoryLimitBytes;
  }

  health(): EngineHealth {
    const { bytes, logs, repeats } = this.#state;
    const isNearlyFull = this.#bytes >= this.#limitBytes * NEARLY_FULL;
    const warnings = isNearlyFull ? [`Queues and topic logs hold nearly all of the ${this.#limitBytes} octets they may; beyond them, what would have to be kept is refused.`] : [];
    if (repeats.forgottenEarly > 0) warnings.push(FORGOTTEN_EARLY);
    return {
      state: this.#isClosed ? 'failed' : 'up',
      warnings,
      facts: { queuedBytes: bytes, logBytes: logs.bytes, usedKeys: repeats.size, memoryLimitBytes: this.#limitBytes },
    };
  }

  async start(events: EngineEvents, node: NodeSelf): Promise<void> {
    if (this.#announcer) throw new Error('expected an engine that was not started yet');
    this.#announcer = new Announcer(events, this.#interest);
    this.#node = new LoneNode(node, events);
    const announcer = this.#announcer;
    this.#state.watchTime((queue) => { announcer.hint(queue); });
  }

  async apply(group: Group): Promise<Outcome> {
    const outcome = this.#apply(group);
    if (!outcome.ok && group.chain) group.chain.broken = true;
    return outcome;
  }

  async claim(queue: string, wants: readonly ConsumerWant[], maxBytes: number): Promise<Claimed[]> {
    if (this.#isClosed) return [];
    const { entries, hasMore } = this.#state.claim(queue, wants, maxBytes);
    if (hasMore) this.#running().hint(queue);
    return entries.map(({ entry, want, isFirstOfGroup }) => {
      const { seq, content, failures, recoveries } = entry;
      return { seq, message: content, want, failures, recoveries, ...(isFirstOfGroup && { isFirstOfGroup }) };
    });
  }

  /** There is no other node that a hint could be given to. */
  leave(): void {
    return;
  }

  async readHeld(queue: string, seq: number): Promise<Message | undefined> {
    return this.#state.findHeld(queue, seq)?.content;
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

  async createTemporaryQueue(queue: string): Promise<void> {
    this.#state.createTemporaryQueue(queue);
  }

  async dropQueue(queue: string): Promise<void> {
    this.#state.dropQueue(queue);
  }

  async queues(): Promise<QueueInfo[]> {
    return this.#state.queues();
  }

  async browse(queue: string, offset: number, limit: number, maxBytes?: number): Promise<Message[]> {
    return this.#state.browse(queue, offset, limit, maxBytes).map((entry) => entry.content);
  }

  async purge(queue: string, limit: number): Promise<number> {
    const staged = this.#state.stagePurge(queue, limit);
    this.#state.commit(staged);
    return staged.effects.length;
  }

  async nodes(): Promise<NodeInfo[]> {
    return this.#node?.infos() ?? [];
  }

  async tell(node: string, command: string): Promise<boolean> {
    return this.#node?.tell(node, command) ?? false;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#node?.close();
    this.#state.close();
    this.#announcer?.close();
  }

  #apply(group: Group): Outcome {
    if (this.#isClosed) return refuse('store-failed', 'the engine is closed');
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
      const isKept = operation.kind === 'enqueue' || (operation.kind === 'publish' && operation.log !== undefined);
      if (isKept) bytes += messageBytes(operation.message);
    }
    if (bytes === 0 || this.#bytes + bytes <= this.#limitBytes) return true;
    this.#state.logs.lookAfterSome();
    return this.#bytes + bytes <= this.#limitBytes;
  }

  /** Octets of all messages. */
  get #bytes(): number {
    return this.#state.bytes + this.#state.logs.bytes;
  }

  #running(): Announcer {
    if (!this.#announcer) throw new Error('expected an engine that was started');
    return this.#announcer;
  }
}

function refuse(code: Failure['code'], detail: string): Outcome {
  return { ok: false, failure: { code, certainty: 'not-stored', detail } };
}
