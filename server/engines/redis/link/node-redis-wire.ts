import { ErrorReply, RedisClient, RESP_TYPES } from 'redis';
import type { Argument } from './link.ts';
import type { Access, Endpoint } from './source.ts';
import { KEEP_ALIVE_MS, type OpenWire, type Wire, type WireEvents } from './wire.ts';

/** A wire by node-redis, package `redis`. */
export const openNodeRedisWire: OpenWire = (endpoint, access, connectMs, events) => new NodeRedisWire(endpoint, access, connectMs, events);

class NodeRedisWire implements Wire {
  readonly opened: Promise<void>;
  readonly #client: ReturnType<typeof createRawClient>;
  readonly #end = new AbortController();
  readonly #onMessage: (payload: Buffer, channel: Buffer) => void;

  constructor(endpoint: Endpoint, access: Access, connectMs: number, events: WireEvents) {
    this.#client = createRawClient(endpoint, access, connectMs, this.#end.signal);
    this.#onMessage = (payload, channel) => {
      if (!this.#end.signal.aborted) events.onMessage(channel, payload);
    };
    this.#client.on('error', (error: Error) => {
      if (!this.#end.signal.aborted) events.onEnd(error);
    });
    this.opened = this.#open();
  }

  async #open(): Promise<void> {
    await this.#client.connect();
    // Destroyed while it connected, the client would keep the socket that it had not yet.
    if (this.#end.signal.aborted) this.#client.destroy();
  }

  send(args: readonly Argument[]): Promise<unknown> {
    return this.#client.sendCommand(asText(args));
  }

  subscribe(channels: string[]): Promise<unknown> {
    return this.#client.subscribe(channels, this.#onMessage, true);
  }

  unsubscribe(channels: string[]): Promise<unknown> {
    return this.#client.unsubscribe(channels, this.#onMessage, true);
  }

  isReplyError(error: unknown): error is Error {
    return error instanceof ErrorReply;
  }

  destroy(): void {
    if (this.#end.signal.aborted) return;
    this.#end.abort();
    this.#client.destroy();
  }
}

/** `createClient` of the library makes a class with hundreds of methods anew for each other address: 30 ms of the processor. */
const PROTOCOL = { RESP: 2 } as const;
const createClient = RedisClient.factory(PROTOCOL);

function createRawClient(endpoint: Endpoint, { tls, family }: Access, connectMs: number, signal: AbortSignal) {
  const socket = {
    ...tls,
    ...endpoint,
    ...(family === undefined ? {} : { family }),
    // The client itself cannot end a socket before it is connected; Node's sockets can be told to.
    signal,
    connectTimeout: connectMs,
    reconnectStrategy: false as const,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
  };
  const options = {
    ...PROTOCOL,
    socket: tls ? { ...socket, tls: true as const } : 'path' in socket ? { ...socket, tls: false as const } : socket,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled' as const,
    // Its deadline costs a timer a command and protects only what is not yet written.
    commandOptions: { typeMapping: AS_BUFFERS, timeout: 0 },
  };
  return createClient(options);
}

const AS_BUFFERS = { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.SIMPLE_STRING]: Buffer } as const;

/** The client takes no numbers; arguments without any go as they are. */
function asText(args: readonly Argument[]): (string | Buffer)[] {
  for (const arg of args) {
    if (typeof arg === 'number') return args.map((one) => (typeof one === 'number' ? String(one) : one));
  }
  return args as (string | Buffer)[];
}
