import type { ConnectionOptions } from 'node:tls';
import type { Script } from '../script.ts';
import { readClient } from './client-source.ts';
import { Dialler } from './dialler.ts';
import type { Redis } from './link.ts';
import { RedisBus } from './redis-bus.ts';
import { RedisLink } from './redis-link.ts';
import { readRedisUrl } from './redis-url.ts';
import { describeSource, type ClientName, type Source } from './source.ts';

export interface ConnectRedisOptions {
  /** Any of our keys, or what they begin with: its hash tag names the slot that holds them all in a cluster. */
  readonly key: string;
  /** Loaded on every fresh connection of a link before it is greeted. */
  readonly scripts?: readonly Script[];
  /** Package for a URL: `redis` (node-redis, the default) or `ioredis`. A client object brings its own. */
  readonly client?: ClientName;
  /** For a URL that asks for TLS: certificates and the like. */
  readonly tls?: ConnectionOptions;
  /** Deadline of every call, in ms, default 5000. Passing it drops the connection. */
  readonly callMs?: number;
  /** Deadline of connecting and introducing ourselves, in ms, default 5000. */
  readonly dialMs?: number;
}

/**
 * Makes links to one Redis, given as a URL (the forms stand in `redis-url.ts`) or as a client of somebody else, of
 * `redis` or `ioredis`, single, Sentinel or Cluster. Of such a client only the options are read: it may be in use or not
 * even connected, and nothing is ever sent on it. Nothing is dialled before a link is opened.
 *
 * Throws an Error for a URL that cannot be read, without its secrets, and a TypeError for what is neither.
 */
export function connectRedis(source: string | object, options: ConnectRedisOptions): Redis {
  const read = readSource(source, options);
  const { key, scripts = [], callMs = 5000, dialMs = 5000 } = options;
  const dialler = new Dialler(read, { key, scripts, callMs, dialMs });
  return {
    description: describeSource(read),
    openLink: (name, events) => new RedisLink(dialler, name, events),
    openBus: (name, events) => new RedisBus(dialler, name, events),
  };
}

function readSource(source: string | object, { client = 'redis', tls }: ConnectRedisOptions): Source {
  if (typeof source === 'string') return readRedisUrl(source, client, tls);
  return readClient(source);
}
