import { randomBytes } from 'node:crypto';
import type { CreateSubject } from '../../engine-contract/rig.ts';
import { Keys } from '../keys.ts';
import { connectRedis } from '../link/connect-redis.ts';
import type { Link, Redis } from '../link/link.ts';
import type { ClientName } from '../link/source.ts';
import { DEFAULT_REDIS_ENGINE_OPTIONS, type RedisEngineOptions } from '../options.ts';
import { RedisEngine } from '../redis-engine.ts';
import { listOf, numberOf, textOf } from '../reply.ts';
import { call, SCRIPTS } from '../scripts.ts';
import { CrashingRedis } from './crashing-redis.ts';

/** Subjects for the engine's contract, each with a prefix of its own, on whatever Redis there is at `url` when asked. */
export function redisSubjects(url: () => string, client: ClientName, options: Partial<RedisEngineOptions> = {}): CreateSubject {
  return async () => {
    const prefix = `t${randomBytes(6).toString('hex')}`;
    const key = new Keys(prefix).nodes;
    const connect = (): Redis => connectRedis(url(), { client, key, scripts: Object.values(SCRIPTS) });
    let redis = new CrashingRedis(connect());
    const create = (): RedisEngine => new RedisEngine({ ...DEFAULT_REDIS_ENGINE_OPTIONS, waitMs: 5_000, ...options, prefix, redis });
    let engine = create();
    const ended: Promise<void>[] = [];
    return {
      engine,
      restart: async () => {
        await redis.crash();
        // A process that ended has no timers left, either.
        ended.push(engine.close());
        await reapAll(connect(), prefix);
        redis = new CrashingRedis(connect());
        return (engine = create());
      },
      cleanup: async () => {
        await redis.crash();
        await Promise.all(ended);
      },
    };
  };
}

/** Takes back what crashed nodes held at once, as their lease's end would. */
export async function reapAll(redis: Redis, prefix: string): Promise<void> {
  const keys = new Keys(prefix);
  await withLink(redis, async (link) => {
    const nodes = listOf(await call(link, keys, SCRIPTS.nodes, {}));
    for (let i = 0; i < nodes.length; i += 4) {
      for (let isDone = false; !isDone; ) {
        const reply = listOf(await call(link, keys, SCRIPTS.reap, { node: textOf(nodes[i]), lease: -1, limit: 1000 }));
        isDone = numberOf(reply[2]) === 1;
      }
    }
  });
}

/** A link for a moment. */
export async function withLink<Result>(redis: Redis, use: (link: Link) => Promise<Result>): Promise<Result> {
  let isUp: () => void = () => undefined;
  const up = new Promise<void>((resolve) => (isUp = resolve));
  const link = redis.openLink('test', { greet: async () => undefined, onUp: () => { isUp(); }, onDown: () => undefined });
  try {
    await up;
    return await use(link);
  } finally {
    await link.close();
  }
}
