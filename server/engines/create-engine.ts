import type { Engine } from '../broker/engine.ts';
import { EmbeddedEngine } from './embedded/embedded-engine.ts';
import { MemoryEngine, type MemoryEngineOptions } from './memory/memory-engine.ts';
import type { RedisEngineOptions } from './redis/options.ts';

/** Sizes of the embedded engine in octets; 0 = what suits the volume. */
export interface EmbeddedSizes {
  readonly segmentBytes: number;
  readonly memoryBytes: number;
  readonly ballastBytes: number;
  readonly reserveBytes: number;
}

/** The Redis engine's own options, and the library that talks to Redis where a URL says which. */
export interface RedisSettings extends Omit<RedisEngineOptions, 'redis'> {
  readonly client: 'redis' | 'ioredis';
}

/** A client of `redis` or `ioredis`, of any kind; only its options are read, it is neither used nor closed. */
export interface RedisClient {
  duplicate(...overrides: never[]): unknown;
}

export interface EngineChoice {
  readonly engine: 'embedded' | 'redis' | 'memory';
  readonly dataDir: string;
  readonly embedded: EmbeddedSizes;
  readonly redis: RedisSettings;
  readonly memory: MemoryEngineOptions;
}

/**
 * The only place that knows the engines by name. `source`: which Redis, for the engine that needs one. Rejects for a
 * source that is neither a URL of Redis nor a client; nothing is opened before the engine's `start`.
 */
export async function createEngine(choice: EngineChoice, source: string | RedisClient): Promise<Engine> {
  switch (choice.engine) {
    case 'embedded':
      return new EmbeddedEngine({ directory: choice.dataDir, ...withoutZeros(choice.embedded) });
    case 'memory':
      return new MemoryEngine(choice.memory);
    case 'redis':
      return createRedisEngine(choice.redis, source);
  }
}

/** Redis is taken for hung after this, in ms. */
const LONGEST_CALL_MS = 5_000;

/** Loaded when it is wanted: both client libraries come with it. */
async function createRedisEngine({ client, ...options }: RedisSettings, source: string | RedisClient): Promise<Engine> {
  const { RedisEngine } = await import('./redis/redis-engine.ts');
  const { connectRedis } = await import('./redis/link/connect-redis.ts');
  const { Keys } = await import('./redis/keys.ts');
  const { SCRIPTS } = await import('./redis/scripts.ts');
  // An answer older than the lease may speak of messages that others have by now.
  const callMs = Math.min(LONGEST_CALL_MS, options.leaseMs / 2);
  const redis = connectRedis(source, { key: new Keys(options.prefix).nodes, scripts: Object.values(SCRIPTS), client, callMs, dialMs: callMs });
  return new RedisEngine({ ...options, redis });
}

function withoutZeros(sizes: EmbeddedSizes): Partial<EmbeddedSizes> {
  return Object.fromEntries(Object.entries(sizes).filter(([, size]) => size !== 0));
}
