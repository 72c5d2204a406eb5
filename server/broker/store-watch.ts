import type { Clock } from '../lib/clock.ts';
import type { Timers } from '../lib/timers.ts';
import type { Engine } from './engine.ts';
import type { Log } from './log.ts';

export interface StoreWatchOptions {
  readonly engine: Pick<Engine, 'health'>;
  readonly timers: Timers;
  readonly clock: Clock;
  readonly log: Log;
}

/** How often the store's health is looked at, in ms. */
const LOOK_MS = 1_000;
/** A store may be out of reach for so long, in ms, before new connections are better sent to another node. */
const PATIENCE_MS = 5_000;

/**
 * Looks at the store's health now and then: tells the log when the store goes out of reach and when it is back, tells
 * each warning once for as long as it lasts, and knows for how long the store has been away.
 */
export class StoreWatch {
  readonly #options: StoreWatchOptions;
  #downSince: number | undefined;
  #warnings: readonly string[] = [];

  constructor(options: StoreWatchOptions) {
    this.#options = options;
  }

  /** The store is out of reach, and not just for a moment. */
  get isLongDown(): boolean {
    return this.#downSince !== undefined && this.#options.clock.monotonic() - this.#downSince >= PATIENCE_MS;
  }

  /** Looks from now on until the timers are closed. */
  start(): void {
    this.#look();
    this.#options.timers.after(LOOK_MS, () => {
      this.start();
    });
  }

  #look(): void {
    const { engine, clock, log } = this.#options;
    const { state, warnings } = engine.health();
    for (const warning of warnings) if (!this.#warnings.includes(warning)) log.warn({ event: 'store-warning', warning });
    this.#warnings = warnings;
    if (state === 'down' && this.#downSince === undefined) {
      this.#downSince = clock.monotonic();
      log.warn({ event: 'store-down' });
    } else if (state !== 'down' && this.#downSince !== undefined) {
      const downMs = Math.round(clock.monotonic() - this.#downSince);
      this.#downSince = undefined;
      log.info({ event: state === 'up' ? 'store-up' : 'store-failed', downMs });
    }
  }
}
