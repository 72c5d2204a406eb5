import { after, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import stompit, { type Client, type Message } from 'stompit';
import { startBroker } from '../harness/broker-process.ts';
import { within } from '../harness/eventually.ts';
import { EMOJI, OCTETS, ONE_MIB } from './bodies.ts';
import { Inbox } from './inbox.ts';

/**
 * stompit speaks TCP, puts every way to name a delivery into its ACKs, and dies of a receipt it did not ask for. (It also
 * dies of an ERROR whose body is a short text/plain, by a slip of `this`: so there is no test of errors here.)
 */
const broker = await startBroker({ env: { STOMPEDE_ENGINE: 'memory' } });
after(() => broker.stop());
let names = 0;

function open(version = '1.0,1.1,1.2'): Promise<Client> {
  const connectHeaders = { host: '/', login: 'guest', passcode: 'guest', 'heart-beat': '5000,5000', 'accept-version': version };
  const opened = new Promise<Client>((resolve, reject) => {
    stompit.connect({ host: '127.0.0.1', port: broker.tcpPort, connectHeaders }, (error, client) => (error ? reject(error) : resolve(client)));
  });
  return within(opened, 20_000, () => 'a session');
}

function disconnect(client: Client): Promise<void> {
  const done = new Promise<void>((resolve, reject) => client.disconnect((error) => (error ? reject(error) : resolve())));
  return within(done, 20_000, () => 'the RECEIPT for DISCONNECT');
}

function send(client: Client, destination: string, body: Buffer): Promise<void> {
  const sent = new Promise<void>((onReceipt, onError) => client.send({ destination, 'content-length': body.length }, { onReceipt, onError }).end(body));
  return within(sent, 20_000, () => 'the RECEIPT for SEND');
}

/** Its messages are streams: the next frame comes only after this one was read. */
function subscribe(client: Client, destination: string, ack: string): Inbox<{ message: Message; body: Buffer }> {
  const inbox = new Inbox<{ message: Message; body: Buffer }>();
  client.subscribe({ destination, ack }, (error, message) => {
    if (!error) void buffer(message).then((body) => inbox.put({ message, body }));
  });
  return inbox;
}

for (const version of ['1.0', '1.1', '1.2']) {
  describe(`stompit, STOMP ${version}`, { concurrency: true }, () => {
    test('sends and receives text, emoji, octets and 1 MiB', async () => {
      const client = await open(version);
      const destination = `/queue/stompit-${++names}`;
      const inbox = subscribe(client, destination, 'auto');
      for (const body of ['plain', EMOJI, OCTETS, ONE_MIB]) {
        await send(client, destination, Buffer.from(body as string));
        assert.ok((await inbox.next()).body.equals(Buffer.from(body as string)));
      }
      await disconnect(client);
    });

    test('acks, and gets again what it nacked', async () => {
      const client = await open(version);
      const destination = `/queue/stompit-${++names}`;
      const inbox = subscribe(client, destination, 'client-individual');
      await send(client, destination, Buffer.from('work'));
      client.nack((await inbox.next()).message);
      const { message } = await inbox.next();
      assert.equal(message.headers['redelivered'], 'true');
      const acked = new Promise<void>((onReceipt, onError) => client.ack(message, {}, { onReceipt, onError }));
      await within(acked, 20_000, () => 'the RECEIPT for ACK');
      await disconnect(client);
    });

    test('commits and aborts transactions', async () => {
      const client = await open(version);
      const destination = `/queue/stompit-${++names}`;
      const inbox = subscribe(client, destination, 'auto');
      for (const end of ['abort', 'commit'] as const) {
        const transaction = client.begin();
        transaction.send({ destination }).end(end);
        await within(new Promise<void>((onReceipt, onError) => transaction[end]({ onReceipt, onError })), 20_000, () => end);
      }
      await send(client, destination, Buffer.from('after'));
      assert.equal((await inbox.next()).body.toString(), 'commit');
      assert.equal((await inbox.next()).body.toString(), 'after');
      await disconnect(client);
    });
  });
}
