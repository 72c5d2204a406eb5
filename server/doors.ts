import type { Server } from 'node:http';
import type { Broker } from './broker/broker.ts';
import type { Log } from './broker/log.ts';
import type { Config } from './config.ts';
import { Timers } from './lib/timers.ts';
import { TcpTransport } from './transports/tcp-transport.ts';
import type { OriginPolicy } from './transports/upgrade-guard.ts';
import { WebSocketTransport } from './transports/websocket-transport.ts';

/** How long a client may take to answer a close before it is cut. */
const LINGER_MS = 2_000;

/** The ways into a broker: they open and close together, and count together. */
export class Doors {
  readonly #broker: Broker;
  readonly #config: Config;
  readonly #log: Log;
  readonly #timers = new Timers();
  readonly #open = new Set<WebSocketTransport | TcpTransport>();

  constructor(broker: Broker, config: Config, log: Log) {
    this.#broker = broker;
    this.#config = config;
    this.#log = log;
  }

  get connectionCount(): number {
    let count = 0;
    for (const door of this.#open) count += door.connectionCount;
    return count;
  }

  /** WebSockets on an HTTP server; `isOwn` = nobody else's upgrades come there. */
  openWebSocket(server: Server, paths: readonly string[], origins: OriginPolicy, isOwn: boolean): WebSocketTransport {
    const { limits, maxConnections } = this.#config;
    const { framesBeforeLogin, framesAfterLogin } = limits;
    const door = new WebSocketTransport({
      ...this.#common(),
      ...{ paths, origins, framesBeforeLogin, framesAfterLogin, maxConnections },
    });
    door.attach(server, { isOwn });
    this.#open.add(door);
    return door;
  }

  openTcp(tls: { readonly cert: string; readonly key: string } | undefined): TcpTransport {
    const { maxConnections } = this.#config;
    const door = new TcpTransport({ ...this.#common(), maxConnections, ...(tls && { tls }) });
    this.#open.add(door);
    return door;
  }

  /** Ends one door with its connections and no other. */
  async shut(door: WebSocketTransport | TcpTransport, spreadMs: number): Promise<void> {
    await door.close({ spreadMs, graceMs: LINGER_MS });
    this.#open.delete(door);
  }

  /** Newcomers are refused; who is here stays. */
  stopAccepting(): void {
    for (const door of this.#open) door.stopAccepting();
  }

  /** Says goodbye over `spreadMs`, cuts who is left after `graceMs` more. */
  async close(spreadMs: number, graceMs: number): Promise<void> {
    await Promise.all([...this.#open].map((door) => door.close({ spreadMs, graceMs })));
    this.#open.clear();
    this.#timers.close();
  }

  #common() {
    return { accept: this.#broker.accept, timers: this.#timers, log: this.#log, lingerMs: LINGER_MS };
  }
}
