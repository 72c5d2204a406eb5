import type { Script } from '../script.ts';
import { Calls } from './calls.ts';
import { ReplyError, type Argument, type Link, type Reply } from './link.ts';
import { authCommand, type Credentials, type OpenLogin } from './login.ts';
import { endpointText, type Access, type Endpoint } from './source.ts';
import type { OpenWire, Wire } from './wire.ts';

export interface ConnectionOptions {
  /** What CLIENT LIST shows. */
  readonly name: string;
  /** Deadline of each call, ms. */
  readonly callMs: number;
  /** Deadline of everything until the first call can be made, ms. */
  readonly dialMs: number;
  /** A server that says it is none is not talked to. */
  readonly mustBePrimary: boolean;
  /** A key of a cluster. A node that sends us elsewhere for it, on somebody's stale word, is not talked to. */
  readonly mustHold?: string | undefined;
  /** Loaded before the first call. */
  readonly scripts: readonly Script[];
}

/**
 * One connection, from the opening of its socket to its end; there is no second life.
 *
 *     opening --`dial` resolves--> ready --`end`, socket, deadline, refusal--> ended
 *        \------------------- the same ------------------------------------------/
 */
export class Connection implements Pick<Link, 'command' | 'run'> {
  /** Called once at the end, unless nobody has it yet; all calls are rejected by then. */
  onEnd: (error: Error) => void = () => {};
  onMessage: (channel: string, payload: Buffer) => void = () => {};
  readonly #endpoint: Endpoint;
  readonly #options: ConnectionOptions;
  readonly #wire: Wire;
  readonly #calls: Calls;
  /** Of those who wait for something that is no call. */
  readonly #rejects = new Set<(error: Error) => void>();
  #endedBy: Error | undefined;
  #login: OpenLogin | undefined;

  private constructor(openWire: OpenWire, endpoint: Endpoint, access: Access, options: ConnectionOptions) {
    this.#endpoint = endpoint;
    this.#options = options;
    this.#wire = openWire(endpoint, access, options.dialMs, {
      onEnd: (error) => this.end(error),
      onMessage: (channel, payload) => this.onMessage(channel.toString(), payload),
    });
    this.#calls = new Calls(this.#wire, options.callMs, (error) => this.end(error));
  }

  /** Opens a connection and introduces us. Rejects when that failed, or took too long, or `signal` said so. */
  static async dial(openWire: OpenWire, endpoint: Endpoint, access: Access, options: ConnectionOptions, signal: AbortSignal): Promise<Connection> {
    signal.throwIfAborted();
    const connection = new Connection(openWire, endpoint, access, options);
    const abort = (): void => connection.end(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    const deadline = setTimeout(() => connection.end(new Error(`not connected within ${options.dialMs} ms`)), options.dialMs);
    try {
      await connection.#orEnd(connection.#wire.opened);
      await connection.#introduce(access);
      return connection;
    } catch (error) {
      connection.end(error as Error);
      throw connection.#endedBy!;
    } finally {
      clearTimeout(deadline);
      signal.removeEventListener('abort', abort);
    }
  }

  get hasEnded(): boolean {
    return this.#endedBy !== undefined;
  }

  command(args: readonly Argument[]): Promise<Reply> {
    return this.#calls.command(args);
  }

  run(script: Script, key: string, args: readonly Argument[]): Promise<Reply> {
    return this.#calls.run(script, key, args);
  }

  /** Resolves when the server confirmed. From then on no command can be sent. */
  async subscribe(channels: readonly string[]): Promise<void> {
    if (channels.length > 0) await this.#inTime('SUBSCRIBE', (wire) => wire.subscribe([...channels]));
  }

  async unsubscribe(channels: readonly string[]): Promise<void> {
    if (channels.length > 0) await this.#inTime('UNSUBSCRIBE', (wire) => wire.unsubscribe([...channels]));
  }

  /** Closes the socket and rejects what waits for an answer. Idempotent. */
  end(error: Error): void {
    if (this.#endedBy) return;
    this.#endedBy = new Error(`Redis at ${endpointText(this.#endpoint)}: ${error.message || String(error)}`, { cause: error });
    this.#login?.end();
    this.#wire.destroy();
    this.#calls.lose(this.#endedBy);
    for (const reject of this.#rejects) reject(this.#endedBy);
    this.onEnd(this.#endedBy);
  }

  async #inTime(what: string, act: (wire: Wire) => Promise<unknown>): Promise<void> {
    if (this.#endedBy) throw this.#endedBy;
    const { callMs } = this.#options;
    const deadline = setTimeout(() => this.end(new Error(`no answer to ${what} within ${callMs} ms`)), callMs);
    try {
      await this.#orEnd(act(this.#wire));
    } catch (error) {
      this.end(error as Error);
      throw error;
    } finally {
      clearTimeout(deadline);
    }
  }

  /**
   * Both clients would say all this by themselves, each in its own way; so we say it. The long commands come last: Redis ends the
   * connection of a stranger who sends one, and why it refused him may be lost with it.
   */
  async #introduce(access: Access): Promise<void> {
    const { name, mustBePrimary, mustHold, scripts } = this.#options;
    const { credentials } = await this.#orEnd(this.#openLogin(access));
    await this.#authenticate(credentials);
    const [, , role] = await Promise.all([
      access.database === 0 ? undefined : this.command(['SELECT', access.database]),
      leniently(this.command(['CLIENT', 'SETNAME', name])),
      mustBePrimary ? leniently(this.command(['ROLE'])) : undefined,
      mustHold === undefined ? undefined : leniently(this.command(['EXISTS', mustHold])),
    ]);
    if (Array.isArray(role) && String(role[0]) !== 'master') throw new Error(`expected a primary, got a server whose role is ${String(role[0])}`);
    await Promise.all(scripts.map((script) => this.command(['SCRIPT', 'LOAD', script.source])));
  }

  async #openLogin(access: Access): Promise<OpenLogin> {
    const login = await access.login((renewed) => {
      // A listening connection cannot say it any more. It ends then, and the next one begins with what is valid.
      this.#authenticate(renewed).catch((error: unknown) => this.end(error as Error));
    });
    if (this.#endedBy) login.end();
    else this.#login = login;
    return login;
  }

  async #authenticate(credentials: Credentials): Promise<void> {
    const command = authCommand(credentials);
    if (command) await this.command(command);
  }

  /** What `promise` brings, unless the connection ends before. */
  #orEnd<T>(promise: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#endedBy) reject(this.#endedBy);
      this.#rejects.add(reject);
      promise.then(resolve, reject).finally(() => this.#rejects.delete(reject));
    });
  }
}

/** Some servers forbid a question that is not vital: then it stays unanswered. */
async function leniently(reply: Promise<Reply>): Promise<Reply | undefined> {
  try {
    return await reply;
  } catch (error) {
    if (error instanceof ReplyError && (error.code === 'NOPERM' || /unknown (sub)?command/i.test(error.message))) return undefined;
    throw error;
  }
}
