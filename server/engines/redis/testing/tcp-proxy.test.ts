import { test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';
import { until } from './until.ts';

/** A proxy before a server that says everything twice. */
async function setUp(t: TestContext): Promise<TcpProxy> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (octets) => socket.write(Buffer.concat([octets, octets])));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await startTcpProxy({ port: (server.address() as net.AddressInfo).port });
  t.after(async () => {
    await proxy.close();
    server.close();
  });
  return proxy;
}

class Client {
  readonly socket: net.Socket;
  heard = '';
  error = '';
  isClosed = false;

  constructor(t: TestContext, port: number) {
    this.socket = net.connect(port, '127.0.0.1');
    this.socket.on('data', (octets) => (this.heard += octets.toString()));
    this.socket.on('error', (error: NodeJS.ErrnoException) => (this.error = error.code ?? ''));
    this.socket.on('close', () => (this.isClosed = true));
    t.after(() => this.socket.destroy());
  }
}

test('it passes octets on, in large amounts too, and counts them', async (t) => {
  const proxy = await setUp(t);
  const client = new Client(t, proxy.port);
  client.socket.write('ab');
  await until('the echo', () => client.heard === 'abab');
  client.socket.write(Buffer.alloc(3_000_000, 'x'));
  await until('all of it', () => client.heard.length === 4 + 6_000_000);
  assert.deepEqual([proxy.toServerBytes, proxy.fromServerBytes, proxy.connectionCount, proxy.openCount], [3_000_002, 6_000_004, 1, 1]);
  client.socket.destroy();
  await until('it is forgotten', () => proxy.openCount === 0);
});

test('cut closes what there is and takes new connections', async (t) => {
  const proxy = await setUp(t);
  const client = new Client(t, proxy.port);
  client.socket.write('a');
  await until('the echo', () => client.heard === 'aa');
  proxy.cut();
  await until('its end', () => client.isClosed);
  const next = new Client(t, proxy.port);
  next.socket.write('b');
  await until('the echo', () => next.heard === 'bb');
});

test('a black hole swallows, and what lost octets stays one when it is healed', async (t) => {
  const proxy = await setUp(t);
  const [losing, quiet] = [new Client(t, proxy.port), new Client(t, proxy.port)];
  await until('both', () => proxy.openCount === 2);
  proxy.blackHole();
  losing.socket.write('a');
  await until('the octet', () => proxy.toServerBytes === 1);
  await proxy.heal();
  losing.socket.write('b');
  quiet.socket.write('c');
  await until('the echo', () => quiet.heard === 'cc');
  assert.deepEqual([losing.heard, losing.isClosed, proxy.toServerBytes], ['', false, 3]);
  proxy.cut();
  await until('its end', () => losing.isClosed);
});

test('delay keeps the order', async (t) => {
  const proxy = await setUp(t);
  const client = new Client(t, proxy.port);
  await until('it is taken', () => proxy.openCount === 1);
  proxy.delay(40);
  const startedAt = performance.now();
  client.socket.write('a');
  await until('the octet', () => proxy.toServerBytes === 1);
  await proxy.heal();
  client.socket.write('b');
  await until('both', () => client.heard.length === 4);
  assert.match(client.heard, /^a/);
  assert.ok(performance.now() - startedAt >= 39);
});

test('refuse lets go of nobody and takes nobody, until it is healed', async (t) => {
  const proxy = await setUp(t);
  const client = new Client(t, proxy.port);
  await until('it is taken', () => proxy.openCount === 1);
  proxy.refuse();
  const refused = new Client(t, proxy.port);
  await until('its end', () => refused.isClosed);
  assert.equal(refused.error, 'ECONNREFUSED');
  client.socket.write('a');
  await until('the echo', () => client.heard === 'aa');
  await proxy.heal();
  const next = new Client(t, proxy.port);
  next.socket.write('b');
  await until('the echo', () => next.heard === 'bb');
});
