import { createNodeId, IdSequence } from '../lib/ids.ts';
import { systemClock, type Clock } from '../lib/clock.ts';
import { Timers } from '../lib/timers.ts';
import { Advisories } from './advisories.ts';
import { isAdvisoryTopic } from './advisory-topic.ts';
import type { Authenticator, Authorizer } from './access.ts';
import type { BrokerContext } from './broker-context.ts';
import { CLOSE_REASONS, type CloseReason } from './close-reason.ts';
import { DestinationCache } from './destination-cache.ts';
import { SCHEDULE_QUEUE, type Engine, type EngineEvents, type Failure, type NodeLoad, type Operation } from './engine.ts';
import { DurableHolders } from './durable-holders.ts';
import { durableTakenOver } from './errors.ts';
import { InboundBudget } from './inbound-budget.ts';
import { DEFAULT_BROKER_LIMITS, type BrokerLimits } from './limits.ts';
import { silentLog, type Log } from './log.ts';
import type { Peer, PeerListener } from './peer.ts';
import { Policies, type DestinationPolicy } from './policies.ts';
import { QueueRegistry } from './queue-registry.ts';
import { Scheduler } from './scheduler.ts';
import type { RedeliveryPolicy } from './redelivery.ts';
import { SelectorCache } from './selector/selector-cache.ts';
import { Session } from './session.ts';
import { createCounters, type BrokerStats } from './stats.ts';
import { StoreWatch } from './store-watch.ts';
import { TopicFanout } from './topic-fanout.ts';
import { Undertaker } from './undertaker.ts';

export interface BrokerOptions {
  readonly engine: Engine;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly limits?: Partial<BrokerLimits>;
  readonly redelivery?: RedeliveryPolicy;
  readonly policies?: readonly DestinationPolicy[];
  /** Tells what happens on topics of its own. */
  readonly advisories?: boolean;
  readonly log?: Log;
  readonly clock?: Clock;
  /** Product and version as CONNECTED says them. */
  readonly serverName?: string;
  /** Of the program, as other nodes see it. */
  readonly version?: string;
  /** What only the process knows of this node, for the directory of nodes. Without it: a node without an address. */
  readonly describe?: () => Pick<NodeLoad, 'connections' | 'address'>;
  /** A node gave this one a command; answers whether it is known. */
  readonly onCommand?: (command: string) => boolean;
  /** The store failed: nothing is acknowledged any more, and the process should end. */
  readonly onFatal?: (error: Error) => void;
}

/** How often live traffic is looked through for messages that waited too long. */
const SLOW_CONSUMER_CHECK_MS = 1_000;

/** The broker of one node, without sockets and without a process: peers come in by `accept`, messages by the engine. */
export class Broker {
  readonly nodeId: string;
  readonly #context: BrokerContext;
  readonly #sessions = new Set<Session>();
  readonly #timers: Timers;
  readonly #storeWatch: StoreWatch;
  readonly #scheduler: Scheduler;
  readonly #undertaker: Undertaker;
  readonly #options: BrokerOptions;
  #isDraining = false;

