import cluster, { type Worker } from 'node:cluster';
import { availableParallelism } from 'node:os';
import type { Logger } from 'pino';
import { EXIT_FAILED, type Announcement } from './node-process.ts';
import { onStopSignals } from './stop-signals.ts';
import { readAnnouncement, WORKER_VARIABLE } from './worker-message.ts';

/** What a worker may take beyond its `drainMs`, closing included, before it is cut. */
const STOP_GRACE_MS = 5_000;

/** A worker that served for so long ended for a reason of its own, not for that of the one before. */
const STEADY_MS = 30_000;
const MIN_PAUSE_MS = 100;
const MAX_PAUSE_MS = 10_000;

export interface WorkersOptions {
  readonly workers: number;
  /** The module each worker runs, with this process' own arguments. */
  readonly program: string;
  readonly drainMs: number;
  readonly log: Logger;
}

/** One place among the workers; processes come and go in it. */
interface Place {
  readonly number: number;
  worker: Worker | undefined;
  /** ms of `performance.now()`; undefined = it does not listen yet. */
  listensSince: number | undefined;
  /** How many processes in a row ended here before they were steady. */
  failures: number;
  restart: NodeJS.Timeout | undefined;
}

export function countOfWorkers(wanted: number | 'auto'): number {
  return wanted === 'auto' ? availableParallelism() : wanted;
}

/** Runs `workers` processes of `program` and ends this process when they have ended, or cannot begin. */
export function superviseWorkers(options: WorkersOptions): void {
  const workers = new Workers(options);
  onStopSignals({ onFirst: (signal) => workers.stop(signal), onAgain: () => workers.cut() });
  workers.start();
}

/**
 * Nodes on one machine's cores that share its ports. Each worker is a node of its own, with its own sessions and links;
 * this process opens the ports for them and hands each new connection to the next one (node:cluster), and does no more.
 *
 * It is *starting* until every worker listens, which it says once; then *running*; *stopping* from the first signal, or
 * from a hopeless start, until the last worker has ended and this process with it.
 *
 * While starting or running, a worker that ends is replaced: at once almost, and after twice the pause each time that its
 * replacement does not serve steadily either. There is one hopeless case: a worker ended before it listened and no other
 * listens. A wrong configuration, a taken port or an absent store would end the next one, too, so whoever started this
 * process has to know: it ends with that worker's code.
 */
class Workers {
  readonly #options: WorkersOptions;
  readonly #places: readonly Place[];
  #state: 'starting' | 'running' | 'stopping' = 'starting';
  #exitCode = 0;

  constructor(options: WorkersOptions) {
    this.#options = options;
    this.#places = Array.from({ length: options.workers }, (_, index) => ({
      number: index + 1,
      worker: undefined,
      listensSince: undefined,
      failures: 0,
      restart: undefined,
    }));
  }

  start(): void {
    cluster.setupPrimary({ exec: this.#options.program, args: process.argv.slice(2) });
    for (const place of this.#places) this.#fork(place);
  }

  /** Every worker drains as a node alone does; who does not end by itself is cut. */
  stop(signal: NodeJS.Signals): void {
    if (this.#state === 'stopping') return;
    this.#options.log.info({ event: 'draining', signal, workers: this.#running().length });
    this.#stop();
  }

  /** Nobody waits any longer. */
  cut(): void {
    for (const worker of this.#running()) worker.process.kill('SIGKILL');
    process.exit(1);
  }

  #fork(place: Place): void {
    const worker = cluster.fork({ [WORKER_VARIABLE]: place.number });
    place.worker = worker;
    worker.on('message', (message: unknown) => {
      const announcement = readAnnouncement(message);
      if (announcement) this.#onListening(place, announcement);
    });
    worker.on('exit', (code, signal) => this.#onExit(place, code, signal));
  }

  #onListening(place: Place, announcement: Announcement): void {
    const { log } = this.#options;
    place.listensSince = performance.now();
    if (this.#state === 'running') log.info({ event: 'worker-listening', worker: place.number, workerPid: place.worker?.process.pid });
    if (this.#state !== 'starting' || this.#places.some(({ listensSince }) => listensSince === undefined)) return;
    this.#state = 'running';
    const workerPids = this.#running().map((worker) => worker.process.pid);
    log.info({ event: 'listening', workers: workerPids.length, workerPids, ...announcement });
  }

  #onExit(place: Place, code: number, signal: string | null): void {
    const { listensSince, worker } = place;
    place.worker = undefined;
    place.listensSince = undefined;
    if (this.#state === 'stopping') return this.#onStopped(place, code, signal);
    const end = { worker: place.number, workerPid: worker?.process.pid, code: signal ?? code };
    if (listensSince === undefined && this.#places.every((other) => other.listensSince === undefined)) {
      this.#options.log.fatal({ event: 'start-failed', reason: 'a worker ended before it listened, and no other one listens', ...end });
      this.#exitCode = code || EXIT_FAILED;
      return this.#stop();
    }
    const wasSteady = listensSince !== undefined && performance.now() - listensSince >= STEADY_MS;
    place.failures = wasSteady ? 1 : place.failures + 1;
    const pauseMs = Math.min(MIN_PAUSE_MS * 2 ** (place.failures - 1), MAX_PAUSE_MS);
    this.#options.log[code === 0 ? 'info' : 'error']({ event: 'worker-ended', ...end, restartInMs: pauseMs });
    place.restart = setTimeout(() => this.#fork(place), pauseMs);
  }

  #stop(): void {
    this.#state = 'stopping';
    for (const { restart, worker } of this.#places) {
      clearTimeout(restart);
      worker?.process.kill('SIGTERM');
    }
    setTimeout(() => this.#cutStragglers(), this.#options.drainMs + STOP_GRACE_MS).unref();
    this.#endIfAlone();
  }

  #onStopped(place: Place, code: number, signal: string | null): void {
    // One that had not begun to hear signals is ended by ours itself.
    const isWell = code === 0 || signal === 'SIGTERM';
    if (!isWell) {
      this.#options.log.error({ event: 'worker-ended', worker: place.number, code: signal ?? code });
      this.#exitCode ||= code || EXIT_FAILED;
    }
    this.#endIfAlone();
  }

  #cutStragglers(): void {
    for (const { worker, number } of this.#places) {
      if (!worker) continue;
      this.#options.log.error({ event: 'worker-cut', worker: number, reason: 'it did not end in time' });
      worker.process.kill('SIGKILL');
    }
  }

  #endIfAlone(): void {
    if (this.#running().length > 0) return;
    if (this.#exitCode === 0) this.#options.log.info({ event: 'stopped' });
    process.exit(this.#exitCode);
  }

  #running(): Worker[] {
    return this.#places.flatMap(({ worker }) => worker ?? []);
  }
}
