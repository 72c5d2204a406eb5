import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { CLOSE_REASONS } from '../broker/close-reason.ts';
import { HEADROOM, WireFrame } from '../protocol/wire-frame.ts';
import { clientMessage, eventually, frameOf, openWebSocketBed, OPCODE, type RawClient } from './testbed.ts';

function closeCodes(client: RawClient): { code: number; text: string }[] {
  return client.messages
    .filter(({ opcode }) => opcode === OPCODE.close)
    .map(({ payload }) => ({ code: payload.readUInt16BE(0), text: payload.subarray(2).toString() }));
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Octets in buffers that something still refers to. */
function keptOctets(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

describe('what comes in', () => {
  test('is taken from text and binary messages alike, in order', async (context) => {
    const { client, listener } = await (await openWebSocketBed(context)).connect();
    client.write(Buffer.concat([clientMessage('text,'), clientMessage('binary,', { opcode: OPCODE.binary }), clientMessage('\n')]));
    await eventually(() => listener.text === 'text,binary,\n', 'the messages');
  });

  test('may be cut anywhere, in messages of many fragments with a ping between', async (context) => {
    const { client, listener } = await (await openWebSocketBed(context)).connect();
    const octets = Buffer.concat([
      clientMessage('one ', { isFinal: false }),
      clientMessage('two ', { opcode: OPCODE.continuation, isFinal: false }),
      clientMessage('?', { opcode: OPCODE.ping }),
      clientMessage('three', { opcode: OPCODE.continuation }),
    ]);
    for (const octet of octets) {
      client.write(Buffer.from([octet]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await eventually(() => listener.text === 'one two three', 'the message');
    await eventually(() => client.messages.length === 1, 'the pong');
    assert.deepEqual([client.messages[0]?.opcode, String(client.messages[0]?.payload)], [OPCODE.pong, '?']);
  });

  test('counts as a sign of life even as half a message', async (context) => {
    const { client, peer } = await (await openWebSocketBed(context)).connect();
    const before = peer.receivedBytes;
    client.write(clientMessage('half').subarray(0, 5));
    await eventually(() => peer.receivedBytes === before + 5, 'the octets to count');
  });

  test('is not read while paused, and all of it later', async (context) => {
    const { client, listener, peer } = await (await openWebSocketBed(context)).connect();
    peer.pause();
    peer.pause();
    client.write(clientMessage('later'));
    await eventually(() => client.socket.bytesWritten > 0 && client.socket.writableLength === 0, 'the octets to leave');
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(listener.text, '');
    peer.resume();
    await eventually(() => listener.text === 'later', 'the message');
  });

  test('ends the connection by 1002 without a mask, and by 1007 as text that is none', async (context) => {
    const bed = await openWebSocketBed(context);
    for (const [octets, code] of [
      [clientMessage('bare', { isMasked: false }), 1002],
      [clientMessage(Buffer.from([0xff, 0xfe]), { opcode: OPCODE.text }), 1007],
    ] as const) {
      const { client, listener } = await bed.connect();
      client.write(octets);
      await eventually(() => closeCodes(client).length === 1, 'the close frame');
      assert.equal(closeCodes(client)[0]?.code, code);
      await eventually(() => listener.disconnectCount === 1, 'the end');
      assert.equal(listener.text, '');
    }
  });
});

describe('what a stranger may send', () => {
  test('is bounded over all its messages', async (context) => {
    const { client, listener } = await (await openWebSocketBed(context)).connect();
    for (let i = 0; i < 50; i++) client.write(clientMessage('x'.repeat(4_000)));
    await eventually(() => closeCodes(client).length === 1, 'the close frame');
    assert.deepEqual(closeCodes(client), [{ code: 1009, text: 'frame too large' }]);
    assert.ok(listener.text.length < 150_000);
    await eventually(() => listener.disconnectCount === 1, 'the end');
  });

  test('is cut long before a large message is whole, and not kept while the close lingers', async (context) => {
    const bed = await openWebSocketBed(context, { lingerMs: 60_000 });
    const message = clientMessage(Buffer.alloc(4_000_000, 'x'));
    const before = keptOctets();
    for (let i = 0; i < 8; i++) {
      const { client, listener, peer } = await bed.connect();
      client.write(message.subarray(0, 1_000_000));
      await eventually(() => closeCodes(client).length === 1, 'the close frame');
      client.write(message.subarray(1_000_000, 3_500_000));
      await eventually(() => peer.receivedBytes > 3_500_000, 'the rest to be read');
      assert.equal(listener.text, '');
      assert.equal(listener.disconnectCount, 0);
    }
    await eventually(() => keptOctets() - before < 4_000_000, 'the 28 million octets to be forgotten');
  });

  test('is no longer bounded so after the login, even in the octets right behind it', async (context) => {
    const { client, listener, peer } = await (await openWebSocketBed(context)).connect();
    listener.onReceive = (chunk) => {
      if (chunk.toString() === 'login') peer.loggedIn();
    };
    const body = 'x'.repeat(3_000_000);
    client.write(Buffer.concat([clientMessage('login'), clientMessage(body)]));
    await eventually(() => listener.text.length === body.length + 5, 'the large message');
  });

  test('is bounded per message after the login too, by 1009', async (context) => {
    const { client, listener, peer } = await (await openWebSocketBed(context)).connect();
    peer.loggedIn();
    client.write(clientMessage(Buffer.alloc(5_000_000, 'x')));
    await eventually(() => closeCodes(client).length === 1, 'the close frame');
    assert.deepEqual(closeCodes(client), [{ code: 1009, text: 'frame too large' }]);
    assert.equal(listener.text, '');
  });
});

describe('what goes out', () => {
  test('is one frame a message, text or binary', async (context) => {
    const { client, peer } = await (await openWebSocketBed(context)).connect();
    for (const text of ['one\0', 'two\0', 'three\0']) peer.send(frameOf(text));
    peer.sendLive(new WireFrame(Buffer.concat([Buffer.alloc(HEADROOM), Buffer.from([0xff, 0])]), false));
    await eventually(() => client.messages.length === 4, 'the messages');
    assert.deepEqual(
      client.messages.map(({ opcode, isFinal, payload }) => [opcode, isFinal, payload.toString('latin1')]),
      [
        [OPCODE.text, true, 'one\0'],
        [OPCODE.text, true, 'two\0'],
        [OPCODE.text, true, 'three\0'],
        [OPCODE.binary, true, '\xff\0'],
      ],
    );
  });

  test('is a text message of one LF as heart-beat', async (context) => {
    const { client, peer } = await (await openWebSocketBed(context)).connect();
    peer.sendBeat();
    await eventually(() => client.messages.length === 1, 'the beat');
    assert.deepEqual([client.messages[0]?.opcode, String(client.messages[0]?.payload)], [OPCODE.text, '\n']);
  });

  test('never cuts into a pong or is cut by one', async (context) => {
    const { client, peer } = await (await openWebSocketBed(context)).connect();
    const body = Buffer.alloc(100_000, 'b');
    const large = (): WireFrame => new WireFrame(Buffer.concat([Buffer.alloc(HEADROOM), Buffer.from('MESSAGE\n')]), true, [body, Buffer.from([0])]);
    for (let i = 0; i < 40; i++) {
      client.write(clientMessage(`p${i}`, { opcode: OPCODE.ping }));
      peer.send(large());
      peer.send(frameOf(`small ${i}`));
      if (i % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await eventually(() => client.messages.length === 120, 'all messages');
    const { messages } = client;
    const pongs = messages.filter(({ opcode }) => opcode === OPCODE.pong).map(({ payload }) => String(payload));
    assert.deepEqual(pongs, Array.from({ length: 40 }, (_, i) => `p${i}`));
    assert.ok(messages.filter(({ payload }) => payload.length > 1_000).every(({ payload }) => payload.length === 100_009 && payload.at(-1) === 0));
  });

  test('includes pings, which a client answers', async (context) => {
    const { client, peer } = await (await openWebSocketBed(context)).connect();
    peer.ping();
    await eventually(() => client.messages.length === 1, 'the ping');
    assert.equal(client.messages[0]?.opcode, OPCODE.ping);
  });

  test('waits, counted, for a client that does not read, and disturbs no other', async (context) => {
    const bed = await openWebSocketBed(context);
    const slow = await bed.connect();
    const quick = await bed.connect();
    slow.client.socket.pause();
    const frame = new WireFrame(Buffer.alloc(HEADROOM + 100_000, 'x'), true);
    while (slow.peer.bufferedLiveBytes < 1_000_000) {
      slow.peer.sendLive(frame);
      quick.peer.sendLive(frame);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await eventually(() => slow.peer.oldestLiveAgeMs > 10, 'the octets to age');
    await eventually(() => quick.peer.bufferedBytes === 0, 'the quick one to have all');
    const { drainCount } = slow.listener;
    slow.client.socket.resume();
    await eventually(() => slow.peer.bufferedBytes === 0, 'the slow one to catch up');
    assert.equal(slow.listener.drainCount, drainCount + 1);
  });
});

describe('closing', () => {
  test('flushes what is queued, says why, and ends when the client has answered', async (context) => {
    const { client, listener, peer } = await (await openWebSocketBed(context, { lingerMs: 60_000 })).connect();
    let isTaken = false;
    peer.send(frameOf('ERROR\0'), () => (isTaken = true));
    peer.close(CLOSE_REASONS.slowConsumer);
    peer.close(CLOSE_REASONS.disconnect);
    peer.send(frameOf('too late'));
    await eventually(() => client.messages.length === 2, 'the goodbye');
    assert.equal(String(client.messages[0]?.payload), 'ERROR\0');
    assert.deepEqual(closeCodes(client), [{ code: 1013, text: 'slow consumer' }]);
    assert.equal(isTaken, true);
    assert.equal(listener.disconnectCount, 0);
    client.write(clientMessage(client.messages[1]!.payload, { opcode: OPCODE.close }));
    await eventually(() => client.isEnded, 'the end of the connection');
    client.socket.end();
    await eventually(() => listener.disconnectCount === 1, 'the listener to hear it');
  });

  test('works with every reason of the catalogue', async (context) => {
    const bed = await openWebSocketBed(context, { lingerMs: 50 });
    for (const reason of Object.values(CLOSE_REASONS)) {
      const { client, listener, peer } = await bed.connect();
      peer.close(reason);
      await eventually(() => listener.disconnectCount === 1, `the end by ${reason.name}`);
      const expected = reason.webSocketCode === 1006 ? [] : [{ code: reason.webSocketCode, text: reason.text }];
      assert.deepEqual(closeCodes(client), expected);
    }
  });

  test('cuts a client that never answers, after lingering', async (context) => {
    const { client, listener, peer } = await (await openWebSocketBed(context, { lingerMs: 100 })).connect();
    const start = performance.now();
    peer.close(CLOSE_REASONS.disconnect);
    await eventually(() => listener.disconnectCount === 1, 'the cut');
    assert.ok(performance.now() - start > 80);
    await eventually(() => client.isEnded, 'the end');
  });

  test('still reads the answer of a client it had stopped reading', async (context) => {
    const { client, listener, peer } = await (await openWebSocketBed(context, { lingerMs: 60_000 })).connect();
    peer.pause();
    peer.close(CLOSE_REASONS.requestFailed);
    await eventually(() => closeCodes(client).length === 1, 'the close frame');
    client.write(clientMessage(client.messages[0]!.payload, { opcode: OPCODE.close }));
    await eventually(() => client.isEnded, 'the end of the connection');
    client.socket.end();
    await eventually(() => listener.disconnectCount === 1, 'the listener to hear it');
  });

  test('hears nothing more from the client', async (context) => {
    const { client, listener, peer } = await (await openWebSocketBed(context)).connect();
    peer.pause();
    client.write(clientMessage('sent before the goodbye'));
    peer.close(CLOSE_REASONS.protocolError);
    client.write(clientMessage('sent after it'));
    await eventually(() => listener.disconnectCount === 1, 'the end');
    assert.equal(listener.text, '');
  });

  test('by the client sends what is queued before the close frame is answered', async (context) => {
    const { client, listener, peer } = await (await openWebSocketBed(context)).connect();
    listener.onReceive = () => {
      peer.send(frameOf('RECEIPT\0'));
    };
    client.write(Buffer.concat([clientMessage('DISCONNECT'), clientMessage(Buffer.from([0x03, 0xe8]), { opcode: OPCODE.close })]));
    await eventually(() => client.messages.length === 2, 'the receipt and the close frame');
    assert.deepEqual(client.messages.map(({ opcode }) => opcode), [OPCODE.text, OPCODE.close]);
    assert.equal(closeCodes(client)[0]?.code, 1000);
    client.socket.end();
    await eventually(() => listener.disconnectCount === 1, 'the end');
  });

  test('by a reset is reported once, and sending to it harms nothing', async (context) => {
    const bed = await openWebSocketBed(context);
    const { client, listener, peer } = await bed.connect();
    client.socket.resetAndDestroy();
    for (let i = 0; listener.disconnectCount === 0; i++) {
      peer.send(frameOf(`into the void ${i}`));
      await new Promise((resolve) => setImmediate(resolve));
    }
    peer.send(frameOf('later'));
    peer.close(CLOSE_REASONS.disconnect);
    peer.destroy(CLOSE_REASONS.gone);
    peer.ping();
    peer.pause();
    peer.resume();
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(listener.disconnectCount, 1);
    assert.equal(peer.bufferedBytes, 0);
    assert.equal(bed.transport.connectionCount, 0);
  });

  test('by half, without a close frame, ends the connection', async (context) => {
    const { client, listener } = await (await openWebSocketBed(context)).connect();
    client.socket.end();
    await eventually(() => listener.disconnectCount === 1, 'the end');
    await eventually(() => client.isEnded, 'the end for the client');
  });

  test('at once cuts the socket, queued frames or not', async (context) => {
    const { client, listener, peer } = await (await openWebSocketBed(context, { lingerMs: 60_000 })).connect();
    peer.send(frameOf('never'));
    peer.destroy(CLOSE_REASONS.missedHeartBeat);
    await eventually(() => listener.disconnectCount === 1, 'the cut');
    await eventually(() => client.isEnded, 'the end');
    assert.equal(client.text, '');
  });
});
