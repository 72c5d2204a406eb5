import { EngineError, isTemporaryQueue } from '../../broker/engine.ts';
import type {
  Chain,
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
  Lane as LaneName,
  LogPage,
  LogPosition,
  NodeInfo,
  NodeSelf,
  Outcome,
  QueueInfo,
  ReceiptLevel,
} from '../../broker/engine.ts';
import type { Message } from '../../broker/message.ts';
import { Cluster } from './cluster.ts';
import { chainBroken, closed } from './failures.ts';
import { Inspection } from './inspection.ts';
import { Job, laneOfQueue, outlastsOutages, type StoreGroup, type StoreOperation } from './job.ts';
import type { RedisEngineOptions } from './options.ts';
import { Returns } from './returns.ts';

/**
 * The engine of many nodes: queues are lists in Redis, topics go by its pub/sub, and this process keeps nothing that could
 * be lost with it. What happens to whom stands in `scripts/`; what the node keeps in mind, in `Cluster`.
 */
export class RedisEngine implements Engine {
  readonly #options: RedisEngineOptions;
  #cluster: Cluster | undefined;
  readonly #returns = new Returns();
  #isClosed = false;
  #closing: Promise<void> | undefined;
  /** Chains with groups under way, and in which lane. */
  readonly #pending = new WeakMap<Chain, { readonly lane: LaneName; count: number }>();

  constructor(options: RedisEngineOptions) {
    this.#options = options;
  }

  get receiptLevel(): ReceiptLevel {
    return this.#cluster?.durability.level ?? 'accepted';
  }

  health(): EngineHealth {
    return this.#running().health();
  }

  async start(events: EngineEvents, node: NodeSelf): Promise<void> {
    if (this.#cluster) throw new Error('expected an engine that was not started yet');
    this.#cluster = new Cluster(this.#options, events, node);
    await this.#cluster.start();
  }

  apply(group: Group): Promise<Outcome> {
    if (group.chain?.broken) return Promise.resolve(refuse(group, chainBroken));
    if (this.#isClosed) return Promise.resolve(refuse(group, closed));
    return this.#submit(group);
  }

  async claim(queue: string, wants: readonly ConsumerWant[], maxBytes: number): Promise<Claimed[]> {
    const returning = this.#returns.settled(queue);
    if (returning) await returning;
    if (this.#isClosed) return [];
    return this.#running().claims.claim(queue, wants, maxBytes);
  }

  async claimDead(limit: number, maxBytes: number): Promise<Dead[]> {
    return this.#isClosed ? [] : this.#running().claims.claimDead(limit, maxBytes);
  }

  leave(queue: string): void {
    this.#running().claims.leave(queue);
  }

  forgetSelector(queue: string, text: string): void {
    this.#running().claims.choosy.forget(queue, text);
  }

  readHeld(queue: string, seq: number): Promise<Message | undefined> {
    return this.#inspection().readHeld(queue, seq);
  }

  watch(pattern: string): Promise<void> {
    return this.#running().watched.watch(pattern);
  }

  unwatch(pattern: string): void {
    this.#running().watched.unwatch(pattern);
  }

  readLog(topic: string, after: LogPosition | undefined, limit: number): Promise<LogPage> {
    return this.#inspection().readLog(topic, after, limit);
  }

  async hold(queue: string, terms: DurableTerms, holder: string, evicted?: string): Promise<HoldOutcome> {
    if (this.#isClosed) throw new EngineError(closed);
    return this.#running().durables.hold(queue, terms, holder, evicted);
  }

  endHold(queue: string, holder: string): void {
    this.#running().durables.endHold(queue, holder);
  }

  unsubscribe(queue: string, holder: string): Promise<boolean | HoldRefusal> {
    return this.#running().durables.unsubscribe(queue, holder);
  }

  async subscriptions(): Promise<DurableInfo[]> {
    const listed = await this.#running().durables.list();
    return listed.map(({ backlogBytes: _, ...info }) => info);
  }

  keeps(topic: string): boolean {
    return this.#running().keeps(topic);
  }

  async createTemporaryQueue(queue: string): Promise<void> {
    this.#running().temporaries.add(queue);
    await this.#must({ kind: 'create', queue });
    this.#running().claims.created(queue);
  }

  async dropQueue(queue: string): Promise<void> {
    this.#running().temporaries.delete(queue);
    await this.#must({ kind: 'drop', queue });
  }

  queues(): Promise<QueueInfo[]> {
    return this.#inspection().queues();
  }

  browse(queue: string, offset: number, limit: number, maxBytes?: number): Promise<Message[]> {
    return this.#inspection().browse(queue, offset, limit, maxBytes);
  }

  async purge(queue: string, limit: number): Promise<number> {
    let purged = 0;
    while (purged < limit) {
      const count = await this.#must({ kind: 'purge', queue, limit: Math.min(limit - purged, PURGE_BITE) });
      if (count === 0) break;
      purged += count;
    }
    return purged;
  }

  nodes(): Promise<NodeInfo[]> {
    return this.#running().directory.nodes();
  }

  tell(node: string, command: string): Promise<boolean> {
    return this.#running().directory.tell(node, command);
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#closing ??= this.#cluster?.close() ?? Promise.resolve();
    return this.#closing;
  }

  #submit(group: StoreGroup): Promise<Outcome> {
    const { lanes } = this.#running();
    const deadline = outlastsOutages(group) ? Infinity : performance.now() + this.#options.waitMs;
    const lane = this.#laneOf(group);
    const outcome = new Promise<Outcome>((resolve) => {
      const keeps = (topic: string): boolean => this.keeps(topic);
      const job = new Job(group, deadline, (outcome) => {
        if (group.chain) this.#left(group.chain);
        resolve(outcome);
      }, keeps);
      lanes[lane].add(job);
    });
    this.#returns.note(group.operations, outcome);
    return outcome;
  }

  /** The groups of a chain follow each other, so they go by the lane that has some of them already. */
  #laneOf({ lane, chain }: StoreGroup): LaneName {
    if (!chain) return lane;
    const pending = this.#pending.get(chain);
    if (pending) {
      pending.count++;
      return pending.lane;
    }
    this.#pending.set(chain, { lane, count: 1 });
    return lane;
  }

  #left(chain: Chain): void {
    const pending = this.#pending.get(chain);
    if (pending && --pending.count === 0) this.#pending.delete(chain);
  }

  /** For what has no outcome of its own in the port; resolves with the script's count. */
  async #must(operation: StoreOperation & { readonly queue: string }): Promise<number> {
    // A queue that is being closed with its node goes by itself.
    if (this.#isClosed && isTemporaryQueue(operation.queue)) return 0;
    const outcome = await this.#submit({ operations: [operation], lane: laneOfQueue(operation.queue) });
    if (!outcome.ok) throw new EngineError(outcome.failure);
    return outcome.missed;
  }

  #running(): Cluster {
    if (!this.#cluster) throw new Error('expected an engine that was started');
    return this.#cluster;
  }

  #inspection(): Inspection {
    return this.#running().inspection;
  }
}

/** Messages purged by one script at most. */
const PURGE_BITE = 1000;

function refuse(group: Group, failure: Failure): Outcome {
  if (group.chain) group.chain.broken = true;
  return { ok: false, failure };
}
