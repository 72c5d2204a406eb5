import type { EngineEvents, EngineHealth, Lane as LaneName, NodeSelf } from '../../broker/engine.ts';
import { Claims } from './claims.ts';
import { Connections } from './connections.ts';
import { Directory } from './directory.ts';
import { Durability } from './durability.ts';
import { Durables } from './durables.ts';
import { Heartbeat, type Beat } from './heartbeat.ts';
import { Holds } from './holds.ts';
import { Inbox } from './inbox.ts';
import { Inspection } from './inspection.ts';
import { Keys } from './keys.ts';
import { Lane } from './lane.ts';
import { LinkLostError, type Link } from './link/link.ts';
import { Membership, type Change, type Opened } from './membership.ts';
import type { RedisEngineOptions } from './options.ts';
import { Questions } from './questions.ts';
import { Reaper } from './reaper.ts';
import { Temporaries } from './temporaries.ts';
import { WatchedTopics } from './watched-topics.ts';
import { WildcardTable } from './wildcard-table.ts';

/** How often Redis is asked what it guarantees. */
const DURABILITY_MS = 10_000;
/** Replicas that take longer say no: before the link itself would take Redis for hung. */
const LONGEST_CONFIRM_MS = 4_000;
/** Beats that the bus may miss before it is taken for dead. */
const SILENT_BEATS = 4;

/**
 * This node's side of the cluster: its `Connections`, and what depends on them. `#opened` hears with every connection what
 * became of this node and its store meanwhile.
 */
export class Cluster {
  readonly durability: Durability;
  readonly lanes: { readonly durable: Lane; readonly volatile: Lane };
  readonly claims: Claims;
  readonly watched: WatchedTopics;
  readonly inspection: Inspection;
  readonly durables: Durables;
  readonly directory: Directory;
  /** Temporary queues of this node: they are made again where the store lost them. */
  readonly temporaries: Temporaries;
  readonly #options: RedisEngineOptions;
  readonly #events: EngineEvents;
  readonly #keys: Keys;
  readonly #membership: Membership;
  readonly #connections: Connections;
  readonly #holds = new Holds();
  readonly #wildcards: WildcardTable;
  readonly #inbox: Inbox;
  readonly #heartbeat: Heartbeat;
  readonly #reaper: Reaper;
  #whenUp: (() => void)[] = [];
  #checking: NodeJS.Timeout | undefined;
  #isClosed = false;
  #lostGroups = 0;
  #storeFormat = 0;
  #reapedNodes = 0;

