import { after, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket, WebSocketServer } from 'ws';
import { createBroker, type StompedeBroker } from './app.ts';
import { ConfigError } from './config.ts';
import { ListenError } from './listen-error.ts';
import type { BrokerOptions } from './broker-options.ts';
import { PublishError } from './publish-error.ts';

const open: { close(): unknown }[] = [];
after(async () => {
  for (const each of open) await each.close();
});

async function memoryBroker(options: BrokerOptions = {}): Promise<StompedeBroker> {
  const broker = await createBroker({ engine: 'memory', ...options });
  open.push(broker);
  return broker;
}

async function listeningBroker(options: BrokerOptions = {}): Promise<{ broker: StompedeBroker; http: string; ws: string }> {
  const broker = await memoryBroker(options);
  const { address } = await broker.listen({ port: 0 });
  return { broker, http: `http://${address}`, ws: `ws://${address}/ws` };
}

async function ownServer(): Promise<{ server: Server; address: string }> {
  const server = createServer((_request, response) => response.end('mine')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push({ close: () => server.close() });
  return { server, address: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Just enough of a client: frames go out as text, and come in one a message. */
class Page {
  readonly #socket: WebSocket;
  readonly #frames: string[] = [];
  readonly closed: Promise<number>;
  #wake: (() => void) | undefined;

  constructor(url: string, origin?: string) {
    this.#socket = new WebSocket(url, ['v12.stomp'], origin ? { origin } : {});
    this.closed = once(this.#socket, 'close').then(([code]) => code as number);
    this.#socket.on('message', (data: Buffer) => {
      this.#frames.push(data.toString());
      this.#wake?.();
    });
    open.push({ close: () => this.#socket.terminate() });
  }

  static async connected(url: string): Promise<Page> {
    const page = new Page(url);
    await once(page.#socket, 'open');
    page.send('CONNECT', { 'accept-version': '1.2', host: '/' });
    assert.match(await page.next(), /^CONNECTED\n/);
    return page;
  }

  send(command: string, headers: Readonly<Record<string, string>>, body = ''): void {
    const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
    this.#socket.send(`${command}\n${lines.join('')}\n${body}\0`);
  }

  async next(): Promise<string> {
    while (this.#frames.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#frames.shift() ?? '';
  }

  async subscribe(destination: string): Promise<void> {
    this.send('SUBSCRIBE', { id: destination, destination, receipt: destination });
    assert.match(await this.next(), /^RECEIPT\n/);
  }
}

/** The status that an attempt to open a WebSocket is answered with; 101 when it is let in. */
async function upgradeStatus(url: string, origin?: string): Promise<number> {
  const socket = new WebSocket(url, origin ? { origin } : {});
  return new Promise((resolve) => {
    socket.on('open', () => {
      socket.terminate();
      resolve(101);
    });
    socket.on('unexpected-response', (request, response) => {
      request.destroy();
      resolve(response.statusCode ?? 0);
    });
    socket.on('error', () => {
      resolve(0);
    });
  });
}

describe('a broker on its own', () => {
  test('says who it is, is ready and takes connections on every path', async () => {
    const { broker, http, ws } = await listeningBroker();
    const health = (await (await fetch(`${http}/healthz`)).json()) as Record<string, unknown>;
    assert.deepEqual([health['status'], health['engine'], health['receipt'], health['node']], [
      'ok',
      'memory',
      'accepted',
      broker.stats().nodeId,
    ]);
    assert.equal((await fetch(`${http}/readyz`)).status, 200);
    for (const path of ['', '/websocket']) assert.equal(await upgradeStatus(ws + path), 101);
    assert.equal(await upgradeStatus(ws.replace('/ws', '/stomp')), 101);
    assert.equal(await upgradeStatus(ws.replace('/ws', '/other')), 404);
    assert.equal((await fetch(`${http}/ws`)).status, 426);
  });

  test('takes the pages of this machine and no others as long as the guest is the only user', async () => {
    const { ws } = await listeningBroker();
    assert.equal(await upgradeStatus(ws, 'http://localhost:5173'), 101);
    assert.equal(await upgradeStatus(ws, 'https://evil.example'), 403);
  });

  test('takes the pages it was told to', async () => {
    const { ws } = await listeningBroker({ allowedOrigins: ['https://app.example'] });
    assert.equal(await upgradeStatus(ws, 'https://app.example'), 101);
    assert.equal(await upgradeStatus(ws, 'https://evil.example'), 403);
  });

  test('speaks TCP as well', async () => {
    const broker = await memoryBroker();
    const { port, host } = await broker.listenTcp({ port: 0 });
    const socket = connect(port, host);
    socket.write('CONNECT\naccept-version:1.2\nhost:/\n\n\0');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    assert.match(answer.toString(), /^CONNECTED\n/);
  });

  test('lets configured users in, and nobody else', async () => {
    const broker = await memoryBroker({ users: { anna: 'lock' } });
    const { port, host } = await broker.listenTcp({ port: 0 });
    const answerTo = async (login: string): Promise<string> => {
      const socket = connect(port, host);
      socket.end(`CONNECT\naccept-version:1.2\nhost:/\n${login}\n\0`);
      const [answer] = (await once(socket, 'data')) as [Buffer];
      socket.destroy();
      return answer.toString().split('\n')[0] ?? '';
    };
    assert.equal(await answerTo('login:anna\npasscode:lock\n'), 'CONNECTED');
    assert.equal(await answerTo('login:anna\npasscode:loc\n'), 'ERROR');
    assert.equal(await answerTo(''), 'ERROR');
  });
});

describe('a broker on a server of someone else', () => {
  test('leaves requests and foreign upgrades alone', async () => {
    const { server, address } = await ownServer();
    const broker = await memoryBroker();
    broker.attach(server, { path: '/live' });
    const neighbour = new WebSocketServer({ noServer: true });
    server.on('upgrade', (request, socket, head) => {
      if (request.url === '/hmr') neighbour.handleUpgrade(request, socket, head, (ws) => ws.send('hello'));
    });
    const other = new WebSocket(`ws://${address}/hmr`);
    const [greeting] = (await once(other, 'message')) as [Buffer];
    other.terminate();
    assert.equal(greeting.toString(), 'hello');
    assert.equal(await (await fetch(`http://${address}/`)).text(), 'mine');
    await Page.connected(`ws://${address}/live`);
  });

  test('ends its connections on close, and the server goes on', async () => {
    const { server, address } = await ownServer();
    const broker = await memoryBroker();
    broker.attach(server);
    const page = await Page.connected(`ws://${address}/ws`);
    await broker.close({ drainMs: 1_000, spreadMs: 0 });
    assert.equal(await page.closed, 1001);
    assert.equal(await (await fetch(`http://${address}/`)).text(), 'mine');
    assert.throws(() => broker.attach(server), /close\(\) was called/);
  });

  test('is detached from one server without harm to another', async () => {
    const [one, two] = [await ownServer(), await ownServer()];
    const broker = await memoryBroker();
    const detach = broker.attach(one.server);
    broker.attach(two.server);
    const gone = await Page.connected(`ws://${one.address}/ws`);
    const here = await Page.connected(`ws://${two.address}/ws`);
    await detach();
    assert.equal(await gone.closed, 1001);
    await here.subscribe('/topic/still');
    assert.equal(broker.stats().connections, 1);
  });
});

describe('publish', () => {
  test('reaches subscribers with headers, text and octets', async () => {
    const { broker, ws } = await listeningBroker();
    const page = await Page.connected(ws);
    await page.subscribe('/topic/news');
    const { id } = await broker.publish('/topic/news', 'hello', { kind: 'greeting' });
    const frame = await page.next();
    assert.match(frame, /^MESSAGE\n/);
    assert.match(frame, /\nkind:greeting\n/);
    assert.ok(frame.includes(`\nmessage-id:${id}`));
    assert.match(frame, /\n\nhello\0$/);
    await broker.publish('/topic/news', Buffer.from('octets'));
    assert.match(await page.next(), /\n\noctets\0$/);
  });

  test('fills queues for those who come later', async () => {
    const { broker, ws } = await listeningBroker();
    await broker.publish('/queue/orders', 'one');
    await broker.publish('/queue/orders,/queue/copies', 'two');
    const page = await Page.connected(ws);
    await page.subscribe('/queue/orders');
    assert.match(await page.next(), /\n\none\0$/);
    assert.match(await page.next(), /\n\ntwo\0$/);
  });

  test('rejects with the code that a frame would get', async () => {
    const broker = await memoryBroker({ memory: { memoryLimitBytes: 1_000 } });
    const codeOf = async (destination: string, body = ''): Promise<string> => {
      try {
        await broker.publish(destination, body);
      } catch (error) {
        assert.ok(error instanceof PublishError);
        return error.code;
      }
      return 'published';
    };
    assert.equal(await codeOf('/topic/a.*'), 'wildcard-in-send');
    assert.equal(await codeOf('/temp-queue/a'), 'temporary-of-nobody');
    assert.equal(await codeOf('/queue/full', 'x'.repeat(2_000)), 'memory-limit');
    assert.equal(await codeOf('/queue/full'), 'published');
  });
});

describe('close', () => {
  test('refuses newcomers and is not ready while frames in hand are finished', async () => {
    let decide: (allowed: boolean) => void = () => {};
    const decided = new Promise<boolean>((resolve) => (decide = resolve));
    const { broker, http, ws } = await listeningBroker({ authorizer: { authorize: () => decided } });
    const page = await Page.connected(ws);
    // A session whose frame is undecided keeps the drain waiting only as long as its submissions do.
    page.send('SEND', { destination: '/queue/a', receipt: 'r' });
    const closing = broker.close({ drainMs: 3_000, spreadMs: 500 });
    assert.equal((await fetch(`${http}/readyz`)).status, 503);
    assert.equal(await upgradeStatus(ws), 503);
    decide(true);
    assert.equal(await page.closed, 1001);
    await closing;
    await assert.rejects(fetch(`${http}/readyz`));
  });

  test('is idempotent, and what comes after it is refused', async () => {
    const { broker } = await listeningBroker();
    const first = broker.close();
    assert.equal(broker.close(), first);
    assert.equal(broker[Symbol.asyncDispose](), first);
    await first;
    await assert.rejects(broker.listen({ port: 0 }), /close\(\) was called/);
    await assert.rejects(broker.publish('/queue/a', ''), PublishError);
  });

  test('gives back what was in flight, in its order and marked as redelivered, also across a restart', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'stompede-app-'));
    open.push({ close: () => rmSync(dataDir, { recursive: true }) });
    const first = await listeningBroker({ engine: 'embedded', dataDir });
    for (const body of ['one', 'two', 'three']) await first.broker.publish('/queue/work', body);
    const holder = await Page.connected(first.ws);
    holder.send('SUBSCRIBE', { id: 'w', destination: '/queue/work', ack: 'client', 'prefetch-count': '2' });
    for (const body of ['one', 'two']) assert.ok((await holder.next()).endsWith(`\n\n${body}\0`));
    await first.broker.close({ drainMs: 1_000, spreadMs: 0 });
    const second = await listeningBroker({ engine: 'embedded', dataDir });
    const heir = await Page.connected(second.ws);
    await heir.subscribe('/queue/work');
    for (const [body, redelivered] of [['one', true], ['two', true], ['three', false]] as const) {
      const frame = await heir.next();
      assert.ok(frame.endsWith(`\n\n${body}\0`), frame);
      assert.ok(frame.includes(`\nredelivered:${redelivered}\n`), frame);
    }
    await second.broker.close({ drainMs: 1_000, spreadMs: 0 });
  });

  test('cuts a connection that never answers, within two seconds of the drain', async () => {
    const broker = await memoryBroker();
    const { port, host } = await broker.listenTcp({ port: 0 });
    const deaf = connect({ port, host, allowHalfOpen: true });
    deaf.on('error', () => undefined); // being cut may look like a reset
    deaf.write('CONNECT\naccept-version:1.2\nhost:/\n\n\0');
    await once(deaf, 'data');
    deaf.pause();
    const startedAt = performance.now();
    await broker.close({ drainMs: 200, spreadMs: 100 });
    assert.ok(performance.now() - startedAt < 2_200 + 500);
    deaf.destroy();
  });
});

describe('what cannot be is refused at once', () => {
  test('an option that is wrong or unknown', async () => {
    await assert.rejects(createBroker({ engine: 'memory', port: -1 }), ConfigError);
    await assert.rejects(createBroker({ engine: 'memory', ...{ prot: 1 } }), /did you mean port\?/);
  });

  test('an open address without users', async () => {
    const broker = await memoryBroker();
    await assert.rejects(broker.listen({ port: 0, host: '0.0.0.0' }), ConfigError);
    await assert.rejects(broker.listenTcp({ port: 0, host: '0.0.0.0' }), ConfigError);
  });

  test('a port that is taken', async () => {
    const { broker, http } = await listeningBroker();
    const port = Number(new URL(http).port);
    await assert.rejects(broker.listen({ port }), (error) => error instanceof ListenError && /in use/.test(error.message));
    await assert.rejects(broker.listenTcp({ port }), (error) => error instanceof ListenError && /in use/.test(error.message));
  });

  test('a certificate that is none', async () => {
    const broker = await memoryBroker({ tlsCert: '/nowhere.pem', tlsKey: '/nowhere.pem' });
    await assert.rejects(broker.listenTcp({ port: 0 }), /tlsCert must name a file that can be read/);
  });
});
