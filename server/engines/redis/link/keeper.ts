import type { Connection } from './connection.ts';

export interface KeeperEvents {
  /** Finds and dials; `signal` ends it. */
  dial(signal: AbortSignal): Promise<Connection>;
  /** First words on a fresh connection; rejecting ends it. */
  greet(connection: Connection): Promise<void>;
  onUp(): void;
  onDown(error: Error): void;
  onDialFailed(error: Error): void;
}

/** After the first failure, doubling. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;

/** A connection that was up for less counts as one more failure: somebody may throw us out as soon as we come. */
const STEADY_MS = 100;

/**
 * Keeps a connection up: dials, greets, waits for its end, and begins again, for ever.
 *
 *     dialling --> greeting --greeted--> up --it ended--> dialling
 *         \           \--failed, or ended--> pause --> dialling
 *          \----------------------- `close`, from anywhere --> closed
 *
 * After the loss of a steady connection it dials at once; each further failure doubles the pause, up to a second, and
 * chance shortens it by up to half, lest all nodes come at the same moment.
 */
export class Keeper {
  readonly #events: KeeperEvents;
  readonly #closing = new AbortController();
  readonly #kept: Promise<void>;
  /** The one being greeted, or up. */
  #present: Connection | undefined;
  #isUp = false;

  constructor(events: KeeperEvents) {
    this.#events = events;
    this.#kept = this.#keep();
  }

  /** The connection to use, while it is up. */
  get up(): Connection | undefined {
    return this.#isUp ? this.#present : undefined;
  }

  drop(reason: string): void {
    this.#present?.end(new Error(reason));
  }

  /** Ends whatever there is, without `onDown`, and resolves when nothing is left. Idempotent. */
  close(): Promise<void> {
    if (!this.#closing.signal.aborted) {
      const reason = new Error('the link was closed');
      this.#closing.abort(reason);
      this.#present?.end(reason);
    }
    return this.#kept;
  }

  async #keep(): Promise<void> {
    let failureCount = 0;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const upMs = await this.#live();
      failureCount = upMs >= STEADY_MS ? 0 : failureCount + 1;
      if (failureCount > 0) await pause(failureCount, signal);
    }
  }

  /** The life of one connection. Resolves at its end with the ms that it was up. */
  async #live(): Promise<number> {
    const { signal } = this.#closing;
    let connection: Connection;
    try {
      connection = await this.#events.dial(signal);
      await this.#greet(connection);
    } catch (error) {
      this.#present = undefined;
      if (!signal.aborted) this.#events.onDialFailed(error as Error);
      return 0;
    }
    const upAt = performance.now();
    await new Promise<void>((resolve) => {
      connection.onEnd = (error) => {
        this.#isUp = false;
        this.#present = undefined;
        resolve();
        if (!signal.aborted) this.#events.onDown(error);
      };
      this.#isUp = true;
      this.#events.onUp();
    });
    return performance.now() - upAt;
  }

  async #greet(connection: Connection): Promise<void> {
    this.#present = connection;
    try {
      await new Promise<void>((resolve, reject) => {
        connection.onEnd = reject;
        this.#events.greet(connection).then(resolve, reject);
      });
      this.#closing.signal.throwIfAborted();
    } catch (error) {
      connection.end(error as Error);
      throw error;
    }
  }
}

function pause(failureCount: number, signal: AbortSignal): Promise<void> {
  const longestMs = Math.min(FIRST_PAUSE_MS * 2 ** (failureCount - 1), LONGEST_PAUSE_MS);
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, longestMs * (1 - Math.random() / 2));
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