  constructor(options: BrokerOptions) {
    const limits: BrokerLimits = { ...DEFAULT_BROKER_LIMITS, ...options.limits };
    const log = options.log ?? silentLog;
    const clock = options.clock ?? systemClock;
    const policies = new Policies(options.policies ?? [], options.redelivery);
    this.nodeId = createNodeId();
    this.#timers = new Timers(clock);
    const sessionIds = new IdSequence(`s${this.nodeId}`);
    const messageIds = new IdSequence(`m${this.nodeId}`);
    this.#options = options;
    const { engine } = options;
    const serverName = options.serverName ?? 'stompede';
    const nextMessageId = () => messageIds.nextId();
    const advisories = options.advisories ? new Advisories({ engine, clock, log, nodeId: this.nodeId, serverName, nextMessageId }) : undefined;
    this.#context = {
      engine: options.engine,
      authenticator: options.authenticator,
      authorizer: options.authorizer,
      limits,
      clock,
      log,
      timers: this.#timers,
      counters: createCounters(),
      topics: new TopicFanout(),
      advisories,
      queues: new QueueRegistry({ engine, policies, advisories, log, clock, timers: this.#timers, dispatchBytes: limits.dispatchBytes }),
      holders: new DurableHolders({
        engine,
        timers: this.#timers,
        log,
        nodeId: this.nodeId,
        end: (session, queue) => {
          session.failReceipt(durableTakenOver(queue), undefined);
        },
      }),
      destinations: new DestinationCache(limits),
      policies,
      selectors: new SelectorCache(),
      inboundBudget: new InboundBudget(limits.maxPendingBytesOfNode),
      serverName,
      nextSessionId: () => sessionIds.nextId(),
      nextMessageId,
      forget: (session, reason) => {
        this.#forget(session, reason);
      },
    };
    this.#scheduler = new Scheduler({ engine, clock, timers: this.#timers, log });
    this.#undertaker = new Undertaker({ engine, policies, advisories, log, timers: this.#timers });
    this.#storeWatch = new StoreWatch({ engine: options.engine, timers: this.#timers, clock, log });
  }

  async start(): Promise<void> {
    const { engine, topics, advisories, queues, holders, log, counters } = this.#context;
    const events: EngineEvents = {
      onMessage: (topic, message) => {
        (isAdvisoryTopic(topic) ? advisories?.topics : topics)?.publish(topic, message);
      },
      onReady: (queue) => {
        if (queue === SCHEDULE_QUEUE) this.#scheduler.look();
        else queues.ready(queue);
      },
      onDead: () => {
        this.#undertaker.call();
      },
      onGap: (pattern, count) => {
        counters.topicGaps++;
        log.warn({ event: 'topic-gap', pattern, count });
        topics.gap(pattern, count);
        advisories?.topics.gap(pattern, count);
      },
      onLoss: ({ groups, detail }) => {
        counters.lostGroups += groups;
        log.error({ event: 'store-forgot', groups, detail });
      },
      onEvicted: (queue, holder) => {
        holders.evicted(queue, holder);
      },
      onCommand: (command) => {
        if (!holders.heard(command) && !this.#options.onCommand?.(command)) log.debug({ event: 'unknown-command', command });
      },
      onFatal: (error) => {
        log.error({ event: 'store-failed', error });
        this.#options.onFatal?.(error);
      },
    };
    const version = this.#options.version ?? '';
    await engine.start(events, { id: this.nodeId, version, load: () => this.#load() });
    this.#storeWatch.start();
    this.#scheduler.look();
    this.#watchSlowConsumers();
  }

  /** The door for transports. A node that is being drained answers with an ERROR. */
  readonly accept = (peer: Peer): PeerListener => {
    const session = new Session(this.#context, peer);
    this.#context.counters.connectionsAccepted++;
    this.#sessions.add(session);
    if (this.#isDraining) session.shutDown();
    return session;
  };

  /** Publishes or enqueues for the embedding application; resolves at the engine's receipt level. */
  async apply(operations: readonly Operation[]): Promise<Failure | undefined> {
    const outcome = await this.#context.engine.apply({ operations, lane: 'durable' });
    return outcome.ok ? undefined : outcome.failure;
  }

  get context(): BrokerContext {
    return this.#context;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** The store has been out of reach for so long that new connections are better sent to another node. */
  get isStoreLongDown(): boolean {
    return this.#storeWatch.isLongDown;
  }

  stats(): BrokerStats {
    let subscriptions = 0;
    for (const session of this.#sessions) subscriptions += session.subscriptions.count;
    const { counters, inboundBudget } = this.#context;
    return {
      nodeId: this.nodeId,
      sessions: this.#sessions.size,
      subscriptions,
      pendingBytes: inboundBudget.pendingBytes,
      counters: { ...counters },
    };
  }

  /** Takes no more queue messages and no new sessions, and resolves when the frames in hand are answered. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    this.#context.queues.stop();
    await Promise.all([this.#scheduler.stop(), ...[...this.#sessions].map((session) => session.submissions.whenIdle())]);
  }

  /** Ends every session that is left and then the engine. Idempotent. */
  async close(): Promise<void> {
    this.#isDraining = true;
    this.#context.queues.stop();
    void this.#scheduler.stop();
    this.#undertaker.stop();
    for (const session of [...this.#sessions]) {
      session.shutDown();
      session.disconnected();
    }
    this.#timers.close();
    await this.#context.engine.close();
  }

  #load(): NodeLoad {
    const { sessions, subscriptions, counters } = this.stats();
    const { messagesIn, messagesOut } = counters;
    const described = this.#options.describe?.() ?? { connections: sessions, address: '' };
    return { sessions, subscriptions, messagesIn, messagesOut, memoryBytes: process.memoryUsage.rss(), ...described };
  }

  #forget(session: Session, reason: CloseReason): void {
    if (!this.#sessions.delete(session)) return;
    if (session.identity) this.#context.advisories?.connectionEnded(session, reason.name);
    if (reason !== CLOSE_REASONS.disconnect) {
      this.#context.log.debug({ event: 'session-closed', session: session.id, reason: reason.name });
    }
  }

  #watchSlowConsumers(): void {
    const { maxLiveAgeMs } = this.#context.limits;
    this.#timers.after(SLOW_CONSUMER_CHECK_MS, () => {
      for (const session of this.#sessions) {
        if (session.peer.oldestLiveAgeMs > maxLiveAgeMs) {
          session.failSlow(`the oldest topic message waited for more than ${maxLiveAgeMs} ms`);
        }
      }
      this.#watchSlowConsumers();
    });
  }
}
