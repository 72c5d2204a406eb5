import { startBroker, type BrokerOptions, type BrokerProcess } from '../../harness/broker-process.ts';
import { startRedis, type RedisServer, type RedisServerOptions } from '../../../server/engines/redis/testing/redis-server.ts';
import { startTcpProxy, type TcpProxy } from '../../../server/engines/redis/testing/tcp-proxy.ts';

export interface ClusterOptions {
  /** A server, or the URL of something larger. */
  readonly redis: RedisServer | string;
  readonly leaseMs: number;
  readonly beatMs: number;
  /** Puts a proxy of its own between each node and Redis, which must have a port. */
  readonly hasProxies?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly allowFault?: BrokerOptions['allowFault'];
}

const NODE_COUNT = 3;

export interface ClusterNode {
  readonly broker: BrokerProcess;
  /** Between it and Redis; throws where there is none. */
  readonly proxy: TcpProxy;
}

/** Real broker processes that share one Redis. End them with `close`, which fails for a fault in a log. */
export class BrokerCluster {
  readonly nodes: readonly ClusterNode[];
  readonly leaseMs: number;
  readonly beatMs: number;
  readonly #proxies: readonly TcpProxy[];

  constructor(nodes: readonly ClusterNode[], proxies: readonly TcpProxy[], { leaseMs, beatMs }: ClusterOptions) {
    this.nodes = nodes;
    this.leaseMs = leaseMs;
    this.beatMs = beatMs;
    this.#proxies = proxies;
  }

  /** What `/healthz` says of a node's store. */
  async store(node: ClusterNode): Promise<StoreHealth> {
    const response = await fetch(`${node.broker.httpUrl}/healthz`);
    return ((await response.json()) as { store: StoreHealth }).store;
  }

  /** One of the store's facts, summed over all nodes. */
  async sum(fact: string): Promise<number> {
    const stores = await Promise.all(this.nodes.map((node) => this.store(node)));
    return stores.reduce((sum, { facts }) => sum + Number(facts[fact]), 0);
  }

  /** Logs are judged, processes killed. */
  async close(): Promise<void> {
    try {
      for (const { broker } of this.nodes) broker.expectNoFaults();
    } finally {
      await this.abandon();
    }
  }

  async abandon(): Promise<void> {
    await Promise.all(this.nodes.map(({ broker }) => broker.abandon()));
    await Promise.all(this.#proxies.map((proxy) => proxy.close()));
  }
}

export interface StoreHealth {
  readonly state: string;
  readonly warnings: readonly string[];
  readonly facts: Readonly<Record<string, string | number | boolean>>;
}

export async function startCluster(options: ClusterOptions): Promise<BrokerCluster> {
  const { redis, leaseMs, beatMs, hasProxies = false, env = {}, allowFault } = options;
  const proxies: TcpProxy[] = [];
  const nodes: ClusterNode[] = [];
  const startNode = async (): Promise<void> => {
    const proxy = hasProxies && typeof redis !== 'string' ? await startTcpProxy({ port: redis.port }) : undefined;
    if (proxy) proxies.push(proxy);
    const broker = await startBroker({
      env: {
        REDIS_URL: proxy?.url ?? (typeof redis === 'string' ? redis : redis.url),
        STOMPEDE_REDIS_LEASE_MS: String(leaseMs),
        STOMPEDE_REDIS_BEAT_MS: String(beatMs),
        ...env,
      },
      ...(allowFault && { allowFault }),
    });
    nodes.push({
      broker,
      get proxy(): TcpProxy {
        if (!proxy) throw new Error('This cluster has no proxies');
        return proxy;
      },
    });
  };
  const started = await Promise.allSettled(Array.from({ length: NODE_COUNT }, startNode));
  const cluster = new BrokerCluster(nodes, proxies, options);
  const failed = started.find((result) => result.status === 'rejected');
  if (!failed) return cluster;
  await cluster.abandon();
  throw failed.reason;
}

/** Runs on a Redis and a cluster of its own; afterwards logs are judged, and nothing of either is left. */
export async function onCluster<T>(
  { redisOptions, ...options }: Omit<ClusterOptions, 'redis'> & { readonly redisOptions?: RedisServerOptions },
  run: (cluster: BrokerCluster, redis: RedisServer) => Promise<T>,
): Promise<T> {
  const redis = await startRedis({ ...redisOptions, hasPort: options.hasProxies ?? false });
  try {
    const cluster = await startCluster({ ...options, redis });
    try {
      const result = await run(cluster, redis);
      await cluster.close();
      return result;
    } finally {
      await cluster.abandon();
    }
  } finally {
    await redis.close();
  }
}
