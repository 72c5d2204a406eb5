import { after, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { Client, Versions, type IFrame, type IMessage } from '@stomp/stompjs';
import { WebSocket } from 'ws';
import { startBroker } from '../harness/broker-process.ts';
import { within } from '../harness/eventually.ts';
import { EMOJI, OCTETS, ONE_MIB } from './bodies.ts';
import { Inbox } from './inbox.ts';

const broker = await startBroker({ env: { STOMPEDE_ENGINE: 'memory' } });
after(() => broker.stop());
let queues = 0;

/** The client as pages use it, but for the WebSocket, which Node 20 lacks. */
async function connect(version = '1.2', more: Partial<Client> = {}): Promise<Client> {
  const stompVersions = new Versions([version]);
  const client = new Client({
    stompVersions,
    webSocketFactory: () => new WebSocket(broker.wsUrl, stompVersions.protocolVersions()),
    reconnectDelay: 0,
    connectHeaders: { login: 'guest', passcode: 'guest' },
  });
  Object.assign(client, more);
  const connected = new Promise<IFrame>((resolve, reject) => {
    client.onConnect = resolve;
    client.onStompError = (frame) => reject(new Error(frame.headers['message']));
  });
  client.activate();
  const frame = await within(connected, 20_000, () => 'CONNECTED');
  assert.equal(frame.headers['version'], version);
  return client;
}

function receipt(client: Client, act: (headers: { receipt: string }) => void): Promise<IFrame> {
  const id = `r-${++queues}`;
  const done = new Promise<IFrame>((resolve) => client.watchForReceipt(id, resolve));
  act({ receipt: id });
  return within(done, 20_000, () => `the RECEIPT for ${id}`);
}

for (const version of ['1.0', '1.1', '1.2']) {
  describe(`@stomp/stompjs, STOMP ${version}`, { concurrency: true }, () => {
    test('sends and receives text, emoji, 1 MiB and octets, and disconnects in order', async () => {
      const client = await connect(version);
      const destination = `/queue/stompjs-${++queues}`;
      const inbox = new Inbox<IMessage>();
      await receipt(client, (headers) => client.subscribe(destination, inbox.put, headers));
      for (const body of ['', 'plain', EMOJI, ONE_MIB]) {
        await receipt(client, (headers) => client.publish({ destination, body, headers }));
        assert.equal((await inbox.next()).body, body);
      }
      client.publish({ destination, binaryBody: OCTETS });
      assert.deepEqual(new Uint8Array((await inbox.next()).binaryBody), OCTETS);
      client.splitLargeFrames = true;
      client.publish({ destination, body: ONE_MIB });
      assert.equal((await inbox.next()).body, ONE_MIB);
      const farewell = new Promise<IFrame>((resolve) => (client.onDisconnect = resolve));
      const closed = new Promise<CloseEvent>((resolve) => (client.onWebSocketClose = resolve));
      await client.deactivate();
      assert.equal((await farewell).command, 'RECEIPT');
      assert.equal((await closed).code, 1000);
    });

    test('acks, and gets again what it nacked', async () => {
      const client = await connect(version);
      const destination = `/queue/stompjs-${++queues}`;
      const inbox = new Inbox<IMessage>();
      client.subscribe(destination, inbox.put, { ack: 'client-individual' });
      client.publish({ destination, body: 'work' });
      const first = await inbox.next();
      assert.equal(first.headers['redelivered'], 'false');
      first.nack();
      const again = await inbox.next();
      assert.equal(again.headers['redelivered'], 'true');
      assert.equal(again.headers['message-id'], first.headers['message-id']);
      await receipt(client, (headers) => again.ack(headers));
      await client.deactivate();
    });

    test('commits and aborts transactions', async () => {
      const client = await connect(version);
      const destination = `/queue/stompjs-${++queues}`;
      const inbox = new Inbox<IMessage>();
      client.subscribe(destination, inbox.put);
      for (const end of ['abort', 'commit'] as const) {
        const transaction = client.begin();
        client.publish({ destination, body: end, headers: { transaction: transaction.id } });
        transaction[end]();
      }
      client.publish({ destination, body: 'after' });
      assert.equal((await inbox.next()).body, 'commit');
      assert.equal((await inbox.next()).body, 'after');
      await client.deactivate();
    });

    test('keeps headers with colons and blanks, and no message after it unsubscribed', async () => {
      const client = await connect(version);
      const destination = `/topic/stompjs-${++queues}`;
      const inbox = new Inbox<IMessage>();
      const subscription = client.subscribe(destination, inbox.put);
      const headers = { 'x-url': 'http://host:80/a b', 'x-json': '{"a":"b"}' };
      client.publish({ destination, body: '1', headers });
      const message = await inbox.next();
      // In 1.1 this client sends colons as they are, and leaves the escaped ones that it receives as they are.
      const asRead = (value: string): string => (version === '1.1' ? value.replaceAll(':', '\\c') : value);
      for (const [name, value] of Object.entries(headers)) assert.equal(message.headers[name], asRead(value));
      subscription.unsubscribe();
      await receipt(client, (ask) => client.publish({ destination, body: '2', headers: ask }));
      assert.equal(inbox.size, 0);
      await client.deactivate();
    });

    test('hears of an error, then of the close', async () => {
      const client = await connect(version);
      const error = new Promise<IFrame>((resolve) => (client.onStompError = resolve));
      const closed = new Promise<CloseEvent>((resolve) => (client.onWebSocketClose = resolve));
      client.publish({ destination: '/nowhere', body: 'x' });
      assert.equal((await within(error, 20_000, () => 'ERROR')).headers['message'], 'Unknown destination');
      assert.ok((await within(closed, 20_000, () => 'the close')).code >= 1000);
      await client.deactivate();
    });
  });
}

describe('@stomp/stompjs', () => {
  test('stays connected by heart-beats of a second', async () => {
    const beats = new Inbox<string>();
    const debug = (line: string): void => {
      if (line === '<<< PONG') beats.put(line);
    };
    const client = await connect('1.2', { heartbeatIncoming: 1_000, heartbeatOutgoing: 1_000, debug });
    for (let i = 0; i < 4; i++) await beats.next();
    assert.equal(client.connected, true);
    await client.deactivate();
  });

  test('sends every frame as binary when told to', async () => {
    const client = await connect('1.2', { forceBinaryWSFrames: true });
    const destination = `/queue/stompjs-${++queues}`;
    const inbox = new Inbox<IMessage>();
    client.subscribe(destination, inbox.put);
    client.publish({ destination, body: EMOJI });
    assert.equal((await inbox.next()).body, EMOJI);
    await client.deactivate();
  });
});
