import { DURABLE_PREFIX } from './durable-name.ts';
import type { Message } from './message.ts';

/**
 * PORT. The store and the bus behind the broker. Three bodies: memory, embedded (default), redis; one contract suite
 * (`engines/engine-contract`) holds them to the same replies.
 *
 * Every change goes through one door, `apply`, as an atomic group. Whatever a client may see — a message that can be
 * claimed, a topic message — becomes visible after its group is committed, never before. Messages that are not of this
 * node and messages that are arrive by the same events.
 */
export interface Engine {
  /**
   * What a resolved `apply` promises on the durable lane, read from the store itself, never more than it really does. It
   * may change while the engine runs: somebody else may reconfigure the store.
   */
  readonly receiptLevel: ReceiptLevel;

  /** How the store is, for `/healthz`, the console and metrics. Cheap: nothing is asked for it. */
  health(): EngineHealth;

  /** Makes the engine ready. Rejects with a sentence for the operator when it cannot start (directory in use, …). */
  start(events: EngineEvents, node: NodeSelf): Promise<void>;

  /**
   * Applies a group: all of it or nothing.
   * Order: groups of one lane take effect in the order of the calls; across lanes there is none.
   * Twice: never; the engine itself recognises what it sends again.
   * Failure: a value, not a rejection. `not-stored` changed nothing; `outcome-unknown` may have.
   * After a group of a chain failed, later groups of that chain fail with `chain-broken` and change nothing.
   */
  apply(group: Group): Promise<Outcome>;

  /**
   * Takes messages that are ready, in queue order (the higher priority first, within one as they arrived), and holds them for this node until they are settled, released or
   * moved. The wants are served in turn, one message each, until credit, messages or `maxBytes` (at least one message)
   * run out; as long as one of a higher priority has credit, those of a lower one get nothing, of other nodes neither if
   * they can take it at once. A message of a group goes to the consumer that has others of it in flight, or waits; order holds within a
   * group, and nobody else is kept waiting. What a want's selector does not match goes to the next want, and is passed over,
   * where it stays, when no want has use for it; who has a selector takes what it matches, whosever group it is of. A node that
   * got less than it wanted hears `onReady` when there is more, also when selectors have more to look through than can be
   * done at once.
   * A claim is remembered before its promise resolves, so that a crash afterwards gives the message back as redelivered.
   */
  claim(queue: string, wants: readonly ConsumerWant[], maxBytes: number): Promise<Claimed[]>;

  /**
   * Takes up to `limit` messages whose end has come while nobody held them, of any queue, and holds them as `claim` does:
   * whoever asked settles or moves them, or gives them back. No more than fit into `maxBytes` (at least one message).
   * `onDead` hints that there may be some; of the nodes that share a store one hears it at a time.
   */
  claimDead(limit: number, maxBytes: number): Promise<Dead[]>;

  /**
   * Nobody of this node claims from the queue now (its consumers are gone, or have no room): a hint for it is better given
   * to another node. The next claim takes it back.
   */
  leave(queue: string): void;

  /**
   * No consumer of this node asks the queue with this selector any more: how far it has looked there is forgotten. Looking
   * begins anew if it is claimed with again.
   */
  forgetSelector(queue: string, text: string): void;

  /**
   * A message this node holds, once more, for the rare case that it is to be moved; undefined if it is not held. Rejects
   * with an `EngineError`, as does all below, when the store cannot be asked in time.
   */
  readHeld(queue: string, seq: number): Promise<Message | undefined>;

  /** Resolves once topic messages that match (words by `.`, `*` one word, `#` zero or more) reach this node. Counted; not when it rejects. */
  watch(pattern: string): Promise<void>;
  unwatch(pattern: string): void;

  /**
   * Reads a topic's log onwards from behind `after`, or from its beginning, up to `limit` messages. A topic that keeps no
   * log has an empty page whose epoch is ''.
   */
  readLog(topic: string, after: LogPosition | undefined, limit: number): Promise<LogPage>;

