import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, RESP_TYPES } from 'redis';
import { freePort } from './free-port.ts';
import { redisProgram } from './redis-program.ts';
import { until } from './until.ts';
import { watchOver } from './watchdog.ts';

export interface RedisServerOptions {
  /** Lines of redis.conf, over the defaults: nothing is saved. Several values for one word are several lines. */
  readonly config?: Readonly<Record<string, string | number | readonly string[]>>;
  /** Also listens on a free port of 127.0.0.1. Default false: on a Unix socket alone. */
  readonly hasPort?: boolean;
  /** Every change is in the append-only file before its reply leaves (`always`), or soon (`everysec`). Default: no file. */
  readonly appendFsync?: 'always' | 'everysec';
  /** Of the default user. Default none. */
  readonly password?: string;
  /** Watches over primaries instead of holding keys. Implies `hasPort`. */
  readonly isSentinel?: boolean;
}

export type CommandReply = null | number | string | CommandReply[];

const START_MS = 20_000;
const COMMAND_MS = 5_000;

const LOG = 'redis.log';
const WORDS = 'redis.out';

/** Starts a `redis-server` of the test's own in a temporary folder, and resolves when it answers. End it with `close`. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const program = redisProgram();
  const folder = await mkdtemp(join(tmpdir(), 'stompede-redis-'));
  for (;;) {
    const port = options.hasPort || options.isSentinel ? await freePort() : 0;
    const server = new RedisServer(program, folder, port, options);
    try {
      await server.start();
      return server;
    } catch (error) {
      // Somebody was quicker to take the port: another one will do.
      if (port !== 0 && /Address already in use/.test(String(error))) await server.forgetLog();
      else {
        await server.close();
        throw error;
      }
    }
  }
}

/** Resolves when a replica has not only connected, but acknowledged what it was sent: from then on it confirms. */
export async function untilFollowed(primary: RedisServer): Promise<void> {
  const isFollowed = async (): Promise<boolean> => {
    // Without anything to pass on there would be nothing to acknowledge.
    await primary.command('PUBLISH', 'a-word', '');
    return /state=online,offset=[1-9]/.test(await primary.info('replication', 'slave0'));
  };
  await until('a replica that acknowledges', isFollowed, 20_000);
}

/** One server and its successors in the same folder, on the same socket and port. */
export class RedisServer {
  readonly folder: string;
  /** Path of the Unix socket. */
  readonly socket: string;
  /** On 127.0.0.1; 0 when there is none. */
  readonly port: number;
  readonly #program: string;
  readonly #options: RedisServerOptions;
  #child: ChildProcess | undefined;
  #callOff: () => void = () => {};

  constructor(program: string, folder: string, port: number, options: RedisServerOptions) {
    this.#program = program;
    this.folder = folder;
    this.socket = join(folder, 'redis.sock');
    this.port = port;
    this.#options = options;
  }

