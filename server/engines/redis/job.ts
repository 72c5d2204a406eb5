import { isTemporaryQueue, type Chain, type Failure, type Group, type Once, type Operation, type Outcome } from '../../broker/engine.ts';
import { messageBytes } from '../../broker/message.ts';

/** What goes to the store by a lane: operations of the port, and those changes of queues that must happen once as well. */
export type StoreOperation =
  | Operation
  | { readonly kind: 'create' | 'drop'; readonly queue: string }
  | { readonly kind: 'purge'; readonly queue: string; readonly limit: number };

/**
 * The node's own settling and giving back, asked for by no session: nobody would ask again, and what is held by a node that
 * lives is never given to another. So it waits for as long as the store is away.
 */
export const outlastsOutages = ({ operations, chain }: StoreGroup): boolean =>
  !chain && operations.every(({ kind }) => kind === 'settle' || kind === 'release' || kind === 'move');

/** As the port's group, with those changes among its operations. */
export interface StoreGroup extends Omit<Group, 'operations'> {
  readonly operations: readonly StoreOperation[];
}

/** A release has to find its place; a drop asks for every node; a purge takes up to a thousand messages. */
const COSTS: Partial<Record<StoreOperation['kind'], number>> = { release: 2, drop: 16, purge: 1024 };

/** A group on its way; its outcome is given once, the first that comes. */
export class Job {
  readonly operations: readonly StoreOperation[];
  readonly chain: Chain | undefined;
  /** Its receipt promises what the store is asked to promise. */
  readonly isDurable: boolean;
  /** On the monotonic clock, ms: when it has waited enough; Infinity = only the node's end is the end of it. */
  readonly deadline: number;
  /** Octets of its messages, as byte caps count them. */
  readonly bytes: number;
  /** Messages it puts into queues at most. */
  readonly puts: number;
  /** Operations that are to happen once. */
  readonly onces: number;
  /** Operations, as far as the time of the script depends on them. */
  readonly cost: number;
  /** It brings new messages or keys, and so needs room; a dead letter takes that of the message it moves. */
  readonly grows: boolean;
  /** `Holds.count` when it was given: it speaks of none that came later. */
  holdCount = 0;
  /** A store that has forgotten it may have had it: what it sends may have been delivered. */
  isRepeat = false;
  #resolve: ((outcome: Outcome) => void) | undefined;

  /** `keeps` tells of a topic whether durable subscriptions keep what is published to it. */
  constructor({ operations, chain, lane }: StoreGroup, deadline: number, resolve: (outcome: Outcome) => void, keeps: (topic: string) => boolean = () => false) {
    this.operations = operations;
    this.chain = chain;
    this.isDurable = lane === 'durable';
    this.deadline = deadline;
    this.#resolve = resolve;
    let bytes = 0;
    let puts = 0;
    let grows = false;
    let onces = 0;
    let cost = 0;
    for (const operation of operations) {
      if (operation.kind === 'enqueue' || operation.kind === 'move') puts++;
      if (operation.kind === 'enqueue' || (operation.kind === 'publish' && (operation.log ?? keeps(operation.topic)))) grows = true;
      if (isOnce(operation)) onces++;
      cost += COSTS[operation.kind] ?? 1;
      if ('message' in operation) bytes += messageBytes(operation.message);
    }
    this.bytes = bytes;
    this.puts = puts;
    this.onces = onces;
    this.grows = grows || onces > 0;
    this.cost = Math.max(1, cost + onces);
  }

  get isAnswered(): boolean {
    return this.#resolve === undefined;
  }

  /** Applied; `missed` is what the script counted, be it something else for operations that the port has not. */
  done(missed: number, repeats: number): void {
    this.#answer({ ok: true, missed, repeats });
  }

  refuse(failure: Failure): void {
    if (this.chain) this.chain.broken = true;
    this.#answer({ ok: false, failure });
  }

  #answer(outcome: Outcome): void {
    this.#resolve?.(outcome);
    this.#resolve = undefined;
  }
}

/** Is it to be left out where its key was used? */
export const isOnce = (operation: StoreOperation): operation is StoreOperation & { readonly once: Once } => 'once' in operation && operation.once !== undefined;

/** The lane of work on one queue: temporary ones never wait for a disk. */
export const laneOfQueue = (queue: string): 'durable' | 'volatile' => (isTemporaryQueue(queue) ? 'volatile' : 'durable');
