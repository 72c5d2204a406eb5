import { isIoredisClient, readIoredisClient } from './ioredis-source.ts';
import { isNodeRedisClient, readNodeRedisClient } from './node-redis-source.ts';
import type { Source } from './source.ts';

/** Reads how somebody's client finds its server. Throws a TypeError for what is no client of either library. */
export function readClient(client: object): Source {
  // By what they can do: class names differ between versions and vanish in bundles.
  if (isNodeRedisClient(client)) return readNodeRedisClient(client);
  if (isIoredisClient(client)) return readIoredisClient(client);
  throw new TypeError(
    'Expected a URL of Redis, or a client made by createClient, createCluster or createSentinel of "redis" (5 or later), ' +
      `or by Redis or Cluster of "ioredis", got ${describe(client)}`,
  );
}

/** Its kind and the names of what it has; values may be secrets. */
function describe(value: unknown): string {
  if (typeof value !== 'object' || value === null) return typeof value;
  const names = Object.keys(value);
  return names.length === 0 ? 'an object' : `an object with ${names.slice(0, 5).join(', ')}`;
}
