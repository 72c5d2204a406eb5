import { after, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const scratch = mkdtempSync(join(tmpdir(), 'stompede-main-'));
const running = new Set<ChildProcess>();
after(() => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(scratch, { recursive: true });
});

/** A broker process on the memory engine and free ports, unless told otherwise. */
class Process {
  readonly child: ChildProcess;
  readonly lines: Record<string, unknown>[] = [];
  stderr = '';
  readonly ended: Promise<number | null>;
  readonly #waiting = new Map<string, (line: Record<string, unknown>) => void>();

  constructor(environment: Readonly<Record<string, string>>, args: readonly string[] = []) {
    const { PATH, HOME } = process.env;
    const program = args[0] === '--input-type=module' ? args : [join(import.meta.dirname, 'main.ts'), ...args];
    this.child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), ...program], {
      cwd: scratch,
      env: { PATH, HOME, STOMPEDE_ENGINE: 'memory', PORT: '0', TCP_PORT: '0', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(this.child);
    assert.ok(this.child.stdout && this.child.stderr);
    createInterface({ input: this.child.stdout }).on('line', (text) => {
      this.#take(text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : { text });
    });
    this.child.stderr.on('data', (data) => (this.stderr += String(data)));
    this.ended = once(this.child, 'close').then(([code]) => code as number | null);
  }

  /** The first log line of that event. */
  event(event: string): Promise<Record<string, unknown>> {
    const past = this.lines.find((line) => line['event'] === event);
    return past ? Promise.resolve(past) : new Promise((resolve) => this.#waiting.set(event, resolve));
  }

  #take(line: Record<string, unknown>): void {
    this.lines.push(line);
    this.#waiting.get(String(line['event']))?.(line);
  }
}

describe('the process', () => {
  test('says once where it listens, and ends with 0 on SIGTERM', async () => {
    const broker = new Process({});
    const line = await broker.event('listening');
    assert.match(String(line['http']), /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.match(String(line['tcp']), /^127\.0\.0\.1:\d+$/);
    assert.deepEqual([line['engine'], line['level']], ['memory', 'info']);
    assert.equal((await fetch(`${String(line['http'])}/readyz`)).status, 200);
    broker.child.kill('SIGTERM');
    assert.equal(await broker.ended, 0);
    assert.deepEqual(
      broker.lines.map(({ event }) => event),
      ['listening', 'draining', 'stopped'],
    );
  });

  test('opens no TCP port when it is off', async () => {
    const broker = new Process({ TCP_PORT: 'off' });
    assert.equal((await broker.event('listening'))['tcp'], undefined);
    broker.child.kill('SIGINT');
    assert.equal(await broker.ended, 0);
  });

  test('takes two signals in quick succession for one, and a later one for "at once"', async () => {
    const broker = new Process({ STOMPEDE_DRAIN_MS: '60000', STOMPEDE_SPREAD_MS: '60000' });
    const line = await broker.event('listening');
    const [host, port] = String(line['tcp']).split(':');
    const sockets = [1, 2].map(() => connect(Number(port), host));
    for (const socket of sockets) {
      socket.on('error', () => undefined); // the process goes while it is open
      socket.write('CONNECT\naccept-version:1.2\nhost:/\n\n\0');
      await once(socket, 'data');
    }
    broker.child.kill('SIGINT');
    await broker.event('draining');
    broker.child.kill('SIGINT');
    const signals = setInterval(() => broker.child.kill('SIGINT'), 100);
    assert.equal(await broker.ended, 1);
    clearInterval(signals);
    for (const socket of sockets) socket.destroy();
  });

  test('does not start on a wrong option: a sentence and code 78', async () => {
    const broker = new Process({ PORT: 'http' });
    assert.equal(await broker.ended, 78);
    assert.equal(broker.stderr, 'stompede: PORT must be a whole number from 0 to 65535, but "http" came from the environment.\n');
  });

  test('does not start several workers on a store of one process: a sentence and code 78', async () => {
    const broker = new Process({}, ['--workers', '2']);
    assert.equal(await broker.ended, 78);
    assert.match(broker.stderr, /^stompede: workers must be 1 with the memory engine, .* Set redisUrl \(REDIS_URL\)/);
  });

  test('warns of a variable that sets nothing, and of a Redis that is not used', async () => {
    const broker = new Process({ STOMPEDE_LOGLEVEL: 'debug', REDIS_URL: 'redis://:hunter2@127.0.0.1:1' });
    const warning = await broker.event('unknown-variable');
    assert.match(String(warning['reason']), /STOMPEDE_LOGLEVEL, .*did you mean LOG_LEVEL\?$/);
    assert.equal((await broker.event('redis-unused'))['reason'], 'engine says memory');
    assert.equal((await broker.event('listening'))['engine'], 'memory');
    broker.child.kill('SIGTERM');
    assert.equal(await broker.ended, 0);
    assert.doesNotMatch(JSON.stringify(broker.lines), /hunter2/);
  });

  test('does not start on an open address without users, and does with them', async () => {
    const refused = new Process({ HOST: '0.0.0.0' });
    const served = new Process({ HOST: '0.0.0.0', STOMPEDE_USERS: 'anna:lock' });
    assert.equal(await refused.ended, 78);
    assert.match(refused.stderr, /Set STOMPEDE_USERS=name:passcode/);
    await served.event('listening');
    served.child.kill('SIGTERM');
    assert.equal(await served.ended, 0);
  });

  test('does not start on a taken port: a sentence and code 69', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const broker = new Process({ PORT: String((other.address() as AddressInfo).port) });
    assert.equal(await broker.ended, 69);
    other.close();
    assert.match(String((await broker.event('start-failed'))['reason']), /the port is in use by another process/);
  });

  test('does not start on a data folder that another process has: a sentence and code 70', async () => {
    const environment = { STOMPEDE_ENGINE: 'embedded', DATA_DIR: join(scratch, 'data') };
    const first = new Process(environment);
    assert.deepEqual([(await first.event('listening'))['dataDir'], first.stderr], [join(scratch, 'data'), '']);
    const second = new Process(environment);
    assert.equal(await second.ended, 70);
    assert.match(String((await second.event('start-failed'))['reason']), /only one process may/);
    first.child.kill('SIGTERM');
    assert.equal(await first.ended, 0);
  });

  test('helps and tells its version without starting', async () => {
    const [help, version] = [new Process({}, ['--help']), new Process({}, ['--version'])];
    assert.deepEqual([await help.ended, await version.ended], [0, 0]);
    assert.match(String(help.lines[0]?.['text']), /^stompede:/);
    assert.match(String(version.lines[0]?.['text']), /^\d+\.\d+\.\d+$/);
  });
});

test('an embedding process ends by itself once its broker is closed', async () => {
  const app = JSON.stringify(new URL('./app.ts', import.meta.url).href);
  const code = `
    import { createBroker } from ${app};
    const broker = await createBroker({ engine: 'memory' });
    const [{ port, host }] = [await broker.listenTcp({ port: 0 }), await broker.listen({ port: 0 })];
    const { connect } = await import('node:net');
    const socket = connect(port, host, () => socket.write('CONNECT\\naccept-version:1.2\\nheart-beat:1000,1000\\nhost:/\\n\\n\\0'));
    socket.once('data', () => broker.close({ drainMs: 100 }).then(() => console.log('{"event":"closed"}')));
  `;
  const embedding = new Process({}, ['--input-type=module', '-e', code]);
  await embedding.event('closed');
  assert.equal(await embedding.ended, 0);
});
