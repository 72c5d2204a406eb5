import { startRedis, type RedisServer, type RedisServerOptions } from '../../server/engines/redis/testing/redis-server.ts';
import { startTcpProxy, type TcpProxy } from '../../server/engines/redis/testing/tcp-proxy.ts';
import { startBroker, type BrokerOptions, type BrokerProcess } from './broker-process.ts';

export interface LinkedNodesOptions {
  readonly count: number;
  readonly redis?: RedisServerOptions;
  /** For all nodes; `REDIS_URL` is given. */
  readonly env?: Readonly<Record<string, string>>;
  readonly allowFault?: BrokerOptions['allowFault'];
}

/** The connections that a node has to its Redis. */
export type LinkName = 'durable' | 'quick' | 'bus';

/** One node, and the proxy through which alone it reaches Redis. */
export interface LinkedNode {
  readonly broker: BrokerProcess;
  readonly proxy: TcpProxy;
}

/** A Redis of the test's own and nodes on it, each behind a proxy that can cut its links. End them with `close`. */
export async function startLinkedNodes({ count, redis: redisOptions, env, allowFault }: LinkedNodesOptions): Promise<LinkedNodes> {
  const redis = await startRedis({ ...redisOptions, hasPort: true });
  const cluster = new LinkedNodes(redis);
  try {
    const brokerOptions = { ...(env && { env }), ...(allowFault && { allowFault }) };
    await Promise.all(Array.from({ length: count }, () => cluster.add(brokerOptions)));
    return cluster;
  } catch (error) {
    await cluster.abandon();
    throw error;
  }
}

export class LinkedNodes {
  readonly redis: RedisServer;
  readonly nodes: LinkedNode[] = [];
  readonly #proxies: TcpProxy[] = [];

  constructor(redis: RedisServer) {
    this.redis = redis;
  }

  async add(options: BrokerOptions): Promise<void> {
    const proxy = await startTcpProxy({ port: this.redis.port });
    this.#proxies.push(proxy);
    this.nodes.push({ proxy, broker: await startBroker({ ...options, env: { ...options.env, REDIS_URL: proxy.url } }) });
  }

  /** The port from which one of a node's connections reaches Redis; undefined while it is away. */
  async portOf({ proxy }: LinkedNode, link: LinkName): Promise<number | undefined> {
    const ports = new Set(proxy.serverPorts);
    for (const line of String(await this.redis.command('CLIENT', 'LIST')).split('\n')) {
      const port = Number(/ addr=\S+:(\d+) /.exec(line)?.[1]);
      if (ports.has(port) && line.includes(` name=stompede:${link} `)) return port;
    }
    return undefined;
  }

  /** Ends everything in order; throws what a node's log holds against it. */
  async close(): Promise<void> {
    try {
      await Promise.all(this.nodes.map(({ broker }) => broker.stop()));
    } finally {
      await this.abandon();
    }
  }

  async abandon(): Promise<void> {
    await Promise.all(this.nodes.map(({ broker }) => broker.abandon()));
    await Promise.all(this.#proxies.map((proxy) => proxy.close()));
    await this.redis.close();
  }
}