  constructor(options: RedisEngineOptions, events: EngineEvents, self: NodeSelf) {
    this.#options = options;
    this.#events = events;
    const keys = (this.#keys = new Keys(options.prefix));
    this.durability = new Durability(options);
    const membership = (this.#membership = new Membership(keys, self, (opened, change) => {
      this.#opened(opened, change);
    }));
    const { durable, quick: link } = (this.#connections = new Connections({
      redis: options.redis,
      greet: (connection) => membership.greet(connection),
      onMessage: this.#received,
      onUp: (isBus) => {
        if (isBus) this.#inbox.heal();
        this.#isUp();
      },
    }));
    this.#wildcards = new WildcardTable(keys, link);
    const context = { keys, membership, holds: this.#holds, wildcards: this.#wildcards, topicLogBytes: options.topicLogBytes };
    const laneOn = (lane: LaneName, on: Link): Lane => {
      const confirmMs = Math.min(LONGEST_CONFIRM_MS, options.waitMs / 2, options.leaseMs / 4);
      const confirm = { confirm: () => this.durability.confirm(on, keys, confirmMs) };
      return new Lane({ ...context, lane, link: on, ...(options.receipts === 'replica' && confirm) });
    };
    this.lanes = { durable: laneOn('durable', durable), volatile: laneOn('volatile', link) };
    const questions = new Questions(keys, link, options.waitMs);
    this.durables = new Durables({
      link,
      membership,
      questions,
      onReady: this.#ready,
      onEvicted: (queue, holder) => {
        if (!this.#isClosed) events.onEvicted(queue, holder);
      },
    });
    this.claims = new Claims({ keys, link, membership, holds: this.#holds, durables: this.durables, onReady: this.#ready, onEnded: this.#ended });
    this.temporaries = new Temporaries({
      add: (job) => { this.lanes.volatile.add(job); },
      onMade: (queue) => { this.claims.created(queue); },
    });
    this.watched = new WatchedTopics(keys, link, membership, options.waitMs);
    this.inspection = new Inspection(questions, membership, this.durables);
    this.directory = new Directory(keys, link);
    this.#inbox = new Inbox({
      keys,
      link,
      membership,
      onMessage: (topic, message, position) => {
        if (!this.#isClosed && this.watched.mayWant(topic)) events.onMessage(topic, message, position);
      },
      onGap: (pattern, count) => {
        if (!this.#isClosed) events.onGap(pattern, count);
      },
    });
    this.#reaper = new Reaper(keys, link, options.leaseMs, () => { this.#reapedNodes++; });
    this.#heartbeat = new Heartbeat({
      keys,
      link,
      membership,
      beatMs: options.beatMs,
      leaseMs: options.leaseMs,
      onBeat: (beat) => { this.#beaten(beat); },
      onCommand: (command) => { events.onCommand(command); },
      onEnded: this.#ended,
      onDead: (nodes) => { for (const node of nodes) this.#reaper.reap(node); },
    });
  }

  /** Resolves when all three connections are up and this node is a member. */
  async start(): Promise<void> {
    try {
      await this.#readDurability();
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#heartbeat.start();
    this.claims.start();
    this.#checking = setInterval(() => {
      if (this.#connections.quick.isUp) this.durability.read(this.#connections.quick).catch(() => undefined);
    }, DURABILITY_MS);
  }

  /** Once all is up; and once more for as long as a start may take, where a connection is lost over it. */
  async #readDurability(): Promise<void> {
    const { redis, waitMs } = this.#options;
    const deadline = performance.now() + waitMs;
    while (await this.#upWithin(deadline - performance.now())) {
      try {
        await this.durability.read(this.#connections.quick);
      } catch (error) {
        if (error instanceof LinkLostError) continue;
        throw error;
      }
      if (this.durability.refusal) throw new Error(this.durability.refusal);
      return;
    }
    throw new Error(`expected a Redis at ${redis.description} within ${waitMs} ms, got: ${this.#connections.lastError?.message ?? 'no answer'}`);
  }

  health(): EngineHealth {
    const { facts, warnings } = this.durability;
    const { unreadable } = this.claims;
    const forgot = this.#lostGroups > 0 ? [`Redis forgot ${this.#lostGroups} writes that it had acknowledged.`] : [];
    return {
      state: this.#areAllUp ? 'up' : 'down',
      warnings: [...warnings, ...forgot, ...unreadable.warnings],
      facts: { ...facts, node: this.#membership.node, storeFormat: this.#storeFormat, lostGroups: this.#lostGroups, reapedNodes: this.#reapedNodes, unreadable: unreadable.count },
    };
  }

  async close(): Promise<void> {
    this.claims.close();
    this.durables.close();
    clearInterval(this.#checking);
    await Promise.all([this.lanes.durable.close(), this.lanes.volatile.close()]);
    this.#isClosed = true;
    this.#heartbeat.close();
    this.#inbox.close();
    this.watched.close();
    // A node that goes without a word is missed a lease later; its going must not wait for a store that is away.
    if (this.#connections.quick.isUp && this.#membership.isMember) await this.#reaper.leave(this.#membership.node).catch(() => undefined);
    await this.#connections.close();
  }

  /** As far as this node's copy of the table tells: is there a log for the topic? */
  keeps(topic: string): boolean {
    return this.#wildcards.hasLog(topic);
  }

  get #areAllUp(): boolean {
    return this.#connections.areUp && this.#membership.isMember;
  }

  #isUp(): void {
    if (this.#isClosed) return;
    if (this.#areAllUp) for (const resolve of this.#whenUp.splice(0)) resolve();
    this.#resume();
  }

  /** Whatever waited for a link or for membership. */
  #resume(): void {
    this.lanes.durable.wake();
    this.lanes.volatile.wake();
    this.watched.tell();
    if (!this.#connections.quick.isUp) return;
    this.claims.resume();
    this.#inbox.resume();
    this.durables.resume();
  }

  /** See `Membership`: the first to hear on every connection. */
  #opened(opened: Opened, change: Change): void {
    const { isEpochNew, isMemberNew, rememberedBatch } = change;
    this.#storeFormat = opened.format;
    const isFirst = rememberedBatch === undefined;
    if (isEpochNew || isMemberNew) {
      // A store that was not replaced forgets nothing but the records of those who were gone for long.
      if (isEpochNew) this.#countLoss(rememberedBatch);
      this.#holds.endEra(isMemberNew);
      this.claims.distrust(opened.suspect);
      if (isEpochNew) {
        this.lanes.volatile.forgot();
        this.lanes.durable.repeat();
        if (!isMemberNew) this.claims.doubt();
        // What is up was greeted before this epoch, perhaps by a server that does not know yet that it was replaced.
        if (!isFirst) this.#connections.dropAll('another connection found a new epoch of the store');
      }
      if (isMemberNew) this.#listen();
      // A new inbox has no past; in a new epoch the shared log is new, and holds what was sent to the old one since.
      const place = isMemberNew ? { generation: opened.generation, id: opened.logId } : { generation: 1, id: '0-0' };
      this.#inbox.reset(opened.epoch, place, !isMemberNew);
      this.#wildcards.forget(opened.table);
      this.watched.tellAll();
      if (!isFirst) {
        this.#remakeTemporaries();
        this.durables.holdAgain();
      }
    }
    // Outside of a greeting: the links are up already and nothing else will wake anyone.
    queueMicrotask(() => {
      if (!this.#isClosed) this.#resume();
    });
  }

  #listen(): void {
    const channels = [this.#keys.inbox(this.#membership.node), this.#keys.cluster];
    this.#connections.bus.listen(channels).then(
      () => {
        this.#inbox.heal();
        this.#isUp();
      },
      () => undefined,
    );
  }

  /** Of batches that were answered, some are not known any more. */
  #countLoss(rememberedBatch: number | undefined): void {
    if (rememberedBatch === undefined) return;
    const groups = this.lanes.durable.forgotten(rememberedBatch);
    if (groups === 0) return;
    this.#lostGroups += groups;
    this.#events.onLoss({ groups, detail: `Redis came back without ${groups} writes that it had acknowledged to this node.` });
  }

  #remakeTemporaries(): void {
    const { size } = this.temporaries;
    if (size === 0) return;
    this.temporaries.remake();
    this.#events.onLoss({ groups: 0, detail: `${size} temporary queues of this node began anew, empty.` });
  }

  readonly #received = (channel: string, payload: Buffer): void => {
    if (this.#isClosed) return;
    if (channel === this.#keys.cluster) {
      this.#wildcards.changed(payload.toString());
      return;
    }
    // The name of an earlier incarnation: its messages are not ours any more.
    if (channel !== this.#keys.inbox(this.#membership.node)) return;
    const tag = payload[0];
    if (tag === PARCEL) this.#inbox.receive(payload);
    else if (tag === NUDGE) this.claims.nudged(payload.toString('utf8', 1));
    else if (tag === TOLD) this.claims.choosy.told(payload.toString('utf8', 1));
    else if (tag === COMMAND) this.#heartbeat.hasten();
    else if (tag === LOG) this.durables.grew(payload.toString('utf8', 1));
    else if (tag === EVICTED) this.#evicted(payload.toString('utf8', 1));
  };

  readonly #ended = (): void => {
    if (!this.#isClosed) this.#events.onDead();
  };

  readonly #ready = (queue: string): void => {
    if (!this.#isClosed) this.#events.onReady(queue);
  };

  /** `holder queue`; queues may have blanks in their names, holders have none. */
  #evicted(text: string): void {
    const blank = text.indexOf(' ');
    this.durables.evicted(text.slice(blank + 1), text.slice(0, blank));
  }

  #beaten({ epoch, parcel, place, wildcards, format }: Beat): void {
    this.#storeFormat = format;
    this.#inbox.heard(epoch, parcel, place);
    this.#wildcards.seen(wildcards);
    this.watched.tell();
    this.temporaries.remakeRefused();
    this.durables.resume();
    this.#connections.dropSilentBus(SILENT_BEATS * this.#options.beatMs + 1_000);
  }

  #upWithin(ms: number): Promise<boolean> {
    if (this.#areAllUp) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        resolve(false);
      }, ms);
      this.#whenUp.push(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }
}

/** What a message of the inbox begins with. */
const PARCEL = 'm'.charCodeAt(0);
const NUDGE = 'q'.charCodeAt(0);
/** Something came to rest in a queue that this node looks through. */
const TOLD = 's'.charCodeAt(0);
const COMMAND = 'c'.charCodeAt(0);
const LOG = 'l'.charCodeAt(0);
const EVICTED = 'x'.charCodeAt(0);
