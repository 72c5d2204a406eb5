import type { Timer, Timers } from '../lib/timers.ts';
import type { Advisories } from './advisories.ts';
import { isTemporaryQueue, type Dead, type Engine, type Operation } from './engine.ts';
import type { Log } from './log.ts';
import type { Policies } from './policies.ts';
import { asDeadLetter, deathInQueue } from './redelivery.ts';

export interface UndertakerParts {
  readonly engine: Engine;
  readonly policies: Policies;
  readonly advisories: Advisories | undefined;
  readonly log: Log;
  readonly timers: Timers;
}

/** What is asked for at a time. */
const BITE = 256;
const BITE_BYTES = 4 * 1024 * 1024;
/** After something could not be buried, nobody tries again for so long. */
const PAUSE_MS = 1_000;

/**
 * Buries what came to its end in a queue: drops it, or moves it where the queue's dead letters go, as the policy says.
 *
 *     idle --called--> at work --nothing left--> idle
 *                         |
 *                         +--something could not be buried: given back--> waiting --a while--> at work
 *
 * Each is a group of its own, so that one which cannot be buried holds up nobody.
 */
export class Undertaker {
  readonly #parts: UndertakerParts;
  #state: 'idle' | 'at work' | 'waiting' | 'stopped' = 'idle';
  #isCalled = false;
  #pause: Timer | undefined;

  constructor(parts: UndertakerParts) {
    this.#parts = parts;
  }

  /** There may be some. */
  call(): void {
    this.#isCalled = true;
    if (this.#state !== 'idle') return;
    this.#state = 'at work';
    this.#work().then(
      (isDone) => { this.#rest(isDone); },
      (error: unknown) => {
        this.#parts.log.error({ event: 'burial-failed', error });
        this.#rest(false);
      },
    );
  }

  /** Begins nothing any more. */
  stop(): void {
    this.#state = 'stopped';
    this.#pause?.cancel();
  }

  /** Tells whether all of them are buried. */
  async #work(): Promise<boolean> {
    while (this.#isCalled && this.#state === 'at work') {
      this.#isCalled = false;
      const dead = await this.#parts.engine.claimDead(BITE, BITE_BYTES);
      if (dead.length > 0) this.#isCalled = true;
      const buried = await Promise.all(dead.map((each) => this.#bury(each)));
      if (buried.includes(false)) return false;
    }
    return true;
  }

  #rest(isDone: boolean): void {
    if (this.#state !== 'at work') return;
    this.#state = isDone ? 'idle' : 'waiting';
    if (isDone && this.#isCalled) return this.call();
    if (isDone) return;
    this.#pause = this.#parts.timers.after(PAUSE_MS, () => {
      if (this.#state !== 'waiting') return;
      this.#state = 'idle';
      this.call();
    });
  }

  async #bury(dead: Dead): Promise<boolean> {
    const { engine, log } = this.#parts;
    const { queue, seq } = dead;
    const lane = isTemporaryQueue(queue) ? 'volatile' : 'durable';
    const outcome = await engine.apply({ operations: this.#burial(dead), lane });
    // Somebody else has it by now.
    if (outcome.ok || outcome.failure.code === 'not-held') return true;
    log.warn({ event: 'not-buried', queue, detail: outcome.failure.detail });
    if (outcome.failure.certainty === 'not-stored') await engine.apply({ operations: [{ kind: 'release', queue, seq, reason: 'undelivered' }], lane });
    return false;
  }

  #burial({ queue, seq, message, reason, failures, recoveries }: Dead): Operation[] {
    const { policies, advisories } = this.#parts;
    const fate = policies.fateOfDead(queue, reason);
    if (fate.kind !== 'move') return [{ kind: 'settle', queue, seq }];
    const letter = asDeadLetter(message, queue, fate.to, deathInQueue(reason, message, { failures, recoveries }));
    const move: Operation = { kind: 'move', queue, seq, to: fate.to, message: letter };
    return advisories ? [move, advisories.deadLettered('queue', queue, fate.to, letter)] : [move];
  }
}
