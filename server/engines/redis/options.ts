import type { ReceiptLevel } from '../../broker/engine.ts';
import type { Redis } from './link/link.ts';

/** Sizes are octets, times ms. */
export interface RedisEngineOptions {
  /** Where the store is, from `connectRedis`. */
  readonly redis: Redis;
  /** What all keys and channels begin with: clusters with different prefixes share a Redis without knowing. */
  readonly prefix: string;
  /**
   * What a receipt has to promise at least. `accepted`: the primary has it; `fsync`: Redis flushes every write;
   * `replica`: others have it, too. The engine does not start where the store cannot keep it.
   */
  readonly receipts: ReceiptLevel;
  /** Replicas that must have a write before its receipt, for `replica`. */
  readonly replicas: number;
  /** A node that was silent for so long is dead: what it held goes back. */
  readonly leaseMs: number;
  /** How often a node says that it lives; more often where the lease is shorter than six of these. */
  readonly beatMs: number;
  /** How long work waits for a store that cannot be reached before it fails. */
  readonly waitMs: number;
  /** What the shared log may take, from which a node that missed topic messages is healed. */
  readonly topicLogBytes: number;
}

export const DEFAULT_REDIS_ENGINE_OPTIONS: Omit<RedisEngineOptions, 'redis'> = Object.freeze({
  prefix: 'stompede',
  receipts: 'accepted',
  replicas: 1,
  leaseMs: 15_000,
  beatMs: 1_000,
  waitMs: 10_000,
  topicLogBytes: 32 * 1024 * 1024,
});
