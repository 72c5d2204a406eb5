import type { Server } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { Broker } from './broker/broker.ts';
import { createBuiltInAuthenticator, createBuiltInAuthorizer } from './broker/built-in-access.ts';
import type { Engine } from './broker/engine.ts';
import { silentLog, type Log } from './broker/log.ts';
import { publishFromServer } from './broker/server-publish.ts';
import type { BrokerStats } from './broker/stats.ts';
import { checkConfig, ConfigError, isLoopback, refuseOpenHost, type Config } from './config.ts';
import { checkDataDir } from './data-dir.ts';
import { Doors } from './doors.ts';
import { createEngine, type RedisClient } from './engines/create-engine.ts';
import type { Health, Readiness } from './http/health.ts';
import { createHttpApp } from './http/http-app.ts';
import { HttpListener } from './http/http-listener.ts';
import { explainListenFailure } from './listen-error.ts';
import type { AttachOptions, BrokerOptions, CloseOptions, ListenOptions, ListenTcpOptions } from './broker-options.ts';
import { PAGE_FOLDERS, VERSION } from './package.ts';
import { PublishError } from './publish-error.ts';
import { splitRedis } from './redis-choice.ts';
import { readTlsFiles } from './tls-files.ts';
import type { OriginPolicy } from './transports/upgrade-guard.ts';

/** Where something listens, as a client would write it: `127.0.0.1:61613`. */
export interface Listening {
  readonly host: string;
  readonly port: number;
  readonly address: string;
}

/** A picture of the node. */
export interface NodeStats extends BrokerStats {
  readonly readiness: Readiness;
  readonly engine: string;
  /** What a RECEIPT promises: `accepted`, `fsync` or `replica`. */
  readonly receipt: string;
  readonly connections: number;
}

/** How long a connection may take to answer the goodbye before it is cut. */
const GRACE_MS = 1_000;

/**
 * Makes a broker with its engine running. Nothing listens until `attach`, `listen` or `listenTcp`.
 * Rejects with a `ConfigError` for options that cannot be, and with a sentence for the operator when the store cannot
 * start (another process has the data folder, …).
 */
export async function createBroker(options: BrokerOptions = {}): Promise<StompedeBroker> {
  const { authenticator, authorizer, log = silentLog, clock, onFatal, redis, ...values } = options;
  const { client, values: redisValues } = splitRedis(redis, values.redisUrl);
  const config = checkConfig({ ...values, ...redisValues }, { hasRedisClient: client !== undefined });
  if (config.engine === 'embedded') checkDataDir(config.dataDir);
  const source = client ?? config.redisUrl;
  if (config.engine !== 'redis' && source !== '') log.info({ event: 'redis-unused', reason: `engine says ${config.engine}` });
  const engine = await engineFor(config, source);
  const hasAuthentication = authenticator !== undefined || Object.keys(config.users).length > 0;
  const core: Broker = new Broker({
    engine,
    authenticator: authenticator ?? createBuiltInAuthenticator(config.users),
    authorizer: authorizer ?? createBuiltInAuthorizer(hasAuthentication, config.advisoryReaders),
    limits: config.limits,
    redelivery: config.redelivery,
    policies: config.policies,
    advisories: config.advisories,
    log,
    ...(clock && { clock }),
    serverName: `stompede/${VERSION}`,
    version: VERSION,
    describe: () => broker.describe(),
    onFatal: (error) => {
      broker.failed();
      if (onFatal) onFatal(error);
      else void broker.close({ drainMs: 0 });
    },
  });
  const broker: StompedeBroker = new StompedeBroker({ config, core, engine, log, hasAuthentication });
  await core.start();
  return broker;
}

async function engineFor(config: Config, source: string | RedisClient): Promise<Engine> {
  try {
    return await createEngine(config, source);
  } catch (error) {
    if (config.engine !== 'redis') throw error;
    // What can fail before it starts is which Redis it is to use.
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`redisUrl (REDIS_URL), or redis for createBroker, must say which Redis: ${reason}.`], { cause: error });
  }
}

interface Parts {
  readonly config: Config;
  readonly core: Broker;
  readonly engine: Engine;
  readonly log: Log;
  readonly hasAuthentication: boolean;
}

/**
 * A broker and its ways in. Its life is one word: `ready` from the start, `failed` when the store broke its word,
 * `draining` from the first `close` on. While it is ready and the store is out of reach for long, it is told as `store-down`.
 */
