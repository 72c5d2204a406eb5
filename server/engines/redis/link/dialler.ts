import type { Script } from '../script.ts';
import { movedTo } from './cluster-locator.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import { hashSlot } from './hash-slot.ts';
import { createLocator, type Locator } from './locator.ts';
import type { ClientName, Source } from './source.ts';
import type { OpenWire } from './wire.ts';

export interface DialOptions {
  readonly scripts: readonly Script[];
  /** Any of our keys: they all share a slot. */
  readonly key: string;
  readonly callMs: number;
  readonly dialMs: number;
}

/** Whoever answers later is no good guide. */
const ASK_MS = 1000;

/** Makes connections to the primary that holds our keys, wherever it is at present. */
export class Dialler {
  readonly #source: Source;
  readonly #options: DialOptions;
  readonly #locator: Locator;

  constructor(source: Source, options: DialOptions) {
    this.#source = source;
    this.#options = options;
    const askMs = Math.min(ASK_MS, options.dialMs);
    const asking = { name: 'stompede:locator', callMs: askMs, dialMs: askMs, mustBePrimary: false, scripts: [] };
    this.#locator = createLocator(source, hashSlot(options.key), async (guide, access, command, signal) => {
      const connection = await Connection.dial(await libraryFor(source.client), guide, access, asking, signal);
      try {
        return await connection.command(command);
      } finally {
        connection.end(new Error('the question is answered'));
      }
    });
  }

  /** For calls, with the scripts loaded. `name` is what people see in CLIENT LIST. Rejects when `signal` says so. */
  dialForCalls(name: string, signal: AbortSignal): Promise<Connection> {
    return this.#dial(name, this.#options.scripts, signal);
  }

  /** For listening. */
  dialForBus(name: string, signal: AbortSignal): Promise<Connection> {
    return this.#dial(name, [], signal);
  }

  async #dial(name: string, scripts: readonly Script[], signal: AbortSignal): Promise<Connection> {
    const { key, callMs, dialMs } = this.#options;
    const { client, topology, access } = this.#source;
    // CLIENT SETNAME takes printable ASCII without spaces.
    const shown = `stompede:${name.replace(/[^!-~]/g, '-')}`;
    const mustHold = topology.kind === 'cluster' ? key : undefined;
    const options: ConnectionOptions = { name: shown, callMs, dialMs, mustBePrimary: true, mustHold, scripts };
    const openWire = await libraryFor(client);
    const endpoint = await this.#locator.locate(signal);
    try {
      return await Connection.dial(openWire, endpoint, access, options, signal);
    } catch (error) {
      // Who held our slot knows better than the most who have not heard yet.
      const moved = topology.kind === 'cluster' ? movedTo(error as Error, endpoint, topology.translate) : undefined;
      if (!moved) throw error;
      return Connection.dial(openWire, moved, access, options, signal);
    }
  }
}

/** Each library is loaded when it is first needed, and only if it is. */
async function libraryFor(client: ClientName): Promise<OpenWire> {
  if (client === 'redis') return (await import('./node-redis-wire.ts')).openNodeRedisWire;
  return (await import('./ioredis-wire.ts')).openIoredisWire;
}
