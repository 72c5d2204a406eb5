import { ConfigError } from './config.ts';
import { isRecord } from './config-source.ts';
import type { RedisClient, RedisSettings } from './engines/create-engine.ts';

/** What `createBroker` takes as `redis`: where it is, how the Redis engine is to use it, or both. */
export type RedisChoice = string | RedisClient | RedisSection;

export interface RedisSection extends Partial<RedisSettings> {
  /** A URL like `redisUrl`'s, or a client; in its place, not beside it. */
  readonly connection?: string | RedisClient;
}

interface SplitRedis {
  /** Its plain part, as options of the table. */
  readonly values: { readonly redisUrl: unknown; readonly redis: object };
  readonly client: RedisClient | undefined;
}

/**
 * Takes apart what an application hands over as `redis`. Clients are judged by whoever connects; here a plain object is a
 * section of options, any other object a client. Throws a `ConfigError` when two places say which Redis it is.
 */
export function splitRedis(choice: RedisChoice | undefined, redisUrl: string | undefined): SplitRedis {
  const { connection, ...redis } = isSection(choice) ? choice : { connection: choice };
  if (connection !== undefined && redisUrl) {
    throw new ConfigError(['A Redis must be named once, but both redisUrl and redis name one: leave one out.']);
  }
  if (typeof connection === 'object' && connection !== null) return { values: { redisUrl: undefined, redis }, client: connection };
  return { values: { redisUrl: connection === undefined ? redisUrl : connection, redis }, client: undefined };
}

function isSection(choice: unknown): choice is RedisSection {
  if (!isRecord(choice)) return false;
  const prototype: unknown = Object.getPrototypeOf(choice);
  return prototype === Object.prototype || prototype === null;
}
