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
  /** What a resolved `apply` promises on the durable lane, read from the store itself, never more than it really does. */
  readonly receiptLevel: ReceiptLevel;

  /** Makes the engine ready. Rejects with a sentence for the operator when it cannot start (directory in use, …). */
  start(events: EngineEvents): Promise<void>;

  /**
   * Applies a group: all of it or nothing.
   * Order: groups of one lane take effect in the order of the calls; across lanes there is none.
   * Twice: never; the engine itself recognises what it sends again.
   * Failure: a value, not a rejection. `not-stored` changed nothing; `outcome-unknown` may have.
   * After a group of a chain failed, later groups of that chain fail with `chain-broken` and change nothing.
   */
  apply(group: Group): Promise<Outcome>;

  /**
   * Takes messages that are ready, in queue order, and holds them for this node until they are settled, released or
   * moved. The wants are served in turn, one message each, until credit, messages or `maxBytes` (at least one message)
   * run out. A node that got less than it wanted hears `onReady` when there is more.
   * A claim is remembered before its promise resolves, so that a crash afterwards gives the message back as redelivered.
   */
  claim(queue: string, wants: readonly ConsumerWant[], maxBytes: number): Promise<Claimed[]>;

  /** A message this node holds, once more, for the rare case that it is to be moved; undefined if it is not held. */
  readHeld(queue: string, seq: number): Promise<Message | undefined>;

  /** Resolves once topic messages that match (words by `.`, `*` one word, `#` zero or more) reach this node. Counted. */
  watch(pattern: string): Promise<void>;
  unwatch(pattern: string): void;

  /** Brings a temporary queue into being: held in memory of this node's store, never on its disk, gone with the node. */
  createTemporaryQueue(queue: string): Promise<void>;
  /** Removes a queue with all its messages, held ones included. Unknown names are fine. */
  dropQueue(queue: string): Promise<void>;

  /** Every queue known, temporary ones included. */
  queues(): Promise<QueueInfo[]>;
  /** Copies up to `limit` ready messages in queue order, from position `offset`; nothing is claimed. */
  browse(queue: string, offset: number, limit: number): Promise<Message[]>;
  /** Deletes up to `limit` ready messages from the head; returns how many. Call again until 0. */
  purge(queue: string, limit: number): Promise<number>;

  /** Finishes what was given to `apply`, releases nothing, and lets go of files and links. Idempotent. */
  close(): Promise<void>;
}

/** What RECEIPT means: taken in memory, flushed to this node's disk, or copied to another machine. */
export type ReceiptLevel = 'accepted' | 'fsync' | 'replica';

export interface EngineEvents {
  /** A topic message for this node's watchers, own and remote ones alike, in publisher order. */
  onMessage(topic: string, message: Message): void;
  /** A hint, never a promise: the queue may have something to claim. */
  onReady(queue: string): void;
  /** Messages of topics were lost on the way and cannot be healed. */
  onGap(pattern: string, count: number): void;
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
  | { readonly kind: 'enqueue'; readonly queue: string; readonly message: Message }
  /** Gives a message to everyone who watches the topic. */
  | { readonly kind: 'publish'; readonly topic: string; readonly message: Message }
  /**
   * Removes a held message for good. `late`: one that was given back is removed if it is still at rest; if it is gone or
   * held again (by whom, is for its new holder to settle) that is counted as a miss and is no failure.
   */
  | { readonly kind: 'settle'; readonly queue: string; readonly seq: number; readonly late?: boolean }
  /** Returns a held message to its original place. */
  | { readonly kind: 'release'; readonly queue: string; readonly seq: number; readonly reason: ReleaseReason }
  /** Settles a held message and enqueues `message` elsewhere in one step: dead letters. */
  | { readonly kind: 'move'; readonly queue: string; readonly seq: number; readonly to: string; readonly message: Message };

/**
 * Why a message came back, and so what is counted: `undelivered` (never left this node: nothing), `nack` (a failure),
 * `gone` (its holder vanished: a recovery).
 */
export type ReleaseReason = 'undelivered' | 'nack' | 'gone';

export type Outcome =
  /** `missed`: how many late settles found nothing. */
  { readonly ok: true; readonly missed: number } | { readonly ok: false; readonly failure: Failure };

export interface Failure {
  readonly code: FailureCode;
  readonly certainty: 'not-stored' | 'outcome-unknown';
  /** For people: what failed and what to do. */
  readonly detail: string;
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
  /** The store failed or is closed. */
  | 'store-failed';

/** One consumer's wish in a claim. */
export interface ConsumerWant {
  /** Messages it takes at most. */
  readonly credit: number;
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
}

export interface QueueInfo {
  readonly name: string;
  readonly temporary: boolean;
  readonly ready: number;
  readonly inFlight: number;
  /** Octets of ready and held messages. */
  readonly bytes: number;
}

/** What the names of temporary queues (and the broker's own topics) begin with; no client can write such a name. */
export const TEMPORARY_PREFIX = 'temp:';

export const isTemporaryQueue = (queue: string): boolean => queue.startsWith(TEMPORARY_PREFIX);
