import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { connect as connectTls, type TlsOptions } from 'node:tls';
import { CLOSE_REASONS } from '../broker/close-reason.ts';
import { silentLog } from '../broker/log.ts';
import { Timers } from '../lib/timers.ts';
import { HEADROOM, WireFrame } from '../protocol/wire-frame.ts';
import { TcpTransport } from './tcp-transport.ts';
import { eventually, frameOf, openClient, RawClient, RecordingListener } from './testbed.ts';

interface TcpBed {
  readonly transport: TcpTransport;
  readonly port: number;
  readonly timers: Timers;
  readonly listeners: RecordingListener[];
  connect(): Promise<{ client: RawClient; listener: RecordingListener }>;
}

async function openTcpBed(context: TestContext, options: { lingerMs?: number; maxConnections?: number; tls?: TlsOptions } = {}): Promise<TcpBed> {
  const listeners: RecordingListener[] = [];
  const timers = new Timers();
  const transport = new TcpTransport({
    accept: (peer) => {
      const listener = new RecordingListener(peer);
      listeners.push(listener);
      return listener;
    },
    timers,
    log: silentLog,
    maxConnections: 1_000,
    lingerMs: 200,
    ...options,
  });
  const { port } = await transport.listen(0, '127.0.0.1');
  context.after(async () => {
    await transport.close({ spreadMs: 0, graceMs: 0 });
    timers.close();
  });
  return {
    transport,
    port,
    timers,
    listeners,
    async connect() {
      const count = listeners.length;
      const client = await openClient(context, port);
      await eventually(() => listeners.length > count, 'the transport to accept');
      return { client, listener: listeners.at(-1)! };
    },
  };
}

describe('TCP', () => {
  test('carries frames as they are, both ways', async (context) => {
    const bed = await openTcpBed(context);
    const { client, listener } = await bed.connect();
    const { peer } = listener;
    assert.equal(peer.transport, 'tcp');
    assert.equal(peer.isLocal, true);
    assert.equal(peer.remoteAddress, `127.0.0.1:${client.socket.localPort}`);
    client.write('CONNECT\n\n\0');
    await eventually(() => listener.text === 'CONNECT\n\n\0', 'the frame');
    assert.equal(peer.receivedBytes, 10);
    peer.send(frameOf('CONNECTED\n\n\0'));
    peer.sendBeat();
    const body = Buffer.alloc(100_000, 'x');
    peer.sendLive(new WireFrame(Buffer.concat([Buffer.alloc(HEADROOM), Buffer.from('MESSAGE\n\n')]), true, [body, Buffer.from('\0')]));
    const expected = `CONNECTED\n\n\0\nMESSAGE\n\n${body.toString()}\0`;
    await eventually(() => client.received.length === expected.length, 'all octets');
    assert.equal(client.text, expected);
  });

  test('is not read while paused', async (context) => {
    const { client, listener } = await (await openTcpBed(context)).connect();
    listener.peer.pause();
    client.write('later');
    await eventually(() => client.socket.writableLength === 0, 'the octets to leave');
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(listener.text, '');
    listener.peer.resume();
    await eventually(() => listener.text === 'later', 'the octets');
  });

  test('flushes what is queued before it ends, hears nothing more, and lingers for the client', async (context) => {
    const bed = await openTcpBed(context, { lingerMs: 60_000 });
    const { client, listener } = await bed.connect();
    listener.peer.pause();
    listener.peer.send(frameOf('ERROR\n\n\0'));
    listener.peer.close(CLOSE_REASONS.protocolError);
    listener.peer.close(CLOSE_REASONS.protocolError);
    listener.peer.send(frameOf('too late'));
    client.write('unheard');
    await eventually(() => client.isEnded, 'the end');
    assert.equal(client.text, 'ERROR\n\n\0');
    assert.equal(listener.disconnectCount, 0);
    client.socket.end();
    await eventually(() => listener.disconnectCount === 1, 'the listener to hear it');
    assert.equal(listener.text, '');
    assert.equal(bed.timers.pendingCount, 0, 'no deadline stays behind');
  });

  test('cuts a client that does not close its end', async (context) => {
    const { client, listener } = await (await openTcpBed(context, { lingerMs: 100 })).connect();
    listener.peer.close(CLOSE_REASONS.disconnect);
    await eventually(() => listener.disconnectCount === 1, 'the cut');
    await eventually(() => client.isEnded, 'the end');
  });

  test('gives a client that closed only its half what stands ready', async (context) => {
    const { client, listener } = await (await openTcpBed(context)).connect();
    listener.onReceive = () => {
      listener.peer.send(frameOf('RECEIPT\n\n\0'));
    };
    client.write('DISCONNECT');
    client.socket.end();
    await eventually(() => client.isClosed, 'the end');
    assert.equal(client.text, 'RECEIPT\n\n\0');
    await eventually(() => listener.disconnectCount === 1, 'the listener to hear it');
  });

  test('reports a reset once', async (context) => {
    const bed = await openTcpBed(context);
    const { client, listener } = await bed.connect();
    client.socket.resetAndDestroy();
    while (listener.disconnectCount === 0) {
      listener.peer.send(frameOf('into the void'));
      await new Promise((resolve) => setImmediate(resolve));
    }
    listener.peer.destroy(CLOSE_REASONS.gone);
    listener.peer.close(CLOSE_REASONS.gone);
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(listener.disconnectCount, 1);
    assert.equal(bed.transport.connectionCount, 0);
  });

  test('cuts at once when told', async (context) => {
    const { client, listener } = await (await openTcpBed(context, { lingerMs: 60_000 })).connect();
    listener.peer.send(frameOf('never'));
    listener.peer.destroy(CLOSE_REASONS.missedHeartBeat);
    await eventually(() => client.isEnded && listener.disconnectCount === 1, 'the cut');
    assert.equal(client.text, '');
  });

  test('takes no more than the most connections', async (context) => {
    const bed = await openTcpBed(context, { maxConnections: 2 });
    await bed.connect();
    await bed.connect();
    const third = await openClient(context, bed.port);
    await eventually(() => third.isEnded, 'the cut of the third');
    assert.equal(bed.transport.connectionCount, 2);
  });

  test('says which address is in use', async (context) => {
    const { port } = await openTcpBed(context);
    const timers = new Timers();
    const second = new TcpTransport({ accept: () => assert.fail(), timers, log: silentLog, maxConnections: 1, lingerMs: 0 });
    await assert.rejects(second.listen(port, '127.0.0.1'), { code: 'EADDRINUSE' });
    await second.close({ spreadMs: 0, graceMs: 0 });
  });

  test('drains: listens no more, says goodbye, cuts who stays', async (context) => {
    const bed = await openTcpBed(context, { lingerMs: 60_000 });
    const { client, listener } = await bed.connect();
    await Promise.all([bed.transport.close({ spreadMs: 50, graceMs: 100 }), bed.transport.close({ spreadMs: 0, graceMs: 0 })]);
    assert.equal(listener.disconnectCount, 1);
    assert.equal(bed.timers.pendingCount, 0);
    await eventually(() => client.isEnded, 'the end');
    await assert.rejects(fetch(`http://127.0.0.1:${bed.port}`));
  });
});

