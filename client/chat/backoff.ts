export interface Backoff {
  /** The pause after the first failure, before jitter. */
  readonly firstMs: number;
  /** No pause is longer. */
  readonly maxMs: number;
}

export const DEFAULT_BACKOFF: Backoff = Object.freeze({ firstMs: 1_000, maxMs: 20_000 });

/**
 * The pause before attempt number `attempt` (1 = the first one after a failure): doubled each time up to the maximum,
 * then cut by up to a half at random, so that the pages of a restarted broker do not all come back in one moment.
 */
export function pauseBefore(attempt: number, backoff: Backoff, random: () => number): number {
  const full = Math.min(backoff.maxMs, backoff.firstMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(full * (1 - random() / 2));
}
