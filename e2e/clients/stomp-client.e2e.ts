import { after, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import StompClient from 'stomp-client';
import { startBroker } from '../harness/broker-process.ts';
import { EMOJI, ONE_MIB } from './bodies.ts';
import { Inbox } from './inbox.ts';

/**
 * stomp-client over TCP: STOMP 1.0 without accept-version, subscriptions without ids, messages told apart by the very text
 * of their destination, and `subscription:undefined` in its ACKs. It knows no receipts and no octets.
 */
const broker = await startBroker({ env: { STOMPEDE_ENGINE: 'memory' } });
after(() => broker.stop());
let names = 0;

interface Session {
  readonly client: StompClient;
  readonly failures: Inbox<Error>;
}

async function connect(user = 'guest', passcode = 'guest'): Promise<Session> {
  const client = new StompClient('127.0.0.1', broker.tcpPort, user, passcode);
  const [sessions, failures] = [new Inbox<string>(), new Inbox<Error>()];
  client.connect(sessions.put, failures.put);
  assert.ok((await sessions.next('a session')).length > 0);
  return { client, failures };
}

interface Received {
  readonly body: string;
  readonly headers: Record<string, string>;
}

function subscribe(client: StompClient, destination: string, headers: Record<string, string> = {}): Inbox<Received> {
  const inbox = new Inbox<Received>();
  client.subscribe(destination, headers, (body, received) => inbox.put({ body, headers: received }));
  return inbox;
}

describe('stomp-client', { concurrency: true }, () => {
  test('sends and receives text, emoji and 1 MiB, and disconnects', async () => {
    const { client } = await connect();
    const destination = `/queue/stomp-client-${++names}`;
    const inbox = subscribe(client, destination);
    for (const body of ['plain', EMOJI, ONE_MIB]) {
      client.publish(destination, body, { 'x-own': '1' });
      const message = await inbox.next();
      assert.equal(message.body, body);
      assert.equal(message.headers['x-own'], '1');
    }
    const gone = new Inbox<void>();
    client.publish(destination, 'last words');
    client.unsubscribe(destination);
    client.disconnect(gone.put);
    await gone.next('the end');
  });

  test('logs in without a name as well', async () => {
    const { client } = await connect('', '');
    const gone = new Inbox<void>();
    client.disconnect(gone.put);
    await gone.next('the end');
  });

  test('acks, and gets again what it nacked', async () => {
    const { client } = await connect();
    const destination = `/queue/stomp-client-${++names}`;
    const inbox = subscribe(client, destination, { ack: 'client' });
    client.publish(destination, 'first');
    client.nack((await inbox.next()).headers['message-id']);
    const again = await inbox.next();
    assert.equal(again.headers['redelivered'], 'true');
    client.ack(again.headers['message-id']);
    client.publish(destination, 'second');
    assert.equal((await inbox.next()).body, 'second');
    client.disconnect(() => undefined);
    const heir = await connect();
    assert.equal((await subscribe(heir.client, destination).next()).body, 'second');
    heir.client.disconnect(() => undefined);
  });

  test('hears of an error', async () => {
    const { client, failures } = await connect();
    client.publish('/nowhere', 'x');
    assert.equal((await failures.next()).message, 'Unknown destination');
  });
});
