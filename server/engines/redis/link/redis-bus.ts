import type { Connection } from './connection.ts';
import type { Dialler } from './dialler.ts';
import { Keeper } from './keeper.ts';
import type { Bus, BusEvents } from './link.ts';

/**
 * A connection that only listens. What it should listen to outlives connections; `#heard` is what the present one was
 * asked for. An exchange is sent at once, so exchanges take effect in the order of the calls.
 */
export class RedisBus implements Bus {
  readonly #keeper: Keeper;
  readonly #events: BusEvents;
  #wanted: ReadonlySet<string> = new Set();
  #heard: ReadonlySet<string> = new Set();

  constructor(dialler: Dialler, name: string, events: BusEvents) {
    this.#events = events;
    this.#keeper = new Keeper({
      dial: (signal) => dialler.dialForBus(name, signal),
      greet: (connection) => this.#greet(connection),
      onUp: () => events.onUp(),
      onDown: (error) => events.onDown(error),
      onDialFailed: (error) => events.onDialFailed?.(error),
    });
  }

  get isUp(): boolean {
    return this.#keeper.up !== undefined;
  }

  async listen(channels: readonly string[]): Promise<void> {
    this.#wanted = new Set(channels);
    const connection = this.#keeper.up;
    if (!connection) return;
    try {
      await this.#exchange(connection);
    } catch (error) {
      // Whatever ended the connection: the next one begins with what is wanted.
      if (!connection.hasEnded) throw error;
    }
  }

  drop(reason: string): void {
    this.#keeper.drop(reason);
  }

  close(): Promise<void> {
    return this.#keeper.close();
  }

  /** Messages that come before the owner knows that it is up are told right after. */
  async #greet(connection: Connection): Promise<void> {
    const early: [string, Buffer][] = [];
    connection.onMessage = (channel, payload) => {
      if (this.#keeper.up !== connection) return void early.push([channel, payload]);
      for (const [earlyChannel, earlyPayload] of early.splice(0)) this.#events.onMessage(earlyChannel, earlyPayload);
      this.#events.onMessage(channel, payload);
    };
    this.#heard = new Set();
    while (this.#wanted !== this.#heard) await this.#exchange(connection);
  }

  async #exchange(connection: Connection): Promise<void> {
    const [before, wanted] = [this.#heard, this.#wanted];
    this.#heard = wanted;
    await Promise.all([
      connection.subscribe([...wanted].filter((channel) => !before.has(channel))),
      connection.unsubscribe([...before].filter((channel) => !wanted.has(channel))),
    ]);
  }
}
