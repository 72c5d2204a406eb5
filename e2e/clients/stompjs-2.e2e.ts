import { after, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import Stomp, { type Client, type Frame, type Message } from 'stompjs';
import { WebSocket } from 'ws';
import { startBroker } from '../harness/broker-process.ts';
import { EMOJI, ONE_MIB } from './bodies.ts';
import { Inbox } from './inbox.ts';

/**
 * stompjs 2.3.3, which pages have used since 2013: one frame a WebSocket message or nothing, no escaping, a TypeError if
 * CONNECTED lacks heart-beat. Its bodies are texts that end at the first NUL, so it has no octets to send.
 */
const broker = await startBroker({ env: { STOMPEDE_ENGINE: 'memory' } });
after(() => broker.stop());
let names = 0;

interface Session {
  readonly client: Client;
  readonly socket: WebSocket;
  readonly receipts: Inbox<Frame>;
  readonly failures: Inbox<Frame | string>;
}

async function connect(): Promise<Session> {
  const socket = new WebSocket(broker.wsUrl, ['v10.stomp', 'v11.stomp']);
  const client = Stomp.over(socket);
  client.debug = null;
  const [connected, receipts, failures] = [new Inbox<Frame>(), new Inbox<Frame>(), new Inbox<Frame | string>()];
  client.onreceipt = receipts.put;
  client.connect({ login: 'guest', passcode: 'guest' }, connected.put, failures.put);
  assert.equal((await connected.next('CONNECTED')).headers['version'], '1.1');
  return { client, socket, receipts, failures };
}

describe('stompjs 2.3.3', { concurrency: true }, () => {
  test('sends and receives text, emoji and 1 MiB, and leaves without waiting', async () => {
    const { client, socket, receipts } = await connect();
    const destination = `/queue/stompjs2-${++names}`;
    const inbox = new Inbox<Message>();
    client.subscribe(destination, inbox.put, { receipt: 'subscribed' });
    assert.equal((await receipts.next()).headers['receipt-id'], 'subscribed');
    for (const body of ['', 'plain', EMOJI, ONE_MIB]) {
      client.send(destination, { receipt: 'sent' }, body);
      assert.equal((await receipts.next()).headers['receipt-id'], 'sent');
      assert.equal((await inbox.next()).body, body);
    }
    const closed = new Inbox<number>();
    socket.on('close', closed.put);
    client.send(destination, {}, 'last words');
    client.disconnect();
    // The client closes without a status at once, and the server with 1000 after DISCONNECT: whoever is first.
    assert.ok([1000, 1005].includes(await closed.next()));
    const heir = await connect();
    heir.client.subscribe(destination, inbox.put);
    assert.equal((await inbox.next()).body, 'last words');
    heir.client.disconnect();
  });

  test('acks, and gets again what it nacked', async () => {
    const { client, receipts } = await connect();
    const destination = `/queue/stompjs2-${++names}`;
    const inbox = new Inbox<Message>();
    client.subscribe(destination, inbox.put, { ack: 'client-individual' });
    client.send(destination, {}, 'work');
    (await inbox.next()).nack();
    const again = await inbox.next();
    assert.equal(again.headers['redelivered'], 'true');
    again.ack({ receipt: 'acked' });
    assert.equal((await receipts.next()).headers['receipt-id'], 'acked');
    client.disconnect();
  });

  test('commits and aborts transactions', async () => {
    const { client } = await connect();
    const destination = `/queue/stompjs2-${++names}`;
    const inbox = new Inbox<Message>();
    client.subscribe(destination, inbox.put);
    for (const end of ['abort', 'commit'] as const) {
      const transaction = client.begin();
      client.send(destination, { transaction: transaction.id }, end);
      transaction[end]();
    }
    client.send(destination, {}, 'after');
    assert.equal((await inbox.next()).body, 'commit');
    assert.equal((await inbox.next()).body, 'after');
    client.disconnect();
  });

  test('hears of an error, then of the close', async () => {
    const { client, failures } = await connect();
    client.send('/nowhere', {}, 'x');
    const error = await failures.next();
    assert.ok(typeof error === 'object');
    assert.equal(error.headers['message'], 'Unknown destination');
    const farewell = await failures.next();
    assert.ok(typeof farewell === 'string' && farewell.includes('Lost connection'));
  });
});