export class StompedeBroker implements AsyncDisposable {
  readonly #parts: Parts;
  readonly #doors: Doors;
  readonly #listeners: HttpListener[] = [];
  #readiness: 'ready' | 'draining' | 'failed' = 'ready';
  /** Where the first door of its own listens. */
  #address = '';
  #closed: Promise<void> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#doors = new Doors(parts.core, parts.config, parts.log);
  }

  /**
   * Takes the WebSocket upgrades of one path of an HTTP server that stays its owner's: other paths are left alone, and
   * `close` ends the connections, never the server. The returned function ends this one door.
   */
  attach(server: Server, { path = '/ws' }: AttachOptions = {}): () => Promise<void> {
    this.#refuseWhenClosed();
    const door = this.#doors.openWebSocket(server, [path], this.#origins(undefined), false);
    return () => this.#doors.shut(door, 0);
  }

  /**
   * Opens a server of the broker's own: pages, health and WebSockets. Rejects with a `ListenError` when the port or
   * address cannot be had, with a `ConfigError` for an open address without configured users.
   */
  async listen({ port = this.#parts.config.port, host = this.#parts.config.host }: ListenOptions = {}): Promise<Listening> {
    this.#refuseWhenClosed();
    refuseOpenHost(host, this.#parts.hasAuthentication);
    const paths = this.#parts.config.wsPaths.flatMap((path) => [path, `${path}/websocket`]);
    const app = createHttpApp({
      folders: PAGE_FOLDERS,
      webSocketPaths: paths,
      webSocketAnswer: (request, response) => {
        door.handleRequest(request, response);
      },
      health: () => this.#health(),
      readiness: () => this.#readinessNow(),
      onError: (error) => {
        this.#parts.log.error({ event: 'http-failed', error });
      },
    });
    const listener = new HttpListener(app);
    const door = this.#doors.openWebSocket(listener.server, paths, this.#origins(host), true);
    try {
      const address = await listener.listen(port, host);
      this.#listeners.push(listener);
      return this.#listening(host, address.port);
    } catch (error) {
      await this.#doors.shut(door, 0);
      return explainListenFailure(error, 'HTTP', host, port);
    }
  }

  /** Opens a port for STOMP over TCP, or TLS. Rejects as `listen` does. */
  async listenTcp({ port, host = this.#parts.config.host, tls }: ListenTcpOptions = {}): Promise<Listening> {
    this.#refuseWhenClosed();
    refuseOpenHost(host, this.#parts.hasAuthentication);
    const { tcpPort } = this.#parts.config;
    const wanted = port ?? (tcpPort === 'off' ? 0 : tcpPort);
    const door = this.#doors.openTcp(tls ?? readTlsFiles(this.#parts.config));
    try {
      const address = await door.listen(wanted, host);
      return this.#listening(host, address.port);
    } catch (error) {
      await this.#doors.shut(door, 0);
      return explainListenFailure(error, 'STOMP over TCP', host, wanted);
    }
  }

  /**
   * Sends a message as a SEND frame would, past all rights. Resolves with its id once it is stored at the engine's
   * receipt level (queues) or handed to the subscribers (topics), or went nowhere since it repeats another. Rejects with a `PublishError`, whose `code` says why.
   */
  async publish(
    destination: string,
    body: string | Uint8Array,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly id: string; readonly isDuplicate: boolean }> {
    const octets = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body);
    const published = await publishFromServer(this.#parts.core.context, destination, octets, Object.entries(headers).flat());
    if (!published.ok) throw new PublishError(published.error);
    return { id: published.id, isDuplicate: published.isDuplicate };
  }

  stats(): NodeStats {
    const { core, config, engine } = this.#parts;
    return {
      ...core.stats(),
      readiness: this.#readinessNow(),
      engine: config.engine,
      receipt: engine.receiptLevel,
      connections: this.#doors.connectionCount,
    };
  }

  /**
   * Ends in good order: not ready any more, newcomers refused, no more dispatch, frames in hand answered, connections
   * closed over a span, what was in flight returned to its place, the store flushed and let go. Resolves within
   * `drainMs` and two seconds. Idempotent: later calls get the promise of the first.
   */
  close({ drainMs, spreadMs }: CloseOptions = {}): Promise<void> {
    const { config } = this.#parts;
    return (this.#closed ??= this.#end(drainMs ?? config.drainMs, spreadMs ?? config.spreadMs));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** What the directory of nodes tells of this one besides its load. */
  describe(): { readonly connections: number; readonly address: string } {
    return { connections: this.#doors.connectionCount, address: this.#address };
  }

  /** The store can no longer keep its word. */
  failed(): void {
    this.#readiness = 'failed';
  }

  async #end(drainMs: number, spreadMs: number): Promise<void> {
    const { core } = this.#parts;
    const deadline = performance.now() + drainMs;
    if (this.#readiness === 'ready') this.#readiness = 'draining';
    this.#doors.stopAccepting();
    await atMost(drainMs, core.drain());
    await this.#doors.close(Math.min(spreadMs, Math.max(0, deadline - performance.now())), GRACE_MS);
    await core.close();
    await Promise.all(this.#listeners.map((listener) => listener.close()));
  }

  /**
   * Whose pages may connect. As long as the guest is the only user it is this machine's pages, wherever the broker is
   * attached: a page of a foreign name that was made to point here has an origin like its host's, too.
   */
  #origins(host: string | undefined): OriginPolicy {
    const { allowedOrigins } = this.#parts.config;
    if (allowedOrigins.length > 0) return { kind: 'list', origins: allowedOrigins };
    const isLocal = !this.#parts.hasAuthentication || (host !== undefined && isLoopback(host));
    return { kind: isLocal ? 'loopback' : 'same-origin' };
  }

  #listening(host: string, port: number): Listening {
    const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    this.#address ||= address;
    return { host, port, address };
  }

  #readinessNow(): Readiness {
    return this.#readiness === 'ready' && this.#parts.core.isStoreLongDown ? 'store-down' : this.#readiness;
  }

  #health(): Health {
    const { core, config, engine } = this.#parts;
    return { version: VERSION, node: core.nodeId, engine: config.engine, receipt: engine.receiptLevel, store: engine.health() };
  }

  #refuseWhenClosed(): void {
    if (this.#closed) throw new Error('Expected a broker that is open, but close() was called');
  }
}

/** Waits for the work, but no longer than this; what is late goes on by itself. */
async function atMost(ms: number, work: Promise<void>): Promise<void> {
  const giveUp = new AbortController();
  try {
    await Promise.race([work, wait(ms, undefined, { signal: giveUp.signal })]);
  } finally {
    giveUp.abort();
  }
}
