import { setTimeout as wait } from 'node:timers/promises';
import { EngineError } from '../../broker/engine.ts';
import { memoryLimit, refused, unreachable } from './failures.ts';
import type { Keys } from './keys.ts';
import { LinkLostError, ReplyError, type Argument, type Link, type Reply } from './link/link.ts';
import { listOf } from './reply.ts';
import type { Given, Script } from './script.ts';
import { call } from './scripts.ts';

/** Between two attempts, in ms. */
const AGAIN_MS = 50;

/** What may be asked any number of times: asked again while the store is away; who has asked for long enough is told with an `EngineError`. */
export class Questions {
  readonly #keys: Keys;
  readonly #link: Link;
  readonly #waitMs: number;

  constructor(keys: Keys, link: Link, waitMs: number) {
    this.#keys = keys;
    this.#link = link;
    this.#waitMs = waitMs;
  }

  /** Waits for what comes by itself. */
  async until(isSo: () => boolean): Promise<void> {
    const deadline = performance.now() + this.#waitMs;
    while (!isSo()) {
      if (performance.now() > deadline) throw new EngineError(unreachable);
      await wait(AGAIN_MS);
    }
  }

  /** `given` is read for each attempt: the node may be another member by then. */
  async ask<Name extends string>(script: Script<Name>, given: () => Given<NoInfer<Name>>, more: readonly Argument[] = []): Promise<readonly Reply[]> {
    const deadline = performance.now() + this.#waitMs;
    for (;;) {
      try {
        if (this.#link.isUp) return listOf(await call(this.#link, this.#keys, script, given(), more));
      } catch (error) {
        if (error instanceof ReplyError) throw new EngineError(error.code === 'OOM' ? memoryLimit : refused(error.message));
        if (!(error instanceof LinkLostError)) throw error;
      }
      if (performance.now() > deadline) throw new EngineError(unreachable);
      await wait(AGAIN_MS);
    }
  }
}
