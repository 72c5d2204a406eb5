import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { within } from './eventually.ts';
import { ProcessLog, type LogLine } from './process-log.ts';
import { serverCommand } from './server-build.ts';

export interface BrokerOptions {
  /** Added to the broker's environment; nothing else of the test's own gets there but PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>;
  /** Folder of the data; without it a fresh one that goes with the process. */
  readonly dataDir?: string;
  /** Command line flags. */
  readonly args?: readonly string[];
  /** Lines of level `error` or above that this test provokes; any other makes `stop` throw. */
  readonly allowFault?: (line: LogLine) => boolean;
}

const START_MS = 60_000;
const STOP_MS = 30_000;

/**
 * Starts the real server in a process of its own, on free ports of loopback, and resolves when it listens.
 * End it with `stop()` in an `after` hook: that is where a fault in its log fails the test.
 */
export async function startBroker(options: BrokerOptions = {}): Promise<BrokerProcess> {
  const scratch = await mkdtemp(join(tmpdir(), 'stompede-e2e-'));
  const broker = new BrokerProcess(options, scratch);
  try {
    await broker.start();
  } catch (error) {
    await broker.abandon();
    throw error;
  }
  return broker;
}

/** Brokers that still run; a test process that ends in the middle takes them and their folders along. */
const running = new Set<BrokerProcess>();
process.on('exit', () => {
  for (const broker of running) broker.killNow();
});
// The default action of these signals ends the process without `exit`.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

/**
 * One broker and its successors on the same data. `kill` ends the process abruptly, `restart` puts another in its
 * place on the same ports (so that a page which is open finds it again), `stop` ends it as an operator would.
 */
export class BrokerProcess {
  readonly log = new ProcessLog();
  readonly dataDir: string;
  /** Folder of this test alone: the process runs in it, its data lie in it unless told otherwise. */
  readonly scratch: string;
  httpUrl = '';
  wsUrl = '';
  httpPort = 0;
  tcpPort = 0;
  #options: BrokerOptions;
  #child: ChildProcess | undefined;

  constructor(options: BrokerOptions, scratch: string) {
    this.#options = options;
    this.scratch = scratch;
    this.dataDir = options.dataDir ?? join(scratch, 'data');
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error('The broker does not run');
    return this.#child.pid;
  }

  get logs(): readonly LogLine[] {
    return this.log.lines;
  }

  async start(): Promise<void> {
    if (this.#child) throw new Error('The broker runs already');
    const command = await serverCommand();
    const seen = new Set(this.log.lines);
    const child = spawn(process.execPath, [...command, ...(this.#options.args ?? [])], {
      cwd: this.scratch,
      env: this.#environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    running.add(this);
    this.log.follow(child.stdout);
    this.log.follow(child.stderr);
    const ended = once(child, 'close').then(([code, signal]) => {
      throw new Error(`The broker ended with ${String(code ?? signal)} before it listened:\n${this.log.tail()}`);
    });
    ended.catch(() => undefined); // once it listens, `kill` and `stop` judge its end
    const listening = this.log.line((line) => line['event'] === 'listening' && !seen.has(line));
    const line = await within(Promise.race([listening, ended]), START_MS, () => `the broker to listen\n${this.log.tail()}\n`);
    this.#learn(line);
  }

  /** Ends the process with `signal` (default SIGKILL) and resolves when it is gone. Its data stay. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (!child) return;
    await this.#end(child, signal);
  }

  /** Starts again on the same data and ports; kills the process before, if it still runs. */
  async restart(): Promise<void> {
    await this.kill('SIGKILL');
    await this.start();
  }

  /** Ends the process by SIGTERM, expects status 0 and a log without faults, and removes the temporary data. */
  async stop(): Promise<void> {
    try {
      const child = this.#child;
      if (child) {
        const [code, signal] = await this.#end(child, 'SIGTERM');
        if (code !== 0) {
          throw new Error(`Expected the broker to end with 0 after SIGTERM, got ${String(code ?? signal)}:\n${this.log.tail()}`);
        }
      }
      this.expectNoFaults();
    } finally {
      await this.abandon();
    }
  }

  /** Throws if the log holds a line of level `error` or above, or an unhandled exception, that was not allowed. */
  expectNoFaults(): void {
    const allowed = this.#options.allowFault ?? (() => false);
    const faults = this.log.faults.filter((line) => !allowed(line));
    if (faults.length === 0) return;
    throw new Error(`The broker logged ${faults.length} faults, first ${JSON.stringify(faults[0])}:\n${this.log.tail()}`);
  }

  /** Cuts the process, if it runs, and removes the temporary data; judges nothing. */
  async abandon(): Promise<void> {
    await this.kill('SIGKILL');
    await rm(this.scratch, { recursive: true, force: true });
  }

  /** As `abandon`, in the last moment of the test process. */
  killNow(): void {
    this.#child?.kill('SIGKILL');
    rmSync(this.scratch, { recursive: true, force: true });
  }

  async #end(child: ChildProcess, signal: NodeJS.Signals): Promise<[number | null, NodeJS.Signals | null]> {
    const closed: Promise<[number | null, NodeJS.Signals | null]> =
      child.exitCode === null && child.signalCode === null
        ? (once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>)
        : Promise.resolve([child.exitCode, child.signalCode]);
    child.kill(signal);
    try {
      return await within(closed, STOP_MS, () => `the broker to end after ${signal}\n${this.log.tail()}\n`);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    } finally {
      this.#child = undefined;
      running.delete(this);
    }
  }

  #environment(): NodeJS.ProcessEnv {
    const { PATH, HOME } = process.env;
    return {
      ...(PATH === undefined ? {} : { PATH }),
      ...(HOME === undefined ? {} : { HOME }),
      HOST: '127.0.0.1',
      PORT: String(this.httpPort),
      TCP_PORT: String(this.tcpPort),
      DATA_DIR: this.dataDir,
      LOG_LEVEL: 'info',
      ...this.#options.env,
    };
  }

  #learn(line: LogLine): void {
    const { http, tcp } = line;
    if (typeof http === 'string') {
      this.httpUrl = http;
      this.wsUrl = `${http.replace(/^http/, 'ws')}/ws`;
      this.httpPort = Number(new URL(http).port);
    }
    if (typeof tcp === 'string') this.tcpPort = Number(tcp.slice(tcp.lastIndexOf(':') + 1));
  }
}
