import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, test } from 'node:test';
import { redisProgram } from '../server/engines/redis/testing/redis-program.ts';
import { launchBrowser } from './harness/browser.ts';
import { ChatWindow } from './harness/chat-window.ts';
import { within } from './harness/eventually.ts';
import { ProcessLog } from './harness/process-log.ts';
import { connectRawClient, type RawClient } from './harness/raw-client.ts';
import type { SocketTarget } from './harness/raw-socket.ts';
import { REPOSITORY, serverCommand } from './harness/server-build.ts';

const START_MS = 90_000;
const STOP_MS = 30_000;
const scratch = mkdtempSync(join(tmpdir(), 'stompede-cluster-'));
const running = new Set<LocalCluster>();
const clients: RawClient[] = [];

/** `npm run cluster` with two nodes on free ports, in a process group of its own as a terminal would have it. */
class LocalCluster {
  readonly log = new ProcessLog();
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;

  constructor(data: string) {
    const { PATH, HOME } = process.env;
    const flags = ['--nodes', '2', '--port', '0', '--tcp-port', '0', '--data', join(scratch, data)];
    this.child = spawn(process.execPath, [join(REPOSITORY, 'server/setup/cluster.mjs'), ...flags], {
      cwd: scratch,
      env: { PATH, HOME, REDIS_SERVER: redisProgram() },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(this);
    this.ended = once(this.child, 'close').then(([code]) => code as number | null);
    assert.ok(this.child.stdout && this.child.stderr);
    this.log.follow(this.child.stdout);
    this.log.follow(this.child.stderr);
  }

  static async start(data: string): Promise<LocalCluster> {
    await serverCommand();
    const cluster = new LocalCluster(data);
    await cluster.says(/^Ctrl-C ends all\.$/);
    return cluster;
  }

  async says(pattern: RegExp): Promise<void> {
    const line = this.log.line(({ text }) => pattern.test(String(text)));
    await within(line, START_MS, () => `${String(pattern)} from the cluster\n${this.log.tail()}\n`);
  }

  /** What each node logged as its `listening`, the first node first. */
  get nodes(): readonly (SocketTarget & { readonly httpUrl: string; readonly pid: number })[] {
    return this.#texts(/^(node \d \| \{.*"event":"listening".*\})$/).toSorted().map((line) => {
      const json = line.slice(line.indexOf('{'));
      const { http, tcp, pid } = JSON.parse(json) as { http: string; tcp: string; pid: number };
      return { httpUrl: http, wsUrl: `${http.replace('http', 'ws')}/ws`, tcpPort: Number(tcp.split(':')[1]), pid };
    });
  }

  /** Whom it has to take along, Redis first. */
  get pids(): readonly number[] {
    const redis = this.#texts(/^redis  \| (\d+):[A-Z] /).map(Number);
    return [...redis.slice(0, 1), ...this.nodes.map(({ pid }) => pid)];
  }

  async stop(): Promise<void> {
    this.child.kill('SIGINT');
    assert.equal(await within(this.ended, STOP_MS, () => `the cluster to end\n${this.log.tail()}\n`), 0, this.log.tail());
    running.delete(this);
  }

  /** In the last moment: nobody is left to end what it started. */
  abandon(): void {
    for (const pid of [this.child.pid!, ...this.pids]) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended already.
      }
    }
    running.delete(this);
  }

  #texts(pattern: RegExp): string[] {
    return this.log.lines.flatMap(({ text }) => pattern.exec(String(text))?.[1] ?? []);
  }
}

async function connect(target: SocketTarget | undefined): Promise<RawClient> {
  assert.ok(target);
  const client = await connectRawClient(target);
  clients.push(client);
  return client;
}

afterEach(() => {
  for (const client of clients.splice(0)) client.finish();
  for (const cluster of running) cluster.abandon();
});
after(() => rmSync(scratch, { recursive: true, force: true }));

describe('npm run cluster', () => {
  test('runs nodes whose chat pages see each other', async () => {
    const cluster = await LocalCluster.start('chat');
    const browser = await launchBrowser();
    try {
      const [first, second] = cluster.nodes;
      const ada = await ChatWindow.open(browser, first!.httpUrl, 'Ada');
      const grace = await ChatWindow.open(browser, second!.httpUrl, 'Grace');
      await ada.say('Is this another node?');
      await grace.hears('Is this another node?');
      await grace.say('It is');
      await ada.hears('It is');
      for (const window of [ada, grace]) await window.close();
    } finally {
      await browser.close();
    }
    const { pids } = cluster;
    assert.equal(pids.length, 3);
    await cluster.stop();
    for (const pid of pids) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  });

  test('keeps queues when it is ended and started again', async () => {
    const first = await LocalCluster.start('kept');
    const sender = await connect(first.nodes[0]);
    await sender.request('SEND', { destination: '/queue/kept' }, 'still here');
    await first.stop();
    const second = await LocalCluster.start('kept');
    const consumer = await connect(second.nodes[1]);
    await consumer.request('SUBSCRIBE', { id: 'q', destination: '/queue/kept', ack: 'client' });
    assert.equal(String((await consumer.expectFrame('MESSAGE')).body), 'still here');
    await second.stop();
  });

  test('goes on when one node is killed, and takes no second cluster into its folder', async () => {
    const cluster = await LocalCluster.start('shared');
    const [victim, other] = cluster.nodes;
    process.kill(victim!.pid, 'SIGKILL');
    await cluster.says(/node 1 ended \(SIGKILL\), the others go on/);
    const client = await connect(other);
    await client.request('SEND', { destination: '/queue/alone' }, 'x');
    const intruder = new LocalCluster('shared');
    assert.equal(await intruder.ended, 1);
    await intruder.says(/a Redis runs in .*shared already/);
    running.delete(intruder);
    await cluster.stop();
  });

  test('ends with a sentence for flags that cannot be', async () => {
    const child = spawn(process.execPath, [join(REPOSITORY, 'server/setup/cluster.mjs'), '--nodes', 'many'], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (text) => (said += String(text)));
    const [code] = (await once(child, 'close')) as [number];
    assert.deepEqual([code, said], [1, 'stompede: --nodes must be a whole number from 1 to 64, but it is "many"\n']);
  });
});
