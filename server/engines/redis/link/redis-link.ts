import type { Script } from '../script.ts';
import type { Dialler } from './dialler.ts';
import { Keeper } from './keeper.ts';
import { LinkLostError, type Argument, type Link, type LinkEvents, type Reply } from './link.ts';

/** A link by either library: what goes on in it is told above `Keeper` and `Calls`. */
export class RedisLink implements Link {
  readonly #keeper: Keeper;

  constructor(dialler: Dialler, name: string, events: LinkEvents) {
    this.#keeper = new Keeper({
      dial: (signal) => dialler.dialForCalls(name, signal),
      greet: (connection) => events.greet(connection),
      onUp: () => events.onUp(),
      onDown: (error) => events.onDown(error),
      onDialFailed: (error) => events.onDialFailed?.(error),
    });
  }

  get isUp(): boolean {
    return this.#keeper.up !== undefined;
  }

  command(args: readonly Argument[]): Promise<Reply> {
    return this.#keeper.up?.command(args) ?? refused();
  }

  run(script: Script, key: string, args: readonly Argument[]): Promise<Reply> {
    return this.#keeper.up?.run(script, key, args) ?? refused();
  }

  drop(reason: string): void {
    this.#keeper.drop(reason);
  }

  close(): Promise<void> {
    return this.#keeper.close();
  }
}

function refused(): Promise<never> {
  return Promise.reject(new LinkLostError('the link to Redis is down', false));
}
