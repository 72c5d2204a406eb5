import type { ConnectionOptions } from 'node:tls';
import { fixedLogin, type Credentials } from './login.ts';
import { DEFAULT_PORT, DEFAULT_SENTINEL_PORT, type Access, type ClientName, type Endpoint, type Source } from './source.ts';

/*
 *     redis://[user[:password]@]host[:port][/database]
 *     unix://[user[:password]@]/path/of/socket[?db=database]
 *     redis+sentinel://[user[:password]@]host[:port],…/name[/database][?sentinelUser=…&sentinelPassword=…]
 *     redis+cluster://[user[:password]@]host[:port],…
 *
 * `rediss` in place of `redis` means TLS, to Sentinels as well. The user may be empty, as in `redis://:password@host`.
 * User, password and path are percent-decoded; an IPv6 address stands in brackets. A name is what the Sentinels call
 * the primary; user and password are those of the servers that hold keys.
 */
const FORMS =
  'redis://[user:password@]host[:port][/db], rediss://… for TLS, unix:///path[?db=n], ' +
  'redis+sentinel://host:port,host:port/name[/db] or redis+cluster://host:port,host:port';

const URL_PARTS = /^(redis|rediss|unix)(?:\+(sentinel|cluster))?:\/\/(?:([^@/]*)@)?([^/?#]*)(\/[^?#]*)?(?:\?([^#]*))?$/;

/** Reads one of the forms above. Throws an Error with what was expected and what came, secrets masked. */
export function readRedisUrl(url: string, client: ClientName, tlsOptions: ConnectionOptions | undefined): Source {
  const fail = (expected: string): never => {
    throw new Error(`Expected ${expected} in a URL of Redis, got ${withoutSecrets(url)}`);
  };
  const parts = URL_PARTS.exec(url);
  if (!parts) throw new Error(`Expected a URL of Redis (${FORMS}), got ${withoutSecrets(url)}`);
  const [, scheme, kind, userInfo = '', hosts = '', path = '', query = ''] = parts;
  const parameters = new URLSearchParams(query);
  const access = (credentials: Credentials, database: number): Access => ({
    login: fixedLogin(credentials),
    database,
    ...(scheme === 'rediss' ? { tls: tlsOptions ?? {} } : {}),
  });
  const decode = (text: string): string => {
    try {
      return decodeURIComponent(text);
    } catch {
      return fail('percent-encoded text');
    }
  };
  const database = (text: string | undefined): number => {
    if (text !== undefined && !/^\d{1,5}$/.test(text)) fail('a number as database');
    return Number(text ?? 0);
  };
  const endpoints = (defaultPort: number): Endpoint[] => hosts.split(',').map((host) => readHost(host, defaultPort) ?? fail('host or host:port'));
  const only = (...names: string[]): void => {
    for (const name of parameters.keys()) if (!names.includes(name)) fail(names.length === 0 ? 'no parameters' : `no parameters but ${names.join(' and ')}`);
  };
  const credentials = readUserInfo(userInfo, decode);
  const segments = path.split('/').slice(1).filter((segment, i, all) => segment !== '' || i < all.length - 1);

  if (scheme === 'unix') {
    if (kind) fail('unix:// without sentinel or cluster');
    if (hosts || path.length < 2) fail('the path of a socket after unix://');
    only('db');
    return { client, topology: { kind: 'single', endpoint: { path: decode(path) } }, access: access(credentials, database(parameters.get('db') ?? undefined)) };
  }
  if (kind === 'sentinel') {
    only('sentinelUser', 'sentinelPassword');
    if (segments.length < 1 || segments.length > 2 || !segments[0]) fail('the name of the primary, and perhaps a database, after the hosts of the Sentinels');
    const sentinelAccess = access({ username: parameters.get('sentinelUser') ?? undefined, password: parameters.get('sentinelPassword') ?? undefined }, 0);
    return {
      client,
      topology: { kind, sentinels: endpoints(DEFAULT_SENTINEL_PORT), masterName: decode(segments[0]!), access: sentinelAccess },
      access: access(credentials, database(segments[1])),
    };
  }
  only();
  if (kind === 'cluster') {
    if (segments.length > 0) fail('nothing after the hosts of a cluster');
    return { client, topology: { kind, nodes: endpoints(DEFAULT_PORT) }, access: access(credentials, 0) };
  }
  if (segments.length > 1) fail('at most a database after the host');
  const [endpoint, ...more] = endpoints(DEFAULT_PORT);
  if (more.length > 0) fail('one host; several need redis+sentinel:// or redis+cluster://');
  return { client, topology: { kind: 'single', endpoint: endpoint! }, access: access(credentials, database(segments[0])) };
}

function readUserInfo(text: string, decode: (text: string) => string): Credentials {
  const colon = text.indexOf(':');
  const [user, password] = colon === -1 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
  return { username: decode(user) || undefined, password: decode(password) || undefined };
}

/** `host`, `host:port` or `[::1]:port`; undefined for anything else. */
export function readHost(text: string, defaultPort: number): Endpoint | undefined {
  const match = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]@\s]+))(?::(\d{1,5}))?$/.exec(text);
  if (!match) return undefined;
  const port = Number(match[3] ?? defaultPort);
  if (port < 1 || port > 65_535) return undefined;
  return { host: (match[1] ?? match[2])!, port };
}

/** No part of a URL that could not be read is shown before the last @: a password may be what made it unreadable. */
function withoutSecrets(url: string): string {
  return url.replace(/^([a-z+]*:(?:\/\/)?)?.*@/s, '$1***@').replace(/(password=)[^&]*/gi, '$1***');
}
