import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type AddressInfo, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { askForUpgrade, clientMessage, eventually, openClient, openWebSocketBed, OPCODE } from './testbed.ts';

describe('an upgrade', () => {
  test('is made on each configured path, with a query too', async (context) => {
    const bed = await openWebSocketBed(context);
    for (const path of ['/ws', '/ws/websocket', '/stomp', '/stomp/websocket', '/ws?token=a']) {
      const { client, listener } = await bed.connect({ path });
      client.write(clientMessage('hello'));
      await eventually(() => listener.text === 'hello', 'the message');
    }
    assert.equal(bed.transport.connectionCount, 5);
  });

  test('chooses the highest sub-protocol offered, and none that was not', async (context) => {
    const { port } = await openWebSocketBed(context);
    for (const [offered, chosen] of [
      ['v10.stomp, v11.stomp', 'v11.stomp'],
      ['v12.stomp, v11.stomp, v10.stomp', 'v12.stomp'],
      ['v10.stomp, v11.stomp, v12.stomp', 'v12.stomp'],
      ['v10.stomp', 'v10.stomp'],
      ['mqtt, v10.stomp', 'v10.stomp'],
      ['mqtt', undefined],
      [undefined, undefined],
    ] as const) {
      const answer = await askForUpgrade(await openClient(context, port), { headers: { 'Sec-WebSocket-Protocol': offered } });
      assert.equal(answer.status, 101);
      assert.equal(answer.headers['sec-websocket-protocol'], chosen, `offered ${offered}`);
    }
  });

  test('agrees on no extension', async (context) => {
    const { port } = await openWebSocketBed(context);
    const headers = { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' };
    const answer = await askForUpgrade(await openClient(context, port), { headers });
    assert.equal(answer.status, 101);
    assert.equal(answer.headers['sec-websocket-extensions'], undefined);
  });

  test('hears what came in the same packet as the request', async (context) => {
    const bed = await openWebSocketBed(context);
    const { listener } = await bed.connect({ head: clientMessage('early') });
    await eventually(() => listener.text === 'early', 'the early message');
  });

  test('tells a local client from one behind a proxy', async (context) => {
    const bed = await openWebSocketBed(context);
    assert.equal((await bed.connect()).peer.isLocal, true);
    for (const name of ['X-Forwarded-For', 'X-Forwarded-Proto', 'Forwarded', 'Via', 'X-Real-IP']) {
      assert.equal((await bed.connect({ headers: { [name]: 'x' } })).peer.isLocal, false, name);
    }
  });
});

describe('a refused upgrade gets a whole HTTP answer', () => {
  test('of 403 for a page from elsewhere, before any session exists', async (context) => {
    const bed = await openWebSocketBed(context);
    const client = await openClient(context, bed.port);
    const answer = await askForUpgrade(client, { headers: { Origin: 'https://evil.example' } });
    assert.equal(answer.status, 403);
    assert.match(answer.body, /evil\.example/);
    assert.equal(answer.headers.connection, 'close');
    await eventually(() => client.isEnded, 'the end of the connection');
    assert.equal(bed.listeners.length, 0);
  });

  test('of 404 on another path of an own server', async (context) => {
    const { port } = await openWebSocketBed(context);
    for (const path of ['/', '/ws/', '/ws/other', '/WS', '/stomp/info']) {
      const client = await openClient(context, port);
      assert.equal((await askForUpgrade(client, { path })).status, 404, path);
      await eventually(() => client.isEnded, 'the end of the connection');
    }
  });

  test('of 400 for a broken handshake', async (context) => {
    const { port } = await openWebSocketBed(context);
    for (const headers of [{ 'Sec-WebSocket-Key': 'short' }, { 'Sec-WebSocket-Version': '7' }, { 'Sec-WebSocket-Protocol': 'a,,b' }]) {
      assert.equal((await askForUpgrade(await openClient(context, port), { headers })).status, 400);
    }
  });

  test('of 426 where the upgrade asked for is not to a WebSocket', async (context) => {
    const { port } = await openWebSocketBed(context);
    const answer = await askForUpgrade(await openClient(context, port), { headers: { Upgrade: 'h2c' } });
    assert.equal(answer.status, 426);
    assert.equal(answer.headers.upgrade, 'websocket');
  });

  test('of 503 with Retry-After beyond the most connections, until one ends', async (context) => {
    const bed = await openWebSocketBed(context, { maxConnections: 2 });
    const { client } = await bed.connect();
    await bed.connect();
    const answer = await askForUpgrade(await openClient(context, bed.port));
    assert.equal(answer.status, 503);
    assert.match(answer.headers['retry-after'] ?? '', /^\d+$/);
    client.socket.destroy();
    await eventually(() => bed.transport.connectionCount === 1, 'the connection to leave');
    await bed.connect();
  });

  test('of 503 while draining', async (context) => {
    const bed = await openWebSocketBed(context, { lingerMs: 5_000 });
    const { client } = await bed.connect();
    const closed = bed.transport.close({ spreadMs: 0, graceMs: 5_000 });
    assert.equal((await askForUpgrade(await openClient(context, bed.port))).status, 503);
    client.socket.destroy();
    await closed;
  });

  test('of 426 to a plain request, from the handler for an HTTP application', async (context) => {
    const { transport, server, port } = await openWebSocketBed(context);
    server.on('request', transport.handleRequest);
    const response = await fetch(`http://127.0.0.1:${port}/ws`);
    assert.equal(response.status, 426);
    assert.equal(response.headers.get('upgrade'), 'websocket');
    assert.match(await response.text(), /WebSocket/);
  });
});

describe('on a server of somebody else', () => {
  test('upgrades for other paths are left to the other listener', async (context) => {
    const { server, port } = await openWebSocketBed(context, { paths: ['/broker'] }, false);
    const foreign: Socket[] = [];
    server.on('upgrade', (request, socket: Socket) => {
      if (request.url === '/hot-reload') foreign.push(socket);
    });
    const client = await openClient(context, port);
    client.write('GET /hot-reload HTTP/1.1\r\nHost: evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await eventually(() => foreign.length === 1, 'the foreign upgrade');
    assert.equal(foreign[0]!.listenerCount('error'), 0, 'the transport left the socket alone');
    foreign[0]!.end('theirs');
    await eventually(() => client.text === 'theirs', 'the answer of the other listener');
    assert.equal((await askForUpgrade(await openClient(context, port), { path: '/broker' })).status, 101);
  });

  test('an upgrade nobody else can hear does not hang for ever', async (context) => {
    const { port } = await openWebSocketBed(context, { paths: ['/broker'] }, false);
    assert.equal((await askForUpgrade(await openClient(context, port), { path: '/other' })).status, 404);
  });

  test('a mere offer to upgrade is served as the plain request it is', async (context) => {
    const { server, port } = await openWebSocketBed(context, { paths: ['/broker'] }, false);
    server.on('request', (request, response) => {
      request.resume().on('end', () => response.end(`plain ${request.url}`));
    });
    const headers = { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAEAAEAAAAIAAAAA' };
    const client = await openClient(context, port);
    client.write(
      `GET /page HTTP/1.1\r\nHost: localhost\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
    );
    await eventually(() => client.isEnded, 'the answer');
    assert.match(client.text, /^HTTP\/1\.1 200 OK/);
    assert.match(client.text, /plain \/page/);
  });

  test('close leaves the server as it was', async (context) => {
    const { transport, server, port } = await openWebSocketBed(context, {}, false);
    await Promise.all([transport.close({ spreadMs: 0, graceMs: 0 }), transport.close({ spreadMs: 0, graceMs: 0 })]);
    assert.equal(server.listening, true);
    assert.equal(server.listenerCount('upgrade'), 0);
    server.on('request', (_request, response) => response.end('plain'));
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'plain');
  });

  test('one transport serves several servers', async (context) => {
    const bed = await openWebSocketBed(context);
    const second = createServer();
    bed.transport.attach(second, { isOwn: true });
    await new Promise<void>((resolve) => second.listen(0, '127.0.0.1', resolve));
    context.after(() => second.close());
    const answer = await askForUpgrade(await openClient(context, (second.address() as AddressInfo).port));
    assert.equal(answer.status, 101);
    await bed.connect();
    assert.equal(bed.transport.connectionCount, 2);
  });
});

describe('draining', () => {
  test('may begin by refusing newcomers, while who is here stays', async (context) => {
    const bed = await openWebSocketBed(context);
    const { client, listener } = await bed.connect();
    bed.transport.stopAccepting();
    assert.equal((await askForUpgrade(await openClient(context, bed.port))).status, 503);
    client.write(clientMessage('still here'));
    await eventually(() => listener.text === 'still here', 'the message');
  });

  test('says goodbye to all over the given span, and resolves when they are gone', async (context) => {
    const bed = await openWebSocketBed(context);
    const clients = [];
    for (let i = 0; i < 20; i++) clients.push((await bed.connect()).client);
    const goodbyes: number[] = [];
    const start = performance.now();
    for (const client of clients) {
      client.socket.on('data', () => {
        if (client.messages[0]?.opcode !== OPCODE.close) return;
        goodbyes.push(performance.now() - start);
        client.write(clientMessage(client.messages[0].payload, { opcode: OPCODE.close }));
      });
    }
    await bed.transport.close({ spreadMs: 400, graceMs: 5_000 });
    assert.equal(goodbyes.length, 20);
    assert.ok(goodbyes.at(-1)! - goodbyes[0]! > 250, `the goodbyes took ${goodbyes.at(-1)! - goodbyes[0]!} ms`);
    assert.ok(goodbyes.at(-1)! < 3_000);
    const { payload } = clients[0]!.messages[0]!;
    assert.equal(payload.readUInt16BE(0), 1001);
    assert.equal(payload.subarray(2).toString(), 'server shutting down');
    assert.equal(bed.transport.connectionCount, 0);
    assert.ok(bed.listeners.every((listener) => listener.disconnectCount === 1));
  });

  test('cuts who does not answer, within the given span', async (context) => {
    const bed = await openWebSocketBed(context, { lingerMs: 60_000 });
    const { listener } = await bed.connect();
    const start = performance.now();
    await bed.transport.close({ spreadMs: 0, graceMs: 150 });
    assert.ok(performance.now() - start < 2_000);
    assert.equal(listener.disconnectCount, 1);
    assert.equal(bed.timers.pendingCount, 0);
  });
});
