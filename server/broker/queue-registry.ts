import type { Policies } from './policies.ts';
import { QueueDispatcher, type DispatcherOptions } from './queue-dispatcher.ts';

/** What the dispatchers have in common. */
export interface QueueRegistryOptions extends Omit<DispatcherOptions, 'queue' | 'terms'> {
  readonly policies: Policies;
}

/** The dispatchers of this node: one for each queue that has a consumer here, none for the others. */
export class QueueRegistry {
  readonly #options: QueueRegistryOptions;
  readonly #dispatchers = new Map<string, QueueDispatcher>();
  #isStopped = false;

  constructor(options: QueueRegistryOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#dispatchers.size;
  }

  /** Has the queue a consumer on this node? */
  has(queue: string): boolean {
    return this.#dispatchers.has(queue);
  }

  findOrCreate(queue: string): QueueDispatcher {
    let dispatcher = this.#dispatchers.get(queue);
    if (!dispatcher) {
      const terms = this.#options.policies.failureTerms(queue);
      this.#dispatchers.set(queue, (dispatcher = new QueueDispatcher({ ...this.#options, queue, terms })));
      if (this.#isStopped) dispatcher.stop();
    }
    return dispatcher;
  }

  /** The engine's hint. Without a consumer here it is better given to another node. */
  ready(queue: string): void {
    const dispatcher = this.#dispatchers.get(queue);
    if (dispatcher) dispatcher.hinted();
    else this.#options.engine.leave(queue);
  }

  /**
   * Stops and forgets a dispatcher without consumers. What is still under way there ends by itself: claims go back, taken
   * deliveries are settled, and a new dispatcher of the same queue does not disturb them.
   */
  retire(dispatcher: QueueDispatcher): void {
    if (dispatcher.consumerCount > 0) return;
    dispatcher.stop();
    this.#dispatchers.delete(dispatcher.queue);
    this.#options.engine.leave(dispatcher.queue);
  }

  /** No more dispatch, not for newcomers either: the node is being drained. */
  stop(): void {
    this.#isStopped = true;
    for (const dispatcher of this.#dispatchers.values()) {
      dispatcher.stop();
      this.#options.engine.leave(dispatcher.queue);
    }
  }
}
