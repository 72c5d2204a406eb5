import { isIPv6 } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { Login } from './login.ts';

/** The two packages that can carry a link: `redis` is node-redis. */
export type ClientName = 'redis' | 'ioredis';

/** Where a server listens: TCP, or a Unix socket. */
export type Endpoint = { readonly host: string; readonly port: number } | { readonly path: string };

/** What a server wants to know before it talks to us, and how its socket is opened. */
export interface Access {
  readonly login: Login;
  /** Number of the keyspace, 0 by default; clusters have no other. */
  readonly database: number;
  /** TLS when there, with Node's defaults where it is empty. */
  readonly tls?: ConnectionOptions;
  /** 4 or 6: look only for such addresses. Default both. */
  readonly family?: number;
}

/** The address that Sentinels or cluster nodes tell, to the one it has as seen from here; undefined leaves it alone. */
export type Translate = (address: string) => { readonly host: string; readonly port: number } | undefined | null;

/** How the primary that holds our keys is found. */
export type Topology =
  | { readonly kind: 'single'; readonly endpoint: Endpoint }
  | {
      readonly kind: 'sentinel';
      readonly sentinels: readonly Endpoint[];
      readonly masterName: string;
      /** For the Sentinels themselves. */
      readonly access: Access;
      readonly translate?: Translate;
    }
  | { readonly kind: 'cluster'; readonly nodes: readonly Endpoint[]; readonly translate?: Translate };

/** All that is taken from a URL, or from the options of somebody's client. */
export interface Source {
  readonly client: ClientName;
  readonly topology: Topology;
  /** For the servers that hold keys. */
  readonly access: Access;
}

export const DEFAULT_PORT = 6379;
export const DEFAULT_SENTINEL_PORT = 26_379;

/** `127.0.0.1:6379`, `[::1]:6379`, or the path of a socket. */
export function endpointText(endpoint: Endpoint): string {
  if ('path' in endpoint) return endpoint.path;
  return isIPv6(endpoint.host) ? `[${endpoint.host}]:${endpoint.port}` : `${endpoint.host}:${endpoint.port}`;
}

/** For people, in the form of a URL; without secrets, since it is made from what is none. */
export function describeSource({ client, topology, access }: Source): string {
  return `${topologyText(topology, access)} by ${client === 'redis' ? 'node-redis' : client}`;
}

function topologyText(topology: Topology, access: Access): string {
  const scheme = access.tls ? 'rediss' : 'redis';
  switch (topology.kind) {
    case 'single':
      if ('path' in topology.endpoint) return `unix://${topology.endpoint.path}?db=${access.database}`;
      return `${scheme}://${endpointText(topology.endpoint)}/${access.database}`;
    case 'sentinel':
      return `${scheme}+sentinel://${topology.sentinels.map(endpointText).join(',')}/${topology.masterName}/${access.database}`;
    case 'cluster':
      return `${scheme}+cluster://${topology.nodes.map(endpointText).join(',')}`;
  }
}
