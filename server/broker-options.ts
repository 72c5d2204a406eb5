import type { Authenticator, Authorizer } from './broker/access.ts';
import type { Log } from './broker/log.ts';
import type { Config } from './config.ts';
import type { Clock } from './lib/clock.ts';
import type { RedisChoice } from './redis-choice.ts';

type PartialOf<T> = { readonly [K in keyof T]?: T[K] extends readonly unknown[] ? T[K] : T[K] extends object ? PartialOf<T[K]> : T[K] };

/** What `createBroker` takes: any of the options, and bodies for the ports. Neither environment nor files are read. */
export interface BrokerOptions extends Omit<PartialOf<Config>, 'redis' | 'workers'> {
  /** A Redis URL; a client of `redis` or `ioredis`, which stays the application's; or options of the Redis engine. */
  readonly redis?: RedisChoice;
  /** Who may come in; in place of `users` and of the built-in guest. */
  readonly authenticator?: Authenticator;
  /** Who may do what; without it everything is allowed, but for advisories (see `advisoryReaders`). */
  readonly authorizer?: Authorizer;
  /** pino, or anything like it; silent without it. */
  readonly log?: Log;
  readonly clock?: Clock;
  /** The store failed and nothing is acknowledged any more. Without it the broker closes itself. */
  readonly onFatal?: (error: Error) => void;
}

export interface AttachOptions {
  /** The one path whose upgrades are taken. `/ws` */
  readonly path?: string;
}

export interface ListenOptions {
  /** 0 = any free one. */
  readonly port?: number;
  readonly host?: string;
}

export interface ListenTcpOptions extends ListenOptions {
  /** PEM texts; with them all connections are TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

export interface CloseOptions {
  /** How long to wait for frames in hand; all in all it takes at most two seconds more. */
  readonly drainMs?: number;
  /** Over which span connections are closed, within `drainMs`. */
  readonly spreadMs?: number;
}
