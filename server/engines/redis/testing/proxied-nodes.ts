import { randomBytes } from 'node:crypto';
import { RecordedEvents } from '../../engine-contract/recorded-events.ts';
import { testNode } from '../../engine-contract/test-node.ts';
import { Keys } from '../keys.ts';
import { connectRedis } from '../link/connect-redis.ts';
import { DEFAULT_REDIS_ENGINE_OPTIONS } from '../options.ts';
import { RedisEngine } from '../redis-engine.ts';
import { SCRIPTS } from '../scripts.ts';
import type { RedisServer } from './redis-server.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

/** A node whose link to Redis can be cut and held up. */
export interface ProxiedNode {
  readonly engine: RedisEngine;
  readonly events: RecordedEvents;
  readonly proxy: TcpProxy;
}

/** Starts three nodes of the cluster called `prefix`. They beat often, so that what depends on it comes soon. */
export async function startProxiedNodes(server: RedisServer, prefix = `t${randomBytes(6).toString('hex')}`): Promise<ProxiedNode[]> {
  const nodes: ProxiedNode[] = [];
  for (let i = 0; i < 3; i++) {
    const proxy = await startTcpProxy({ port: server.port });
    const redis = connectRedis(proxy.url, { key: new Keys(prefix).nodes, scripts: Object.values(SCRIPTS) });
    const engine = new RedisEngine({ ...DEFAULT_REDIS_ENGINE_OPTIONS, prefix, redis, beatMs: 100 });
    const events = new RecordedEvents();
    await engine.start(events, testNode());
    nodes.push({ engine, events, proxy });
  }
  return nodes;
}

/** Takes them out of the list and lets go of them. */
export async function closeProxiedNodes(nodes: ProxiedNode[]): Promise<void> {
  await Promise.all(nodes.map(({ engine }) => engine.close()));
  await Promise.all(nodes.splice(0).map(({ proxy }) => proxy.close()));
}
