import { randomBytes } from 'node:crypto';
import { TEMPORARY_PREFIX, type Engine } from './engine.ts';

/** A session's own queue or topic, named by the client, addressed by others. */
export interface Temporary {
  readonly kind: 'queue' | 'topic';
  /** What the engine knows it by. */
  readonly name: string;
  /** What `reply-to` becomes for others: anyone may SEND there. */
  readonly address: string;
}

/**
 * The temporary destinations of one session; they end with it.
 *
 * Both conventions work. RabbitMQ: `reply-to:/temp-queue/x` on a SEND is enough, replies come on an implicit
 * subscription whose id is `/temp-queue/x`. ActiveMQ: SUBSCRIBE to `/temp-queue/x`, then use it in `reply-to`. Either way
 * other sessions see an opaque address.
 */
export class Temporaries {
  readonly #engine: Engine;
  readonly #known = new Map<string, Temporary>();
  #isOver = false;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  get count(): number {
    return this.#known.size;
  }

  has(kind: Temporary['kind'], word: string): boolean {
    return this.#known.has(`${kind} ${word}`);
  }

  /** Finds or creates it; `created` resolves when the engine has it. */
  open(kind: Temporary['kind'], word: string): { temporary: Temporary; created: Promise<void> | undefined } {
    const key = `${kind} ${word}`;
    const known = this.#known.get(key);
    if (known) return { temporary: known, created: undefined };
    // Whoever knows the address may send there, so it must not be guessed.
    const opaque = randomBytes(16).toString('base64url');
    const prefix = kind === 'queue' ? '/reply-queue/' : '/remote-temp-topic/';
    const temporary: Temporary = { kind, name: temporaryName(kind, opaque), address: prefix + opaque };
    // A frame that was still being handled when the session ended: nobody would ever drop it.
    if (this.#isOver) return { temporary, created: undefined };
    this.#known.set(key, temporary);
    return { temporary, created: kind === 'queue' ? this.#engine.createTemporaryQueue(temporary.name) : undefined };
  }

  /** Ends all of them. */
  async drop(): Promise<void> {
    this.#isOver = true;
    const queues = [...this.#known.values()].filter((temporary) => temporary.kind === 'queue');
    this.#known.clear();
    await Promise.all(queues.map((temporary) => this.#engine.dropQueue(temporary.name)));
  }
}

/** The engine's name for someone's temporary, from the opaque part of its address. */
export const temporaryName = (kind: Temporary['kind'], opaque: string): string => `${TEMPORARY_PREFIX}${kind}:${opaque}`;
