import type { ConnectionOptions } from 'node:tls';
import type { RedisClientOptions, RedisClusterOptions, RedisSentinelOptions } from 'redis';
import { fixedLogin, type Login } from './login.ts';
import { readRedisUrl } from './redis-url.ts';
import { DEFAULT_PORT, type Access, type Endpoint, type Source, type Topology, type Translate } from './source.ts';

interface NodeRedisClient {
  duplicate(): unknown;
}

type AnyOptions = Partial<RedisClientOptions> & Partial<RedisClusterOptions> & Partial<RedisSentinelOptions>;
type SocketOptions = NonNullable<RedisClientOptions['socket']>;

export function isNodeRedisClient(client: object): client is NodeRedisClient {
  return 'withTypeMapping' in client && 'duplicate' in client && typeof client.duplicate === 'function';
}

/** Reads the options of a client, cluster or sentinel of node-redis. */
export function readNodeRedisClient(client: NodeRedisClient): Source {
  const options = optionsOf(client);
  if (options.sentinelRootNodes) return { client: 'redis', topology: sentinels(options), access: accessOf(options.nodeClientOptions ?? {}) };
  if (options.rootNodes) return readCluster(options);
  return { client: 'redis', topology: { kind: 'single', endpoint: endpointOf(options) }, access: accessOf(options) };
}

/**
 * A cluster and a sentinel tell their options to nobody but the duplicate that they make, by the constructor of their
 * prototype. So they are asked for one through an heir whose constructor only takes the options down.
 */
function optionsOf(client: NodeRedisClient): AnyOptions {
  let taken: AnyOptions | undefined;
  function TakeOptions(options: AnyOptions): void {
    taken = options;
  }
  const heir = Object.create(Object.create(client, { constructor: { value: TakeOptions } }) as object) as object;
  client.duplicate.call(heir);
  if (!taken) throw new TypeError('Expected a client of "redis" 5 or later that can tell its options, got one whose duplicate() goes another way');
  return taken;
}

function sentinels(options: AnyOptions): Topology {
  const { name, sentinelRootNodes = [], sentinelClientOptions = {}, nodeAddressMap } = options;
  return {
    kind: 'sentinel',
    sentinels: sentinelRootNodes.map(({ host, port }) => ({ host, port })),
    masterName: name ?? '',
    access: { ...accessOf(sentinelClientOptions), database: 0 },
    ...translateOf(nodeAddressMap),
  };
}

function readCluster({ rootNodes = [], defaults, nodeAddressMap }: AnyOptions): Source {
  // Nodes that are discovered have only the defaults; the first root must do where there are none.
  const access = accessOf({ ...rootNodes[0], ...defaults, socket: { ...rootNodes[0]?.socket, ...defaults?.socket } as SocketOptions });
  return {
    client: 'redis',
    topology: { kind: 'cluster', nodes: rootNodes.map(endpointOf), ...translateOf(nodeAddressMap) },
    access: { ...access, database: 0 },
  };
}

function endpointOf({ url, socket }: Pick<RedisClientOptions, 'url' | 'socket'>): Endpoint {
  const { host, port, path } = (socket ?? {}) as { host?: string; port?: number; path?: string };
  // A client takes its URL apart into these; the nodes of a cluster may not have been, yet.
  if (url !== undefined && host === undefined && path === undefined) return endpointOfUrl(url);
  return path === undefined ? { host: host ?? 'localhost', port: port ?? DEFAULT_PORT } : { path };
}

function endpointOfUrl(url: string): Endpoint {
  const { topology } = readRedisUrl(url, 'redis', undefined);
  if (topology.kind !== 'single') throw new TypeError('Expected the URL of one server in the options of a client');
  return topology.endpoint;
}

function accessOf(options: Partial<RedisClientOptions>): Access {
  const fromUrl = options.url === undefined ? undefined : readRedisUrl(options.url, 'redis', undefined).access;
  const tls = tlsOf(options.socket) ?? fromUrl?.tls;
  const { family } = (options.socket ?? {}) as { family?: number };
  return {
    login: loginOf(options) ?? fromUrl?.login ?? fixedLogin({}),
    database: options.database ?? fromUrl?.database ?? 0,
    ...(tls === undefined ? {} : { tls }),
    ...(family ? { family } : {}),
  };
}

function loginOf({ credentialsProvider: provider, username, password }: Partial<RedisClientOptions>): Login | undefined {
  if (provider?.type === 'async-credentials-provider') return async () => ({ credentials: await provider.credentials(), end() {} });
  if (provider?.type === 'streaming-credentials-provider') {
    return async (onRenewed) => {
      // Without new credentials the server ends the connection in its time; the next one asks again.
      const [credentials, subscription] = await provider.subscribe({ onNext: onRenewed, onError() {} });
      return { credentials, end: () => subscription.dispose() };
    };
  }
  return username || password ? fixedLogin({ username, password }) : undefined;
}

/** The library mixes options of TLS, of the socket and of its own. */
const NOT_TLS = new Set(['tls', 'host', 'port', 'path', 'family', 'connectTimeout', 'socketTimeout', 'reconnectStrategy', 'noDelay', 'keepAlive', 'keepAliveInitialDelay', 'signal']);

function tlsOf(socket: RedisClientOptions['socket']): ConnectionOptions | undefined {
  if (socket?.tls !== true) return undefined;
  return Object.fromEntries(Object.entries(socket).filter(([name]) => !NOT_TLS.has(name)));
}

function translateOf(map: RedisClusterOptions['nodeAddressMap']): { translate?: Translate } {
  if (!map) return {};
  return { translate: typeof map === 'function' ? map : (address) => map[address] };
}
