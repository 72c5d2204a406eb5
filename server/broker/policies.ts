import { DEFAULT_DEDUP_WINDOW_MS } from './duplicates.ts';
import type { DeadReason, LogBounds } from './engine.ts';
import type { DurablePolicy } from './durable-terms.ts';
import { DeadLetterQueues, failureTerms, type FailureTerms, type Fate } from './failure-terms.ts';
import { MessageSchema, type JsonSchema } from './message-schema.ts';
import type { NackWay } from './nack.ts';
import { DEFAULT_REDELIVERY_POLICY, type RedeliveryPolicy } from './redelivery.ts';
import type { SlowConsumerWay } from './slow-consumer.ts';
import { overlaps, patternWords } from './topic-pattern.ts';

/** What holds for a destination beyond what holds for all. What is left out is as it is without a policy. */
export interface Policy {
  /** Topics only: keeps a log of the newest messages. Without it nothing is kept. */
  readonly log?: LogBounds;
  /** Topics only: what durable subscriptions keep, and for how long they are there unused. */
  readonly durable?: DurablePolicy;
  /** Queues only: when a message is given up, where it differs from what holds for all. */
  readonly redelivery?: Partial<RedeliveryPolicy>;
  /**
   * The queue that messages move to which are given up; `{queue}` in it stands for the name of the destination, `none`
   * drops them. Without it `DLQ.{queue}`. A queue that some policy names here never gives a message up.
   */
  readonly deadLetter?: string;
  /** Queues only: what a NACK does whose headers do not say. Without it `requeue`. */
  readonly nack?: NackWay;
  /** Queues only: how long a message lives there at most, in ms; a sender may ask for less. Without it, for ever. */
  readonly ttlMs?: number;
  /** Queues only: what becomes of a message whose time is over. Without it `drop`. */
  readonly onExpiry?: ExpiryWay;
  /** For how long a SEND with a duplicate id is recognised if it comes again, in ms; 0 = not at all. Without it 5 minutes. */
  readonly dedupWindowMs?: number;
  /** Queues only: a delivery that has waited so long for its ACK goes back to its place, and counts as a recovery. */
  readonly ackTimeoutMs?: number;
  /** Topics only: what becomes of subscribers that are slow. Without it `disconnect`. */
  readonly slowConsumer?: SlowConsumerWay;
  /**
   * Queues only: the header whose value is a message's key; of those with the same key only the newest stays at rest. One
   * without it goes by `_AMQ_LVQ_NAME`, and without that stands for itself.
   */
  readonly lastValueKey?: string;
  /** What messages have to be like: JSON that this JSON Schema (draft 2020-12) describes, or the path of a file with one. */
  readonly schema?: JsonSchema | string;
  /** What becomes of one that is not: its SEND is refused, or it goes where dead letters go. Without it `refuse`. */
  readonly onViolation?: ViolationWay;
}

export const EXPIRY_WAYS = ['drop', 'dead-letter'] as const;

export type ExpiryWay = (typeof EXPIRY_WAYS)[number];

export const VIOLATION_WAYS = ['refuse', 'dead-letter'] as const;

export type ViolationWay = (typeof VIOLATION_WAYS)[number];

/** A policy as it is carried out. */
export interface PolicyInForce extends Policy {
  readonly messageSchema?: MessageSchema;
}

/** A policy and whom it is for. */
export interface DestinationPolicy extends Policy {
  /** `/topic/` or `/queue/` and a pattern of words split by `.`: `*` stands for one word, `#` or a last `>` for zero or more. */
  readonly destination: string;
}

/** What can have a policy: temporary destinations go with their sessions and have none. */
export const POLICY_PREFIXES = ['/topic/', '/queue/'] as const;

const DROP: Fate = Object.freeze({ kind: 'drop' });
const NO_POLICY: PolicyInForce = Object.freeze({});
const MAX_ENTRIES = 8192;

/**
 * The policies in their order: the first that matches a destination is its policy, alone. Matching walks through the list
 * once for a destination; what came of it is remembered in two generations, so that invented names cannot make it grow.
 */
