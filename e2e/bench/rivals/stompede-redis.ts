import { redisProgram } from '../../../server/engines/redis/testing/redis-program.ts';
import { startRedis, type RedisServer } from '../../../server/engines/redis/testing/redis-server.ts';
import { startTcpProxy, type TcpProxy } from '../../../server/engines/redis/testing/tcp-proxy.ts';
import { until } from '../../../server/engines/redis/testing/until.ts';
import type { Testbed } from '../testbed.ts';
import type { Rival, RunningRival } from './rival.ts';
import { buildAbsence, startNode, STOMPEDE, type Node } from './stompede.ts';

interface Layout {
  /** Nodes that clients connect to. */
  readonly nodes: number;
  readonly appendFsync: 'everysec' | 'always';
  /** One node more, without clients. */
  readonly hasQuietNode?: boolean;
  /** Receipts wait for a replica whose confirmations come so many ms late. */
  readonly replicaLateMs?: number;
}

/** This broker on a Redis of its own, which is started anew with it, keeps an append-only file and listens on a Unix socket. */
export const STOMPEDE_ON_REDIS: readonly Rival[] = [
  onRedis('stompede-redis', 'one node', ['fan-out', 'rooms', 'queue', 'priority', 'selectors', 'scheduled', 'lanes'], { nodes: 1, appendFsync: 'everysec' }),
  onRedis('stompede-redis-2', 'two nodes', ['fan-out', 'rooms', 'wildcards'], { nodes: 2, appendFsync: 'everysec' }),
  onRedis('stompede-redis-3', 'three nodes', ['queue'], { nodes: 3, appendFsync: 'everysec' }),
  onRedis('stompede-redis-4', 'four nodes', ['fan-out', 'rooms'], { nodes: 4, appendFsync: 'everysec' }),
  onRedis('stompede-redis-always', 'one node, flushed before each receipt', ['queue', 'lanes'], { nodes: 1, appendFsync: 'always' }),
  onRedis('stompede-redis-quiet', 'two nodes, and one without clients', ['quiet-node'], { nodes: 2, appendFsync: 'everysec', hasQuietNode: true }),
  onRedis('stompede-redis-replica', 'one node, receipts wait for a replica that confirms 50 ms late', ['lanes'], { nodes: 1, appendFsync: 'everysec', replicaLateMs: 50 }),
];

function onRedis(name: string, about: string, only: readonly string[], layout: Layout): Rival {
  return {
    name,
    about: `this broker on Redis, appendfsync ${layout.appendFsync}: ${about}`,
    hasQueues: true,
    only,
    absence: () => redisAbsence() ?? buildAbsence(),
    start: (testbed) => start(testbed, layout),
  };
}

function redisAbsence(): string | undefined {
  try {
    redisProgram();
    return undefined;
  } catch {
    return 'redis-server is not installed';
  }
}

async function start(testbed: Testbed, layout: Layout): Promise<RunningRival> {
  const { nodes: count, appendFsync, hasQuietNode, replicaLateMs } = layout;
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const redis = await startRedis({ appendFsync });
    closers.push(() => redis.close());
    const proxy = await startTcpProxy({ path: redis.socket });
    closers.push(() => proxy.close());
    if (replicaLateMs !== undefined) {
      const replica = await startReplica(proxy, replicaLateMs);
      closers.push(() => replica.close());
    }

    const env = { REDIS_URL: redis.url, ...(replicaLateMs !== undefined && { STOMPEDE_REDIS_RECEIPTS: 'replica' }) };
    const nodes: Node[] = [];
    closers.push(() => Promise.all(nodes.map(({ child }) => testbed.stop(child, 15_000))));
    for (let i = 0; i < count; i++) nodes.push(await startNode(testbed, env));
    const target = { ...STOMPEDE, ports: nodes.map(({ port }) => port), pids: nodes.map(({ child }) => child.pid!), storePid: redis.pid };
    if (hasQuietNode) nodes.push(await startNode(testbed, { ...env, REDIS_URL: proxy.url }));

    const version = `stompede, redis ${await redis.info('server', 'redis_version')}`;
    return { target, version, close, ...(hasQuietNode && { quietNodeBytes: () => proxy.fromServerBytes }) };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Follows the primary behind the proxy; resolves when it has caught up, and is late from then on. */
async function startReplica(primary: TcpProxy, lateMs: number): Promise<RedisServer> {
  const replica = await startRedis({ config: { replicaof: `127.0.0.1 ${primary.port}` } });
  await until('the replica to follow', async () => (await replica.info('replication', 'master_link_status')) === 'up', 20_000);
  primary.delay(lateMs);
  return replica;
}
