import { Client } from './client.ts';
import type { Dialect } from './dialect.ts';
import type { Histogram } from './histogram.ts';
import { NatsDialect } from './nats-dialect.ts';
import { StompDialect } from './stomp-dialect.ts';
import type { Target } from './target.ts';

/** How many clients log in at the same time unless said otherwise. */
const CONCURRENCY = 64;

/** The clients of one job. The first thing that goes wrong with any of them rejects `guard`. */
export class Fleet {
  readonly dialect: Dialect;
  readonly #target: Target;
  readonly #clients: Client[] = [];
  readonly #failed: Promise<never>;
  readonly fail: (why: string) => void;

  constructor(target: Target) {
    this.#target = target;
    this.dialect = target.protocol === 'nats' ? new NatsDialect() : new StompDialect(target.confirmsSubscribe);
    const { promise, reject } = withReject();
    this.#failed = promise;
    this.fail = (why) => reject(new Error(why));
    this.#failed.catch(heardByGuard);
  }

  get clients(): readonly Client[] {
    return this.#clients;
  }

  /** Logs in `count` more, `concurrency` at a time; `latency` records from the start of each to its login's end. */
  async open(count: number, { concurrency = CONCURRENCY, latency }: { concurrency?: number; latency?: Histogram } = {}): Promise<Client[]> {
    const from = this.#clients.length;
    let next = from;
    const row = async (): Promise<void> => {
      while (next < from + count) {
        const index = next++;
        const startedAt = performance.now();
        this.#clients[index] = await Client.open(this.#target, this.dialect, index, this.fail);
        latency?.record((performance.now() - startedAt) * 1000);
      }
    };
    await this.guard(Promise.all(Array.from({ length: Math.min(concurrency, count) }, row)));
    return this.#clients.slice(from);
  }

  /** Runs `step` for each client, `CONCURRENCY` at a time. */
  async each(clients: readonly Client[], step: (client: Client) => Promise<void>): Promise<void> {
    let next = 0;
    const row = async (): Promise<void> => {
      while (next < clients.length) await step(clients[next++]!);
    };
    await this.guard(Promise.all(Array.from({ length: CONCURRENCY }, row)));
  }

  /** Resolves with `work`, unless a client fails before. */
  guard<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#failed]);
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    this.#clients.length = 0;
  }
}

/** A failure while nobody is in `guard` is found by the next one who is; until then it is not unhandled. */
const heardByGuard = (): void => {};

function withReject(): { promise: Promise<never>; reject: (error: Error) => void } {
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<never>((_, refuse) => (reject = refuse));
  return { promise, reject };
}
