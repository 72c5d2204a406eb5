import { CLOSE_REASONS } from '../broker/close-reason.ts';
import type { Peer } from '../broker/peer.ts';
import type { Timer, Timers } from '../lib/timers.ts';

/** How a transport ends. All in ms. */
export interface DrainOptions {
  /** Over which the goodbyes are spread, so that not all clients come back to the other nodes at once. */
  readonly spreadMs: number;
  /** How long after the last goodbye a connection may still take to end. */
  readonly graceMs: number;
}

/** Goodbyes closer together than this leave together. */
const STEP_MS = 50;

/** A cut socket reports it within a turn or two; this only keeps the promise bounded whatever happens. */
const LAST_RESORT_MS = 1_000;

/** The connections of one transport. */
export class OpenPeers {
  readonly #timers: Timers;
  readonly #peers = new Set<Peer>();
  #whenEmpty: (() => void) | undefined = undefined;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  get count(): number {
    return this.#peers.size;
  }

  add(peer: Peer): void {
    this.#peers.add(peer);
  }

  delete(peer: Peer): void {
    this.#peers.delete(peer);
    if (this.#peers.size === 0) this.#whenEmpty?.();
  }

  /** Closes all, a few at a time, then cuts who is left. Resolves when none is, or by the sum of the two spans. */
  async drain({ spreadMs, graceMs }: DrainOptions): Promise<void> {
    if (this.#peers.size === 0) return;
    const peers = [...this.#peers];
    const groups = Math.min(peers.length, Math.max(1, Math.floor(spreadMs / STEP_MS)));
    const deadlines: Timer[] = [];
    await new Promise<void>((resolve) => {
      this.#whenEmpty = resolve;
      for (let i = 0; i < groups; i++) {
        const group = peers.slice(Math.floor((i * peers.length) / groups), Math.floor(((i + 1) * peers.length) / groups));
        deadlines.push(this.#timers.after((i * spreadMs) / groups, () => {
          for (const peer of group) peer.close(CLOSE_REASONS.shutdown);
        }));
      }
      deadlines.push(this.#timers.after(spreadMs + graceMs, () => {
        for (const peer of this.#peers) peer.destroy(CLOSE_REASONS.shutdown);
      }));
      deadlines.push(this.#timers.after(spreadMs + graceMs + LAST_RESORT_MS, resolve));
    });
    for (const deadline of deadlines) deadline.cancel();
  }
}
