import type { ConnectionOptions } from 'node:tls';
import type { ClusterNode, ClusterOptions, RedisOptions } from 'ioredis';
import { fixedLogin } from './login.ts';
import { DEFAULT_PORT, DEFAULT_SENTINEL_PORT, type Access, type Endpoint, type Source, type Topology, type Translate } from './source.ts';

interface IoredisClient {
  readonly options: RedisOptions & ClusterOptions;
  readonly isCluster?: boolean;
  /** Of a cluster. The types hide it, the versions from 2 to 6 have it. */
  readonly startupNodes?: readonly ClusterNode[];
  nodes?(): readonly { readonly options: RedisOptions }[];
}

export function isIoredisClient(client: object): client is IoredisClient {
  return 'callBuffer' in client && 'options' in client && typeof client.options === 'object' && client.options !== null;
}

/** Reads the options of a Redis, with or without Sentinels, or of a Cluster of ioredis. */
export function readIoredisClient(client: IoredisClient): Source {
  const { options } = client;
  if (client.isCluster) return readCluster(client);
  if (options.sentinels) return { client: 'ioredis', topology: sentinels(options), access: accessOf(options, options.enableTLSForSentinelMode ? options.tls : undefined) };
  return { client: 'ioredis', topology: { kind: 'single', endpoint: endpointOf(options) }, access: accessOf(options, options.tls) };
}

function sentinels(options: RedisOptions): Topology {
  const { sentinelUsername, sentinelPassword, sentinelTLS, natMap } = options;
  const credentials = { username: sentinelUsername, password: sentinelPassword ?? undefined };
  return {
    kind: 'sentinel',
    sentinels: (options.sentinels ?? []).map(({ host, port }) => ({ host: host ?? 'localhost', port: Number(port ?? DEFAULT_SENTINEL_PORT) })),
    masterName: options.name ?? '',
    access: { login: fixedLogin(credentials), database: 0, ...(sentinelTLS ? { tls: sentinelTLS } : {}), ...familyOf(options) },
    ...translateOf(natMap),
  };
}

function readCluster(client: IoredisClient): Source {
  const { redisOptions = {}, natMap } = client.options;
  const startup = (client.startupNodes ?? []).map(readNode);
  const known = (client.nodes?.() ?? []).map(({ options }) => options);
  const nodes = startup.length > 0 ? startup : known;
  if (nodes.length === 0) throw new TypeError('Expected a Cluster of "ioredis" that knows a node, got one that knows none');
  // What the options of the cluster do not say, its first node may.
  const options = { ...definedOf(nodes[0]!), ...definedOf(redisOptions) };
  return {
    client: 'ioredis',
    topology: { kind: 'cluster', nodes: nodes.map(endpointOf), ...translateOf(natMap) },
    access: { ...accessOf(options, options.tls), database: 0 },
  };
}

/** A port, a URL, or options. */
function readNode(node: ClusterNode): RedisOptions {
  if (typeof node === 'number') return { port: node, host: '127.0.0.1' };
  if (typeof node === 'object') return { ...node, host: node.host ?? '127.0.0.1' } as RedisOptions;
  const { hostname, port, username, password, protocol } = new URL(node.includes('://') ? node : `redis://${node}`);
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port || DEFAULT_PORT),
    ...(username ? { username: decodeURIComponent(username) } : {}),
    ...(password ? { password: decodeURIComponent(password) } : {}),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
  };
}

function definedOf(options: RedisOptions): RedisOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined && value !== null));
}

function endpointOf({ path, host, port }: RedisOptions): Endpoint {
  return path ? { path } : { host: host ?? 'localhost', port: Number(port ?? DEFAULT_PORT) };
}

function accessOf(options: RedisOptions, tls: ConnectionOptions | undefined): Access {
  const { username, password, db } = options;
  return {
    login: fixedLogin({ username: username ?? undefined, password: password ?? undefined }),
    database: db ?? 0,
    ...(tls ? { tls } : {}),
    ...familyOf(options),
  };
}

function familyOf({ family }: RedisOptions): { family?: number } {
  return family ? { family } : {};
}

function translateOf(map: RedisOptions['natMap']): { translate?: Translate } {
  if (!map) return {};
  return { translate: typeof map === 'function' ? map : (address) => map[address] };
}
