/**
 * What the embedded engine costs alone, without sessions and sockets: `node --import tsx …/store.bench.ts [window|deep]`.
 *
 * *window*: messages of 1 KB are enqueued, claimed and settled one by one, so many of each on their way at a time, every
 * one of them confirmed. *deep*: a million messages are queued, the engine is started anew, and then all are claimed and
 * settled. CPU is that of the whole process with its system calls; the kernel's own threads are not in it.
 * How it misleads: a receipt here costs no socket, so the batches are fuller than they are behind real clients.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Engine, EngineEvents, Operation } from '../../broker/engine.ts';
import { message } from '../engine-contract/messages.ts';
import { testNode } from '../engine-contract/test-node.ts';
import { EmbeddedEngine } from './embedded-engine.ts';

const BODY = Buffer.alloc(1024, 'x');
const SCALE = Number(process.env.STOMPEDE_SCALE ?? 1);
const DEEP = Math.round(1_000_000 * SCALE);

class Run implements EngineEvents {
  engine!: Engine;
  pump = (): void => undefined;

  async start(directory: string): Promise<number> {
    const begun = performance.now();
    this.engine = new EmbeddedEngine({ directory });
    await this.engine.start(this, testNode());
    return performance.now() - begun;
  }

  onReady(): void {
    this.pump();
  }

  onMessage(): void {
    return;
  }

  onDead(): void {
    return;
  }

  onGap(): void {
    return;
  }

  onLoss(): void {
    return;
  }

  onEvicted(): void {
    return;
  }

  onCommand(): void {
    return;
  }

  onFatal(error: Error): void {
    throw error;
  }

  async apply(operation: Operation): Promise<void> {
    const outcome = await this.engine.apply({ operations: [operation], lane: 'durable' });
    if (!outcome.ok) throw new Error(outcome.failure.detail);
  }

  /** Enqueues, so many at a time. */
  async produce(total: number, window: number): Promise<void> {
    let next = 0;
    const one = async (): Promise<void> => {
      while (next < total)
        await this.apply({
          kind: 'enqueue',
          queue: 'bench',
          message: message(`node-1-${next++}`, { body: Buffer.from(BODY) }),
        });
    };
    await Promise.all(Array.from({ length: window }, one));
  }

  /** Claims and settles, so many in flight; `onShare` is told of every hundred thousandth. */
  consume(total: number, window: number, onShare = (_settled: number): void => undefined): Promise<void> {
    return new Promise((resolve) => {
      let credit = window;
      let settled = 0;
      let isClaiming = false;
      const settle = async (seq: number): Promise<void> => {
        await this.apply({ kind: 'settle', queue: 'bench', seq });
        credit++;
        if (++settled % 100_000 === 0) onShare(settled);
        if (settled === total) resolve();
        else this.pump();
      };
      const claim = async (): Promise<void> => {
        const claimed = await this.engine.claim('bench', [{ credit }], 1024 * 1024);
        credit -= claimed.length;
        isClaiming = false;
        for (const { seq } of claimed) void settle(seq);
      };
      this.pump = () => {
        if (isClaiming || credit === 0) return;
        isClaiming = true;
        queueMicrotask(() => void claim());
      };
      this.pump();
    });
  }
}

function rssAnonMb(): number {
  return Number(/RssAnon:\s+(\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) / 1024;
}

/** Runs a piece of work and prints what it cost a message. */
async function measured(name: string, count: number, work: () => Promise<void>): Promise<void> {
  const cpu = process.cpuUsage();
  const begun = performance.now();
  await work();
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const micros = ((user + system) / count).toFixed(1);
  console.log(
    `${name.padEnd(30)} ${String(Math.round(count / seconds)).padStart(8)}/s ${micros.padStart(7)} µs CPU, RssAnon ${rssAnonMb().toFixed(0)} MB`,
  );
}

async function windows(directory: string): Promise<void> {
  for (const window of [1, 16, 200]) {
    const total = Math.round((window === 1 ? 5000 : window === 16 ? 40_000 : 200_000) * SCALE);
    const run = new Run();
    await run.start(path.join(directory, `window-${window}`));
    await Promise.all([run.produce(total / 5, window), run.consume(total / 5, window)]);
    await measured(`window ${window}`, total, async () => {
      await Promise.all([run.produce(total, window), run.consume(total, window)]);
    });
    await run.engine.close();
  }
}

async function fill(directory: string): Promise<void> {
  const run = new Run();
  await run.start(directory);
  await measured('enqueue a deep queue', DEEP, () => run.produce(DEEP, 1000));
  await run.engine.close();
}

async function drain(directory: string): Promise<void> {
  const run = new Run();
  console.log(`started again in ${(await run.start(directory)).toFixed(0)} ms, RssAnon ${rssAnonMb().toFixed(0)} MB`);
  let before = { at: performance.now(), cpu: process.cpuUsage() };
  await measured('claim and settle all', DEEP, () =>
    run.consume(DEEP, 200, (settled) => {
      const { user, system } = process.cpuUsage(before.cpu);
      const micros = (user + system) / 100_000;
      console.log(
        `  ${String(settled).padStart(8)} settled: ${micros.toFixed(1)} µs CPU each, ${(performance.now() - before.at).toFixed(0)} ms`,
      );
      before = { at: performance.now(), cpu: process.cpuUsage() };
    }),
  );
  await run.engine.close();
}

/** Each half in a process of its own, so that its memory is its own as well. */
function deep(directory: string): void {
  for (const half of ['fill', 'drain']) {
    const { status } = spawnSync(process.execPath, [...process.execArgv, import.meta.filename, half, directory], {
      stdio: 'inherit',
    });
    if (status !== 0) throw new Error(`${half} ended with ${status}`);
  }
}

async function all(what: string | undefined): Promise<void> {
  const directory = fs.mkdtempSync(path.join(process.env.STOMPEDE_BENCH_DIR ?? os.tmpdir(), 'stompede-bench-'));
  try {
    if (what !== 'deep') await windows(directory);
    if (what !== 'window') deep(path.join(directory, 'deep'));
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}

const [what, given] = process.argv.slice(2);
if (what === 'fill' && given) await fill(given);
else if (what === 'drain' && given) await drain(given);
else await all(what);
