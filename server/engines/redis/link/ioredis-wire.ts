import { Command, Redis, ReplyError } from 'ioredis';
import type { Argument } from './link.ts';
import type { Access, Endpoint } from './source.ts';
import { KEEP_ALIVE_MS, type OpenWire, type Wire, type WireEvents } from './wire.ts';

/** A wire by ioredis. */
export const openIoredisWire: OpenWire = (endpoint, access, connectMs, events) => new IoredisWire(endpoint, access, connectMs, events);

/** Replies as they come, in Buffers. */
const RAW = { replyEncoding: null };

class IoredisWire implements Wire {
  readonly opened: Promise<void>;
  readonly #client: Redis;
  #isDestroyed = false;
  #isCorked = false;

  constructor(endpoint: Endpoint, access: Access, connectMs: number, events: WireEvents) {
    const client = createRawClient(endpoint, access, connectMs);
    this.#client = client;
    const ended = (error: Error): void => {
      if (!this.#isDestroyed) events.onEnd(error);
    };
    client.on('error', ended);
    client.on('close', () => ended(new Error('the connection was closed')));
    client.on('messageBuffer', (channel: Buffer, payload: Buffer) => {
      if (!this.#isDestroyed) events.onMessage(channel, payload);
    });
    this.opened = this.#open();
  }

  async #open(): Promise<void> {
    try {
      await this.#client.connect();
    } finally {
      // Destroyed while it connected, the client may have come by a socket since.
      if (this.#isDestroyed) this.#client.stream?.destroy();
    }
  }

  send(args: readonly Argument[]): Promise<unknown> {
    this.#cork();
    // In capitals, the library has no idea of its own what a reply should look like.
    return this.#client.sendCommand(new Command((args[0] as string).toUpperCase(), args.slice(1), RAW)) as Promise<unknown>;
  }

  /** The library writes each command by itself; one write for all of a turn spares most of the system calls. */
  #cork(): void {
    if (this.#isCorked) return;
    const { stream } = this.#client;
    this.#isCorked = true;
    stream.cork();
    setImmediate(() => {
      this.#isCorked = false;
      stream.uncork();
    });
  }

  subscribe(channels: string[]): Promise<unknown> {
    return this.#client.subscribe(...channels);
  }

  unsubscribe(channels: string[]): Promise<unknown> {
    return this.#client.unsubscribe(...channels);
  }

  isReplyError(error: unknown): error is Error {
    return error instanceof (ReplyError as new () => Error);
  }

  destroy(): void {
    this.#isDestroyed = true;
    // `disconnect` says goodbye and waits for the other side, which may never answer: it is for what is not opened yet.
    if (this.#client.stream) this.#client.stream.destroy();
    else this.#client.disconnect();
  }
}

function createRawClient(endpoint: Endpoint, { tls, family }: Access, connectMs: number): Redis {
  return new Redis({
    ...endpoint,
    ...(family === undefined ? {} : { family }),
    ...(tls === undefined ? {} : { tls: withoutPlace(tls) }),
    protocol: 2,
    lazyConnect: true,
    connectTimeout: connectMs,
    retryStrategy: () => null,
    reconnectOnError: null,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    enableReadyCheck: false,
    disableClientInfo: true,
    noDelay: true,
    keepAlive: KEEP_ALIVE_MS,
  });
}

/** The library lets TLS options win over the endpoint. */
function withoutPlace<T extends object>(tls: T): T {
  const { host: _host, port: _port, path: _path, ...rest } = tls as Record<string, unknown>;
  return rest as T;
}
