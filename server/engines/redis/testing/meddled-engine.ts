import { randomBytes } from 'node:crypto';
import { RecordedEvents } from '../../engine-contract/recorded-events.ts';
import { testNode } from '../../engine-contract/test-node.ts';
import { Keys } from '../keys.ts';
import { connectRedis } from '../link/connect-redis.ts';
import { DEFAULT_REDIS_ENGINE_OPTIONS, type RedisEngineOptions } from '../options.ts';
import { RedisEngine } from '../redis-engine.ts';
import { SCRIPTS } from '../scripts.ts';
import { MeddledRedis } from './meddled-redis.ts';
import { reapAll } from './redis-subject.ts';

/** A started engine whose scripts pass by the test. */
export interface MeddledEngine {
  readonly redis: MeddledRedis;
  readonly engine: RedisEngine;
  readonly events: RecordedEvents;
  readonly node: string;
  readonly keys: Keys;
  /** Takes all nodes of its cluster for dead. */
  fence(): Promise<void>;
}

/** Starts an engine on the Redis at `url`, in the cluster called `prefix`: one of its own, unless given. */
export async function startMeddled(url: string, options: Partial<RedisEngineOptions> = {}): Promise<MeddledEngine> {
  const { prefix = `t${randomBytes(6).toString('hex')}` } = options;
  const keys = new Keys(prefix);
  const connected = connectRedis(url, { key: keys.nodes, scripts: Object.values(SCRIPTS) });
  const redis = new MeddledRedis(connected);
  const engine = new RedisEngine({ ...DEFAULT_REDIS_ENGINE_OPTIONS, ...options, prefix, redis });
  const events = new RecordedEvents();
  const node = testNode();
  await engine.start(events, node);
  return { redis, engine, events, node: node.id, keys, fence: () => reapAll(connected, prefix) };
}

/** Starts so many, one after the other, in a cluster of their own. */
export async function startMeddledNodes(url: string, count: number): Promise<MeddledEngine[]> {
  const prefix = `t${randomBytes(6).toString('hex')}`;
  const nodes: MeddledEngine[] = [];
  for (let i = 0; i < count; i++) nodes.push(await startMeddled(url, { prefix }));
  return nodes;
}