  /** How a client reaches it: by the port if there is one, else by the socket. */
  get url(): string {
    return this.port === 0 ? `unix://${this.socket}` : `redis://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error('This Redis does not run');
    return this.#child.pid;
  }

  async start(): Promise<void> {
    if (this.#child) throw new Error('This Redis runs already');
    const conf = join(this.folder, 'redis.conf');
    // Sentinels, and CONFIG REWRITE, write it over: what they wrote is what they start with again.
    await writeFile(conf, this.#configuration(), { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST' || this.#options.isSentinel !== true) return writeFile(conf, this.#configuration());
      return undefined;
    });
    // What it finds wrong with its configuration it says before it opens its log.
    const words = await open(join(this.folder, WORDS), 'a');
    const args = [conf, ...(this.#options.isSentinel ? ['--sentinel'] : [])];
    const child = spawn(this.#program, args, { cwd: this.folder, stdio: ['ignore', words.fd, words.fd] });
    await once(child, 'spawn').finally(() => words.close());
    child.unref();
    this.#child = child;
    this.#callOff = watchOver(child.pid!, this.folder);
    try {
      await until('redis-server to answer', () => this.#answers(child), START_MS);
      if (hasEnded(child)) throw new Error(`it ended with ${String(child.exitCode ?? child.signalCode)}`);
    } catch (error) {
      await this.kill();
      throw new Error(`redis-server did not start:\n${await this.log()}`, { cause: error });
    }
  }

  async #answers(child: ChildProcess): Promise<boolean> {
    // An exit is final, so the wait ends with what the log says.
    if (hasEnded(child)) return true;
    return (await this.command('PING')) === 'PONG';
  }

  /** Ends the process and resolves when it is gone. Its folder stays. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#child = undefined;
    if (!hasEnded(child)) {
      const ended = once(child, 'exit');
      child.ref();
      child.kill(signal);
      // A stopped process hears nothing but SIGKILL until it goes on.
      if (signal !== 'SIGKILL') child.kill('SIGCONT');
      await ended;
    }
    this.#callOff();
  }

  /** Kills it, if it still runs, and starts it again on what it left. */
  async restart(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.kill(signal);
    await this.start();
  }

  /** Its connections stay, and nothing answers, until `resume`. */
  pause(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /**
   * It measures scripts by the clock on the wall: what it waits for a processor is not to be blamed on one of them. A nice
   * value would only count among processes of one terminal session, hence real time.
   */
  preferOverOthers(): void {
    try {
      execFileSync('chrt', ['--fifo', '--pid', '1', String(this.pid)], { stdio: 'ignore' });
    } catch {
      // Only root may, and on Linux; without it a busy machine makes the figures worse than they are.
    }
  }

  /** Ends it and removes its folder. Idempotent. */
  async close(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Sends one command on a connection of its own; text comes as strings, errors reject. */
  async command(...args: readonly (string | number | Buffer)[]): Promise<CommandReply> {
    const client = createClient({
      RESP: 2,
      ...(this.#options.password === undefined ? {} : { password: this.#options.password }),
      socket: { path: this.socket, reconnectStrategy: false, connectTimeout: COMMAND_MS },
      maintNotifications: 'disabled',
      disableClientInfo: true,
    });
    client.on('error', () => {}); // the command below rejects with it
    const deadline = setTimeout(() => client.destroy(), COMMAND_MS);
    try {
      await client.connect();
      return await client.withTypeMapping({ [RESP_TYPES.SIMPLE_STRING]: String }).sendCommand(args.map((arg) => (typeof arg === 'number' ? String(arg) : arg)));
    } finally {
      clearTimeout(deadline);
      client.destroy();
    }
  }

  /** One value of INFO, e.g. `info('replication', 'role')`; empty when there is none of that name. */
  async info(section: string, name: string): Promise<string> {
    const text = String(await this.command('INFO', section));
    return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(text)?.[1] ?? '';
  }

  /** What the server wrote about itself, its last lines. */
  async log(): Promise<string> {
    const texts = await Promise.all([WORDS, LOG].map((name) => readFile(join(this.folder, name), 'utf8').catch(() => '')));
    return texts.join('').trimEnd().split('\n').slice(-20).join('\n');
  }

  async forgetLog(): Promise<void> {
    for (const name of [WORDS, LOG]) await rm(join(this.folder, name), { force: true });
  }

  #configuration(): string {
    const { appendFsync, password, isSentinel, config } = this.#options;
    const lines: Record<string, string | number | readonly string[]> = {
      port: this.port,
      bind: '127.0.0.1',
      unixsocket: this.socket,
      dir: this.folder,
      logfile: join(this.folder, LOG),
      ...(isSentinel ? {} : DATA),
      ...(password === undefined ? {} : { requirepass: password }),
      ...(appendFsync === undefined ? {} : { appendonly: 'yes', appendfsync: appendFsync }),
      ...config,
    };
    return Object.entries(lines)
      .flatMap(([word, value]) => (Array.isArray(value) ? (value as string[]) : [value]).map((one) => `${word} ${String(one)}\n`))
      .join('');
  }
}

const DATA = { save: '""', appendonly: 'no', 'repl-diskless-sync': 'yes', 'repl-diskless-sync-delay': 0, 'enable-debug-command': 'yes' };

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