describe('TLS', () => {
  // A shared key needs no certificate, and everything above the handshake is the same.
  const key = Buffer.from('a key of this test alone');
  const tls: TlsOptions = { ciphers: 'PSK-AES128-GCM-SHA256', maxVersion: 'TLSv1.2', pskCallback: () => key };

  test('carries frames both ways and counts what a slow reader leaves', async (context) => {
    const bed = await openTcpBed(context, { tls });
    const socket = connectTls({
      port: bed.port,
      host: '127.0.0.1',
      ciphers: 'PSK-AES128-GCM-SHA256',
      maxVersion: 'TLSv1.2',
      pskCallback: () => ({ psk: key, identity: 'test' }),
      checkServerIdentity: () => undefined,
    });
    context.after(() => socket.destroy());
    const client = new RawClient(socket);
    await eventually(() => bed.listeners.length === 1, 'the handshake');
    const listener = bed.listeners[0]!;
    client.write('hello');
    await eventually(() => listener.text === 'hello', 'the octets');
    let isTaken = false;
    listener.peer.send(frameOf('welcome'), () => (isTaken = true));
    await eventually(() => client.text === 'welcome' && isTaken, 'the answer');
    socket.pause();
    const large = new WireFrame(Buffer.alloc(HEADROOM + 1_000_000, 'x'), true);
    let sent = 0;
    while (listener.peer.bufferedLiveBytes < 2_000_000) {
      listener.peer.sendLive(large);
      sent += large.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await eventually(() => listener.peer.oldestLiveAgeMs > 10, 'the octets to age');
    socket.resume();
    await eventually(() => client.received.length === sent + 7, 'all octets');
    await eventually(() => listener.peer.bufferedBytes === 0, 'the count to fall');
    listener.peer.close(CLOSE_REASONS.disconnect);
    await eventually(() => listener.disconnectCount === 1, 'the end');
  });

  test('survives a client that does not speak it', async (context) => {
    const bed = await openTcpBed(context, { tls });
    const client = await openClient(context, bed.port);
    client.write('CONNECT\naccept-version:1.2\n\n\0');
    await eventually(() => client.isEnded, 'the end');
    assert.equal(bed.listeners.length, 0);
  });
});
