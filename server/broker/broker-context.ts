import type { Clock } from '../lib/clock.ts';
import type { Timers } from '../lib/timers.ts';
import type { Advisories } from './advisories.ts';
import type { Authenticator, Authorizer } from './access.ts';
import type { CloseReason } from './close-reason.ts';
import type { Counters } from './stats.ts';
import type { DurableHolders } from './durable-holders.ts';
import type { DestinationCache } from './destination-cache.ts';
import type { Engine } from './engine.ts';
import type { InboundBudget } from './inbound-budget.ts';
import type { BrokerLimits } from './limits.ts';
import type { Log } from './log.ts';
import type { Policies } from './policies.ts';
import type { QueueRegistry } from './queue-registry.ts';
import type { SelectorCache } from './selector/selector-cache.ts';
import type { Session } from './session.ts';
import type { TopicFanout } from './topic-fanout.ts';

/** What a session sees of the broker it belongs to. */
export interface BrokerContext {
  readonly engine: Engine;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly limits: BrokerLimits;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly counters: Counters;
  readonly topics: TopicFanout;
  /** Undefined where nothing is told. */
  readonly advisories: Advisories | undefined;
  readonly queues: QueueRegistry;
  readonly holders: DurableHolders;
  readonly destinations: DestinationCache;
  readonly policies: Policies;
  readonly selectors: SelectorCache;
  readonly inboundBudget: InboundBudget;
  /** CONNECTED's `server` header: name and version. */
  readonly serverName: string;
  nextSessionId(): string;
  nextMessageId(): string;
  /** The session ended: it leaves the books. */
  forget(session: Session, reason: CloseReason): void;
}
