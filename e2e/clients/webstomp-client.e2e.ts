import { after, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import webstomp, { type Client, type Frame, type Message } from 'webstomp-client';
import { WebSocket } from 'ws';
import { startBroker } from '../harness/broker-process.ts';
import { EMOJI, ONE_MIB } from './bodies.ts';
import { Inbox } from './inbox.ts';

/** webstomp-client speaks only the version of the sub-protocol that the server chose, and cuts large frames at octets. */
const broker = await startBroker({ env: { STOMPEDE_ENGINE: 'memory' } });
after(() => broker.stop());
let names = 0;

interface Session {
  readonly client: Client;
  readonly receipts: Inbox<Frame>;
  readonly failures: Inbox<unknown>;
}

async function connect(protocols: string[], version: string, binary = false): Promise<Session> {
  const client = webstomp.over(new WebSocket(broker.wsUrl, protocols), { binary, debug: false, protocols });
  const [connected, receipts, failures] = [new Inbox<Frame>(), new Inbox<Frame>(), new Inbox<unknown>()];
  const put = (inbox: Inbox<Frame>) => (frame?: Frame) => {
    if (frame) inbox.put(frame);
  };
  client.onreceipt = put(receipts);
  client.connect({ login: 'guest', passcode: 'guest' }, put(connected), failures.put);
  assert.equal((await connected.next('CONNECTED')).headers['version'], version);
  return { client, receipts, failures };
}

const SUB_PROTOCOLS = ['v10.stomp', 'v11.stomp', 'v12.stomp'];

for (const binary of [false, true]) {
  describe(`webstomp-client, ${binary ? 'binary' : 'text'}`, { concurrency: true }, () => {
    for (const [protocols, version] of [[SUB_PROTOCOLS, '1.2'], [['v11.stomp'], '1.1'], [['v10.stomp'], '1.0']] as const) {
      test(`sends and receives text, emoji and 1 MiB in STOMP ${version}`, async () => {
        const { client, receipts } = await connect([...protocols], version, binary);
        const destination = `/queue/webstomp-${++names}`;
        const inbox = new Inbox<Message>();
        client.subscribe(destination, inbox.put);
        for (const body of ['plain', EMOJI, ONE_MIB]) {
          client.send(destination, body, { receipt: 'sent' });
          assert.equal((await receipts.next()).headers['receipt-id'], 'sent');
          assert.equal((await inbox.next()).body, body);
        }
        client.disconnect();
      });

      test(`acks and nacks in STOMP ${version}`, async () => {
        const { client, receipts } = await connect([...protocols], version, binary);
        const destination = `/queue/webstomp-${++names}`;
        const inbox = new Inbox<Message>();
        client.subscribe(destination, inbox.put, { ack: 'client' });
        client.send(destination, 'work');
        (await inbox.next()).nack();
        const again = await inbox.next();
        assert.equal(again.headers.redelivered, 'true');
        again.ack({ receipt: 'acked' });
        assert.equal((await receipts.next()).headers['receipt-id'], 'acked');
        client.disconnect();
      });
    }

    test('commits and aborts transactions, and goes on after it unsubscribed', async () => {
      const { client, receipts } = await connect(SUB_PROTOCOLS, '1.2', binary);
      const destination = `/topic/webstomp-${++names}`;
      const inbox = new Inbox<Message>();
      const subscription = client.subscribe(destination, inbox.put);
      for (const end of ['abort', 'commit'] as const) {
        const id = `tx-${end}`;
        client.begin(id);
        const headers: Record<string, string> = { transaction: id };
        client.send(destination, end, headers);
        client[end](id);
      }
      assert.equal((await inbox.next()).body, 'commit');
      subscription.unsubscribe();
      client.send(destination, 'unheard', { receipt: 'sent' });
      await receipts.next();
      assert.equal(inbox.size, 0);
      client.disconnect();
    });

    test('hears of an error, then of the close', async () => {
      const { client, failures } = await connect(SUB_PROTOCOLS, '1.2', binary);
      client.send('/nowhere', 'x');
      assert.equal(((await failures.next()) as Frame).headers['message'], 'Unknown destination');
      assert.ok(((await failures.next()) as CloseEvent).code >= 1000);
    });
  });
}
