import { fork, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export interface LaunchOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Opens a message channel, for the benchmark's own Node programs. */
  readonly isOwn?: boolean;
}

/**
 * The ground the benchmark stands on: a directory of its own and the processes it started. However the benchmark ends,
 * short of SIGKILL, both are gone afterwards.
 */
export class Testbed {
  readonly directory: string;
  readonly #children = new Set<ChildProcess>();
  readonly #compiled = new Map<string, Promise<string>>();
  readonly #onExit = (): void => this.#clear();
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    console.error(`${signal}: stopping what was started`);
    process.exit(130);
  };

  /** Arguments for a Node process that is to leave a CPU profile when it ends; none unless asked for. */
  readonly profileArguments: readonly string[];

  /** `profileTo`: folder for CPU profiles. */
  constructor(profileTo?: string) {
    this.profileArguments = profileTo === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(profileTo)}`];
    this.directory = mkdtempSync(join(tmpdir(), 'stompede-bench-'));
    process.once('exit', this.#onExit);
    for (const signal of SIGNALS) process.once(signal, this.#onSignal);
  }

  /** A fresh directory below the testbed's own. */
  makeDirectory(name: string): string {
    return mkdtempSync(join(this.directory, `${name}-`));
  }

  /**
   * Bundles a program of this folder, so that a measured process holds its own code only, no loader. Resolves with
   * the file to run.
   */
  compile(source: URL): Promise<string> {
    const path = fileURLToPath(source);
    let compiled = this.#compiled.get(path);
    if (!compiled) {
      const outfile = join(this.directory, `${basename(path, '.ts')}.cjs`);
      const options = { bundle: true, platform: 'node', format: 'cjs', target: 'node20', logLevel: 'error' } as const;
      compiled = build({ ...options, entryPoints: [path], outfile, external: ['bufferutil', 'utf-8-validate'] }).then(() => outfile);
      this.#compiled.set(path, compiled);
    }
    return compiled;
  }

  /** Starts a program in a process group of its own; its standard output is piped, its errors too. */
  launch(command: string, args: readonly string[], { env = {}, cwd = this.directory, isOwn = false }: LaunchOptions = {}): ChildProcess {
    const common = { env: { ...process.env, ...env }, cwd, detached: true };
    const child = isOwn
      ? fork(command, [...args], { ...common, stdio: ['ignore', 'pipe', 'pipe', 'ipc'], execArgv: [] })
      : spawn(command, args, { ...common, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  /** Ends a program with its whole group: by SIGTERM, and by SIGKILL if it is still there after `graceMs`. */
  async stop(child: ChildProcess, graceMs = 5_000): Promise<void> {
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      signalGroup(child, 'SIGTERM');
      const impatient = setTimeout(() => signalGroup(child, 'SIGKILL'), graceMs);
      await exited;
      clearTimeout(impatient);
    }
    // Children that outlived their parent.
    signalGroup(child, 'SIGKILL');
  }

  /** Stops everything. Idempotent. */
  async close(): Promise<void> {
    await Promise.all([...this.#children].map((child) => this.stop(child)));
    process.off('exit', this.#onExit);
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
    this.#clear();
  }

  #clear(): void {
    for (const child of this.#children) signalGroup(child, 'SIGKILL');
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // ESRCH: the group is empty already.
  }
}

/** A loopback port that was free a moment ago. */
export function probePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(new Error('No port'))));
    });
  });
}