  /**
   * Creates a durable subscription or resumes it, for a holder; `holder` is unique for ever. Once it resolves, whatever any
   * node publishes to a topic of its pattern is kept for it until it is settled, within its bounds. Its messages are claimed
   * from the queue of its name, and all that can be done with a queue's messages can be done with them.
   * One that is not shared has one holder: another is refused, unless it names the present one, whose hold then ends and
   * whose messages return. One with another pattern, selector or no-local takes the place of what is there, with all its
   * messages, unless that is held. Rejects with an `EngineError`.
   */
  hold(queue: string, terms: DurableTerms, holder: string, evicted?: string): Promise<HoldOutcome>;
  /** The holder is gone, or wants it no more; what is kept stays. Messages he has not settled are for him to give back. */
  endHold(queue: string, holder: string): void;
  /** Ends a subscription with all that is kept for it; false = there is none. Refused while others than `holder` hold it. */
  unsubscribe(queue: string, holder: string): Promise<boolean | HoldRefusal>;
  /** All durable subscriptions. */
  subscriptions(): Promise<DurableInfo[]>;
  /** Is what is published to the topic kept for durable subscriptions, as far as this node knows? Then it goes by the durable lane. */
  keeps(topic: string): boolean;

  /** Brings a temporary queue into being: held in memory of this node's store, never on its disk, gone with the node. */
  createTemporaryQueue(queue: string): Promise<void>;
  /** Removes a queue with all its messages, held ones included. Unknown names are fine. */
  dropQueue(queue: string): Promise<void>;

  /** Every queue known, temporary ones included. */
  queues(): Promise<QueueInfo[]>;
  /**
   * Copies up to `limit` ready messages in queue order, from position `offset`, no more than fit into `maxBytes` (at least
   * one message; left out = no such bound). Nothing is claimed.
   */
  browse(queue: string, offset: number, limit: number, maxBytes?: number): Promise<Message[]>;
  /** Deletes up to `limit` ready messages from the head; returns how many. Call again until 0. */
  purge(queue: string, limit: number): Promise<number>;

  /** The nodes that share this store, this one included, with what each said of itself a beat ago. */
  nodes(): Promise<NodeInfo[]>;
  /** Gives a node a command, which reaches its `onCommand` within a second; false if there is no such node. */
  tell(node: string, command: string): Promise<boolean>;

  /** Finishes what was given to `apply`, releases nothing, and lets go of files and links. Idempotent. */
  close(): Promise<void>;
}

/** What RECEIPT means: taken in memory, flushed to this node's disk, or copied to another machine. */
export type ReceiptLevel = 'accepted' | 'fsync' | 'replica';

export interface EngineEvents {
  /**
   * A topic message for this node's watchers, own and remote ones alike, in publisher order. `position` says where it
   * stands in the topic's log, if it was published into one.
   */
  onMessage(topic: string, message: Message, position: LogPosition | undefined): void;
  /** A hint, never a promise: the queue may have something to claim. */
  onReady(queue: string): void;
  /** A hint, never a promise: `claimDead` may find something. */
  onDead(): void;
  /**
   * Messages of topics were lost on the way and cannot be healed: of those that match `pattern`, about `count`; 0 = it
   * cannot be known how many.
   */
  onGap(pattern: string, count: number): void;
  /** The store forgot what it had acknowledged (a failover, a restart without persistence): `detail` is for people. */
  onLoss(loss: { readonly groups: number; readonly detail: string }): void;
  /** A hold of this node's ended without its doing: another took it, or the subscription is gone. */
  onEvicted(queue: string, holder: string): void;
  /** Another node, or this one, sent this node a command by `tell`. */
  onCommand(command: string): void;
  /** The store can no longer keep its word (a flush failed). Nothing is acknowledged after it; the process should end. */
  onFatal(error: Error): void;
}

/** An atomic unit of work. */
export interface Group {
  readonly operations: readonly Operation[];
  /** `durable` resolves at the receipt level; `volatile` (plain topics, temporary queues) never waits for a disk. */
  readonly lane: Lane;
  /** Ties pipelined groups of one session together; none = on its own. */
  readonly chain?: Chain;
}

export type Lane = 'durable' | 'volatile';

/** Shared by the groups of one session: the engine breaks it when one of them fails. */
export interface Chain {
  broken: boolean;
}