export class Policies {
  /** Whether any destination has a schema: without one nobody needs to look. */
  readonly hasSchemas: boolean;
  readonly #rules: readonly Rule[];
  readonly #named: ReadonlySet<string>;
  readonly #redelivery: RedeliveryPolicy;
  readonly #deadLetterQueues: DeadLetterQueues;
  #younger = new Map<string, PolicyInForce>();
  #older = new Map<string, PolicyInForce>();

  /** `redelivery` is what holds where no policy says otherwise. */
  constructor(policies: readonly DestinationPolicy[], redelivery: RedeliveryPolicy = DEFAULT_REDELIVERY_POLICY) {
    this.#rules = policies.map((policy) => new Rule(policy));
    this.hasSchemas = policies.some(({ schema }) => schema !== undefined);
    this.#named = new Set(this.#rules.filter(({ isPattern }) => !isPattern).map((rule) => rule.destination));
    this.#redelivery = redelivery;
    this.#deadLetterQueues = new DeadLetterQueues(policies);
  }

  /** Does a policy name this very destination, without wildcards? */
  names(canonical: string): boolean {
    return this.#named.has(canonical);
  }

  /** For how long a duplicate id is remembered there, in ms; 0 = none is looked at. By canonical text. */
  dedupWindowMs(canonical: string): number {
    return this.of(canonical).dedupWindowMs ?? DEFAULT_DEDUP_WINDOW_MS;
  }

  /** What becomes of a queue's messages that fail, by the name the engine knows the queue by. */
  failureTerms(queue: string): FailureTerms {
    return failureTerms(queue, this.of(`/queue/${queue}`), this.#redelivery, this.#deadLetterQueues);
  }

  /** What becomes of a message that came to its end in a queue while nobody held it. */
  fateOfDead(queue: string, reason: DeadReason): Fate {
    if (reason === 'expired' && this.of(`/queue/${queue}`).onExpiry !== 'dead-letter') return DROP;
    return this.failureTerms(queue).fate;
  }

  /** When a message for a queue expires that is accepted now: by the sender's word or by the policy, whichever is earlier. */
  expiresAt(queue: string, bySender: number, now: number): number {
    const { ttlMs } = this.of(`/queue/${queue}`);
    if (ttlMs === undefined) return bySender;
    return bySender === 0 ? now + ttlMs : Math.min(bySender, now + ttlMs);
  }

  /** By the canonical text of a destination, e.g. `/topic/chat.lobby`. */
  of(canonical: string): PolicyInForce {
    if (this.#rules.length === 0) return NO_POLICY;
    const known = this.#younger.get(canonical);
    if (known) return known;
    const found = this.#older.get(canonical) ?? this.#rules.find((rule) => rule.matches(canonical))?.policy ?? NO_POLICY;
    if (this.#younger.size >= MAX_ENTRIES) {
      this.#older = this.#younger;
      this.#younger = new Map();
    }
    this.#younger.set(canonical, found);
    return found;
  }
}

class Rule {
  readonly destination: string;
  readonly policy: PolicyInForce;
  readonly #prefix: string;
  readonly #words: readonly string[];

  constructor(policy: DestinationPolicy) {
    const { destination } = policy;
    const prefix = POLICY_PREFIXES.find((each) => destination.startsWith(each));
    if (prefix === undefined) throw new Error(`expected a policy for one of ${POLICY_PREFIXES.join(' ')}, got ${destination}`);
    this.destination = destination;
    this.policy = inForce(policy);
    this.#prefix = prefix;
    this.#words = patternWords(destination.slice(prefix.length));
  }

  get isPattern(): boolean {
    return this.#words.some((word) => word === '*' || word === '#');
  }

  matches(canonical: string): boolean {
    return canonical.startsWith(this.#prefix) && overlaps(this.#words, canonical.slice(this.#prefix.length).split('.'));
  }
}

function inForce(policy: DestinationPolicy): PolicyInForce {
  const { schema } = policy;
  if (schema === undefined) return policy;
  if (typeof schema === 'string') throw new Error(`expected the schema for ${policy.destination} itself, got the path of its file`);
  return { ...policy, messageSchema: new MessageSchema(schema) };
}
