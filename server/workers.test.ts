import { after, afterEach, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const scratch = mkdtempSync(join(tmpdir(), 'stompede-workers-'));
const running = new Set<ChildProcess>();
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
});
after(() => rmSync(scratch, { recursive: true }));

/** In place of a node: serves its process id on the shared port, and ends as it is told. */
const NODE = join(scratch, 'node.mjs');
writeFileSync(
  NODE,
  `import { existsSync, writeFileSync } from 'node:fs';
  import { createServer } from 'node:http';
  const { STOMPEDE_WORKER: worker, BAD, STUBBORN, MARK } = process.env;
  if (BAD === 'all') process.exit(69);
  if (BAD === worker) setInterval(() => existsSync(MARK) && process.exit(69), 10);
  process.on('SIGTERM', () => STUBBORN === worker || process.exit(0));
  const server = createServer((request, response) => {
    if (request.url === '/die') process.exit(5);
    response.setHeader('connection', 'close').end(String(process.pid));
  });
  if (BAD !== worker) server.listen(0, '127.0.0.1', () => {
    const http = 'http://127.0.0.1:' + server.address().port;
    process.send({ event: 'listening', http }, () => MARK && writeFileSync(MARK, ''));
  });`,
);

const moduleHere = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href);
const PRIMARY = join(scratch, 'primary.mjs');
writeFileSync(
  PRIMARY,
  `import { superviseWorkers } from ${moduleHere('./workers.ts')};
  import { createProcessLog } from ${moduleHere('./process-log.ts')};
  const drainMs = Number(process.env.DRAIN_MS);
  superviseWorkers({ workers: 2, program: ${JSON.stringify(NODE)}, drainMs, log: createProcessLog('info') });`,
);

type Line = Record<string, unknown>;

/** A process that supervises two of them. */
class Primary {
  readonly child: ChildProcess;
  readonly lines: Line[] = [];
  readonly ended: Promise<number | null>;
  #wake: () => void = () => {};

  constructor(environment: Readonly<Record<string, string>> = {}, drainMs = 60_000) {
    const { PATH, HOME } = process.env;
    this.child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), PRIMARY], {
      env: { PATH, HOME, DRAIN_MS: String(drainMs), ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    running.add(this.child);
    assert.ok(this.child.stdout);
    createInterface({ input: this.child.stdout }).on('line', (text) => {
      this.lines.push(JSON.parse(text) as Line);
      this.#wake();
    });
    this.ended = once(this.child, 'close').then(([code]) => code as number | null);
  }

  /** The `count`th line of that event, past or future. */
  async event(event: string, count = 1): Promise<Line> {
    for (;;) {
      const line = this.lines.filter((each) => each['event'] === event)[count - 1];
      if (line) return line;
      await new Promise<void>((wake) => (this.#wake = wake));
    }
  }

  get events(): unknown[] {
    return this.lines.map(({ event }) => event);
  }
}

async function pidsAt(url: string): Promise<number[]> {
  const pids = new Set<number>();
  for (let i = 0; i < 8; i += 1) pids.add(Number(await (await fetch(url)).text()));
  return [...pids].sort((a, b) => a - b);
}

describe('workers', () => {
  test('share one port, are announced in one line, and end together with 0', async () => {
    const primary = new Primary();
    const { http, workers, worker } = await primary.event('listening');
    assert.deepEqual([workers, worker], [2, undefined]);
    assert.equal((await pidsAt(String(http))).length, 2);
    primary.child.kill('SIGTERM');
    assert.equal(await primary.ended, 0);
    assert.deepEqual(primary.events, ['listening', 'draining', 'stopped']);
  });

  test('are replaced when they end, while the other goes on', async () => {
    const primary = new Primary();
    const url = String((await primary.event('listening'))['http']);
    const before = await pidsAt(url);
    await assert.rejects(fetch(`${url}/die`));
    const ended = await primary.event('worker-ended');
    assert.deepEqual([ended['level'], ended['code'], ended['restartInMs']], ['error', 5, 100]);
    const { worker, workerPid } = await primary.event('worker-listening');
    assert.equal(worker, ended['worker']);
    const left = before.filter((pid) => pid !== ended['workerPid']);
    assert.deepEqual(await pidsAt(url), [...left, workerPid as number].sort((a, b) => a - b));
    primary.child.kill('SIGTERM');
    assert.equal(await primary.ended, 0);
  });

  test('are given up when none can begin, with the code of the first', async () => {
    const primary = new Primary({ BAD: 'all' });
    assert.equal(await primary.ended, 69);
    const failed = await primary.event('start-failed');
    assert.deepEqual([failed['level'], failed['code']], ['fatal', 69]);
  });

  test('are tried again with growing pauses as long as another one listens', async () => {
    const primary = new Primary({ BAD: '2', MARK: join(scratch, 'first-listens') });
    await primary.event('worker-ended', 3);
    const pauses = primary.lines.map(({ restartInMs }) => restartInMs);
    assert.deepEqual(pauses, [100, 200, 400]);
    primary.child.kill('SIGTERM');
    assert.equal(await primary.ended, 0);
    assert.ok(!primary.events.includes('listening'));
  });

  test('that do not end in time are cut, and the code says so', async () => {
    const primary = new Primary({ STUBBORN: '1' }, 0);
    await primary.event('listening');
    primary.child.kill('SIGTERM');
    assert.equal(await primary.ended, 70);
    assert.equal((await primary.event('worker-cut'))['worker'], 1);
  });

  test('are cut at once by a second signal', async () => {
    const primary = new Primary({ STUBBORN: '1' });
    await primary.event('listening');
    primary.child.kill('SIGINT');
    await primary.event('draining');
    const signals = setInterval(() => primary.child.kill('SIGINT'), 100);
    assert.equal(await primary.ended, 1);
    clearInterval(signals);
  });
});