export type Operation =
  /** Puts a message at the end of a queue, which comes into being with it. To a temporary queue that is gone: dropped. */
  | { readonly kind: 'enqueue'; readonly queue: string; readonly message: Message; readonly once?: Once }
  /**
   * Gives a message to everyone who watches the topic, and keeps it in the topic's log if there are bounds for one. `isKept`:
   * durable subscriptions keep it, as far as the node knows, so it takes the durable lane; if they do, it is kept in any case.
   */
  | { readonly kind: 'publish'; readonly topic: string; readonly message: Message; readonly log?: LogBounds; readonly isKept?: boolean; readonly once?: Once }
  /**
   * Removes a held message for good. `late`: one that was given back is removed if it is still at rest; if it is gone or
   * held again (by whom, is for its new holder to settle) that is counted as a miss and is no failure.
   */
  | { readonly kind: 'settle'; readonly queue: string; readonly seq: number; readonly late?: boolean }
  /** Returns a held message to its original place; not before `dueAt`, if there is one. */
  | { readonly kind: 'release'; readonly queue: string; readonly seq: number; readonly reason: ReleaseReason; readonly dueAt?: number }
  /** Settles a held message and enqueues `message` elsewhere in one step: dead letters. */
  | { readonly kind: 'move'; readonly queue: string; readonly seq: number; readonly to: string; readonly message: Message };

/**
 * Makes an operation happen once: where one with the same key was applied less than its `windowMs` ago, by whichever node,
 * this one is a repeat. It is left out; the rest of its group is applied. Remembered as durably as a queued message, so it
 * is for the durable lane.
 */
export interface Once {
  /** At most 255 octets, and best short: each is remembered. */
  readonly key: string;
  /** From when the first was applied; a repeat does not prolong it. */
  readonly windowMs: number;
}

/**
 * Why a message came back, and so what is counted: `undelivered` (never left this node: nothing), `nack` (a failure),
 * `gone` (its holder vanished: a recovery).
 */
export type ReleaseReason = 'undelivered' | 'nack' | 'gone';

export type Outcome =
  /** `missed`: how many late settles found nothing. `repeats`: how many operations were left out, see `Once`. */
  | { readonly ok: true; readonly missed: number; readonly repeats: number }
  | { readonly ok: false; readonly failure: Failure };

export interface Failure {
  readonly code: FailureCode;
  readonly certainty: 'not-stored' | 'outcome-unknown';
  /** For people: what failed and what to do. */
  readonly detail: string;
}

/** What the port's questions and wishes reject with, where a group would get the failure as its outcome. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.detail);
    this.failure = failure;
  }
}

export type FailureCode =
  /** No room on the disk for another message; settling goes on. */
  | 'disk-full'
  /** No room in the store's memory. */
  | 'memory-limit'
  /** A settle, release or move of a message this node does not hold. */
  | 'not-held'
  /** An earlier group of the same chain failed. */
  | 'chain-broken'
  /** The store could not be reached in time. */
  | 'store-unreachable'
  /** The store failed or is closed. */
  | 'store-failed';

/** One consumer's wish in a claim. */
export interface ConsumerWant {
  /** Messages it takes at most. */
  readonly credit: number;
  /** Names the consumer in this node; without one it is a consumer called ''. */
  readonly consumer?: string;
  /** -128 to 127; 0 if left out. */
  readonly priority?: number;
  /** It takes nothing but what this matches. */
  readonly selector?: MessageSelector;
}

/** Which messages a consumer wants. Says the same of a message whenever it is asked. */
export interface MessageSelector {
  /** Two of the same text match the same messages. */
  readonly text: string;
  matches(message: Message): boolean;
}

/** A message now held by this node. */
export interface Claimed {
  /** Its place and name in the queue; grows in arrival order. */
  readonly seq: number;
  readonly message: Message;
  /** Index of the want it was given to. */
  readonly want: number;
  /** How often it was nacked. */
  readonly failures: number;
  /** How often its holder (consumer, node) vanished with it. */
  readonly recoveries: number;
  /** Its group is this consumer's from now on: nothing of it was in flight. Left out where that is not so. */
  readonly isFirstOfGroup?: boolean;
  /** Of a durable subscription: messages before this one that its bounds did not let it keep. Left out = none. */
  readonly missed?: number;
}

/** A message whose end has come, now held by this node. */
export interface Dead extends Pick<Claimed, 'seq' | 'message' | 'failures' | 'recoveries'> {
  readonly queue: string;
  readonly reason: DeadReason;
}

/** Why a message came to its end in its queue: its time was over, or the queue had no room for it. */
export type DeadReason = 'expired' | 'maxlen';

export interface QueueInfo {
  readonly name: string;
  readonly temporary: boolean;
  readonly ready: number;
  readonly inFlight: number;
  /** Those whose time is not come: nobody can claim them, or sees them when browsing. */
  readonly scheduled: number;
  /** Those whose end has come, and whom nobody has claimed as such. */
  readonly dead: number;
  /** Octets of all of them. */
  readonly bytes: number;
}

