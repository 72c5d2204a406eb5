import type { DurableBounds } from './engine.ts';

/** What a policy says of the durable subscriptions to its topics; what is left out is as without it. */
export interface DurablePolicy extends Partial<DurableBounds> {
  /** One that nobody uses for so long ends; 0 = never. */
  readonly expireAfterMs?: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Nothing is let go of, and what nobody uses for a week ends. */
export const DEFAULT_DURABLE_POLICY: Required<DurablePolicy> = Object.freeze({ maxMessages: 0, maxBytes: 0, maxAgeMs: 0, expireAfterMs: 7 * DAY_MS });

/** For one that is to end with its last holder. */
export const ENDS_UNUSED_MS = 1;
