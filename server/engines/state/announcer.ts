import type { EngineEvents } from '../../broker/engine.ts';
import type { Announcement, Publication } from './effect.ts';
import type { Interest } from './interest.ts';

/**
 * Hands up what was committed, after the call that committed it has returned: topic messages in the order of their
 * commits, then one hint for each queue, however often it became ready, and one for all the dead. So everything of one turn goes out together,
 * and no listener runs in the middle of someone's `apply`.
 */
export class Announcer {
  readonly #events: Pick<EngineEvents, 'onMessage' | 'onReady' | 'onDead' | 'onEvicted'>;
  readonly #interest: Interest;
  #publications: Publication[] = [];
  readonly #ready = new Set<string>();
  #hasDead = false;
  #isDue = false;
  #isClosed = false;

  constructor(events: Pick<EngineEvents, 'onMessage' | 'onReady' | 'onDead' | 'onEvicted'>, interest: Interest) {
    this.#events = events;
    this.#interest = interest;
  }

  add(announcement: Announcement): void {
    for (const queue of announcement.ready) this.#ready.add(queue);
    for (const publication of announcement.publications) {
      if (this.#interest.mayWant(publication.topic)) this.#publications.push(publication);
    }
    this.#schedule();
  }

  hint(queue: string): void {
    if (this.#isClosed) return;
    this.#ready.add(queue);
    this.#schedule();
  }

  /** Something has come to its end. */
  hintDead(): void {
    this.#hasDead = true;
    this.#schedule();
  }

  /** Tells the holders of a durable subscription that ended. */
  evicted(queue: string, holders: Iterable<string>): void {
    for (const holder of holders) {
      queueMicrotask(() => {
        if (!this.#isClosed) this.#events.onEvicted(queue, holder);
      });
    }
  }

  /** The same once others had their turn: who has much to look through must not keep the event loop from them. */
  hintLater(queue: string): void {
    setImmediate(() => {
      this.hint(queue);
    });
  }

  /** Nothing is handed up from now on. */
  close(): void {
    this.#isClosed = true;
    this.#publications = [];
    this.#ready.clear();
    this.#hasDead = false;
  }

  #schedule(): void {
    if (this.#isDue || this.#isClosed || (this.#publications.length === 0 && this.#ready.size === 0 && !this.#hasDead)) return;
    this.#isDue = true;
    queueMicrotask(this.#announce);
  }

  /** A listener that throws is a fault for the process to see; the messages behind it only come a little later. */
  readonly #announce = (): void => {
    const publications = this.#publications;
    const ready = [...this.#ready];
    this.#publications = [];
    this.#ready.clear();
    this.#isDue = false;
    let next = 0;
    try {
      while (next < publications.length && !this.#isClosed) {
        const { topic, message, position } = publications[next++]!;
        this.#events.onMessage(topic, message, position);
      }
      while (ready.length > 0 && !this.#isClosed) this.#events.onReady(ready.shift()!);
      if (this.#hasDead && !this.#isClosed) {
        this.#hasDead = false;
        this.#events.onDead();
      }
    } finally {
      const left = publications.slice(next);
      if (!this.#isClosed && (left.length + ready.length > 0 || this.#hasDead)) {
        this.#publications = [...left, ...this.#publications];
        for (const queue of ready) this.#ready.add(queue);
        this.#schedule();
      }
    }
  };
}