/** What a durable subscription is. */
export interface DurableTerms {
  /** Its topics: a name, or a pattern as for `watch`. */
  readonly pattern: string;
  /** Messages it does not select are stepped over; '' = all. */
  readonly selector: string;
  /** As its messages, its own client's are stepped over: the origin of who holds it; '' = those, too. */
  readonly noLocal: string;
  /** Any number of holders share its messages. */
  readonly isShared: boolean;
  /** What is kept for all of its pattern; the last one who comes decides. */
  readonly bounds: DurableBounds;
  /** It ends when nobody has held it for so many ms; 0 = never. */
  readonly expireAfterMs: number;
}

/** The newest messages within all of these; 0 = no such bound. */
export interface DurableBounds {
  readonly maxMessages: number;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

export type HoldOutcome = { readonly ok: true; readonly isNew: boolean } | { readonly ok: false; readonly refusal: HoldRefusal };

export type HoldRefusal =
  /** Somebody else holds it: by which node, '' = this one. */
  | { readonly reason: 'held'; readonly node: string; readonly holder: string }
  /** It is held with another pattern or selector. */
  | { readonly reason: 'in-use'; readonly pattern: string; readonly selector: string };

export interface DurableInfo {
  /** Of its queue. */
  readonly name: string;
  readonly pattern: string;
  readonly selector: string;
  readonly isShared: boolean;
  readonly holderCount: number;
  /** Messages it has not looked at yet. */
  readonly backlog: number;
  /** Given back and not yet claimed again. */
  readonly ready: number;
  readonly inFlight: number;
  /** Since when nobody has held it, ms since the epoch; 0 = it is held. */
  readonly unusedSince: number;
}

/** What a topic's log keeps: the newest messages within all of these. 0 = no such bound. */
export interface LogBounds {
  readonly maxMessages: number;
  readonly maxAgeMs: number;
}

/**
 * A place in a topic's log. Offsets grow by one from 1; the epoch is another whenever the numbering began anew, so that
 * places of a log that was lost are never taken for places of its successor.
 */
export interface LogPosition {
  readonly epoch: string;
  readonly offset: number;
}

export interface LogEntry {
  readonly offset: number;
  readonly message: Message;
}

export interface LogPage {
  /** '' = the topic keeps no log. */
  readonly epoch: string;
  /** Offset of the newest message ever put in, 0 if there was none. */
  readonly last: number;
  /** In order. */
  readonly entries: readonly LogEntry[];
  /**
   * Nothing is missing between `after` and the first entry (or `last`, if there is none): the epoch is the same and
   * nothing in between was trimmed or lost. True when `after` was left out and nothing was ever trimmed.
   */
  readonly isComplete: boolean;
}

/** Who starts an engine. */
export interface NodeSelf {
  /** Unique in the cluster for ever. */
  readonly id: string;
  /** Of the program. */
  readonly version: string;
  /** Asked at each beat. */
  load(): NodeLoad;
}

/** What a node says of itself. */
export interface NodeLoad {
  readonly connections: number;
  readonly sessions: number;
  readonly subscriptions: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
  /** Resident memory, octets. */
  readonly memoryBytes: number;
  /** Where clients reach it, as a URL or `host:port`; '' = nowhere. */
  readonly address: string;
}

export interface NodeInfo extends NodeLoad {
  readonly id: string;
  readonly version: string;
  /** Ms since the epoch, by the store's clock. */
  readonly startedAt: number;
  readonly seenAt: number;
}

export interface EngineHealth {
  /** `down`: the store is out of reach for now; what needs it waits or fails. */
  readonly state: 'up' | 'down' | 'failed';
  /** What can lose data or surprise, each a sentence for the operator. */
  readonly warnings: readonly string[];
  /** What else is known, e.g. `{ appendonly: 'yes', replicas: 1, lostGroups: 0 }`. */
  readonly facts: Readonly<Record<string, string | number | boolean>>;
}

/** What the names of temporary queues (and the broker's own topics) begin with; no client can write such a name. */
export const TEMPORARY_PREFIX = 'temp:';

/** Where messages rest that are to be sent later, or again and again. */
export const SCHEDULE_QUEUE = 'scheduled:jobs';

/** Names that no client can write. */
export const RESERVED_PREFIXES: readonly string[] = [TEMPORARY_PREFIX, 'scheduled:', DURABLE_PREFIX];

export const isTemporaryQueue = (queue: string): boolean => queue.startsWith(TEMPORARY_PREFIX);
