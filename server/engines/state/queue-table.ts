import { isTemporaryQueue } from '../../broker/engine.ts';
import { Fifo } from '../../lib/fifo.ts';
import { Queue } from './queue.ts';

/**
 * The queues by name. One comes into being when it is first needed. One that is empty is forgotten, so that memory does
 * not grow with names used once, but not at once: the last few hundred stay, because a queue whose consumers keep up is
 * empty after every message. Temporary queues stay until they are removed.
 */
export class QueueTable<Stored> {
  /** Octets of all entries, staged ones included. */
  bytes = 0;
  /** The last number given to an entry. */
  lastSeq = 0;
  readonly #queues = new Map<string, Queue<Stored>>();
  /** Names of queues that were found empty, the longest ago first: names, or a dropped queue would be kept alive here. */
  readonly #idle = new Fifo<string>();

  /** Queues remembered, the empty ones included. */
  get size(): number {
    return this.#queues.size;
  }

  get(name: string): Queue<Stored> | undefined {
    return this.#queues.get(name);
  }

  /** Undefined for a temporary queue that is gone: those come into being by `addTemporary` only. */
  getOrAdd(name: string): Queue<Stored> | undefined {
    const queue = this.#queues.get(name);
    if (queue || isTemporaryQueue(name)) return queue;
    return this.#add(name, false);
  }

  addTemporary(name: string): Queue<Stored> {
    if (!isTemporaryQueue(name)) throw new Error(`expected the name of a temporary queue, got ${name}`);
    return this.#queues.get(name) ?? this.#add(name, true);
  }

  /** Returns the queue as it was. */
  remove(name: string): Queue<Stored> | undefined {
    const queue = this.#queues.get(name);
    if (!queue) return undefined;
    this.#queues.delete(name);
    queue.isDropped = true;
    this.bytes -= queue.bytes;
    return queue;
  }

  /** To be called when a queue may have become empty. */
  retire(queue: Queue<Stored>): void {
    if (queue.temporary || !queue.isEmpty || queue.isIdle) return;
    this.#idle.push(queue.name);
    queue.isIdle = true;
    if (this.#idle.length > IDLE_KEPT) this.#forget(this.#idle.shift()!);
  }

  /** Those that have something in them, the temporary ones, and those of durable subscriptions. */
  *known(): Iterable<Queue<Stored>> {
    for (const queue of this.#queues.values()) {
      if (queue.temporary || queue.hasEntries || queue.subscription) yield queue;
    }
  }

  #forget(name: string): void {
    const queue = this.#queues.get(name);
    if (!queue) return;
    queue.isIdle = false;
    if (queue.isEmpty) this.#queues.delete(name);
  }

  #add(name: string, temporary: boolean): Queue<Stored> {
    const queue = new Queue<Stored>(name, temporary);
    this.#queues.set(name, queue);
    return queue;
  }
}

const IDLE_KEPT = 256;
