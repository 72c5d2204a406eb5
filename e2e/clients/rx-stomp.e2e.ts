import { after, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { RxStomp, RxStompRPC, RxStompState } from '@stomp/rx-stomp';
import type { IFrame, IMessage } from '@stomp/stompjs';
import { filter, firstValueFrom, timeout } from 'rxjs';
import { WebSocket } from 'ws';
import { startBroker } from '../harness/broker-process.ts';
import { within } from '../harness/eventually.ts';
import { EMOJI, OCTETS, ONE_MIB } from './bodies.ts';
import { Inbox } from './inbox.ts';

/** rx-stomp subscribes and publishes in the turn in which CONNECTED arrives, and asks by replies to a temporary queue. */
const broker = await startBroker({ env: { STOMPEDE_ENGINE: 'memory' } });
after(() => broker.stop());
let names = 0;

function activate(): RxStomp {
  const client = new RxStomp();
  client.configure({
    webSocketFactory: () => new WebSocket(broker.wsUrl, ['v12.stomp', 'v11.stomp', 'v10.stomp']),
    connectHeaders: { login: 'guest', passcode: 'guest' },
    reconnectDelay: 100,
  });
  client.activate();
  return client;
}

function receipt(client: RxStomp, act: (id: string) => void): Promise<IFrame> {
  const id = `r-${++names}`;
  const done = client.asyncReceipt(id);
  act(id);
  return within(done, 20_000, () => `the RECEIPT for ${id}`);
}

describe('rx-stomp', { concurrency: true }, () => {
  test('sends and receives in a burst what was asked for before it connected', async () => {
    const client = activate();
    const destination = `/queue/rx-${++names}`;
    const inbox = new Inbox<IMessage>();
    client.watch({ destination }).subscribe(inbox.put);
    for (const body of ['plain', EMOJI, ONE_MIB]) client.publish({ destination, body });
    client.publish({ destination, binaryBody: OCTETS });
    for (const body of ['plain', EMOJI, ONE_MIB]) assert.equal((await inbox.next()).body, body);
    assert.deepEqual(new Uint8Array((await inbox.next()).binaryBody), OCTETS);
    await client.deactivate();
  });

  test('watches one destination several times', async () => {
    const client = activate();
    const destination = `/topic/rx-${++names}`;
    const inboxes = [new Inbox<IMessage>(), new Inbox<IMessage>()];
    for (const inbox of inboxes) client.watch({ destination }).subscribe(inbox.put);
    client.publish({ destination, body: 'both' });
    for (const inbox of inboxes) assert.equal((await inbox.next()).body, 'both');
    await client.deactivate();
  });

  test('acks and nacks, commits and aborts', async () => {
    const client = activate();
    const destination = `/queue/rx-${++names}`;
    const inbox = new Inbox<IMessage>();
    client.watch({ destination, subHeaders: { ack: 'client-individual' } }).subscribe(inbox.put);
    await firstValueFrom(client.connected$.pipe(timeout(20_000)));
    for (const end of ['abort', 'commit'] as const) {
      const transaction = client.stompClient.begin();
      client.publish({ destination, body: end, headers: { transaction: transaction.id } });
      transaction[end]();
    }
    const first = await inbox.next();
    assert.equal(first.body, 'commit');
    first.nack();
    const again = await inbox.next();
    assert.equal(again.headers['redelivered'], 'true');
    await receipt(client, (id) => again.ack({ receipt: id }));
    assert.equal(inbox.size, 0);
    await client.deactivate();
  });

  test('asks another client and gets its answer, over its own reply queue and over one of its choice', async () => {
    const [server, client] = [activate(), activate()];
    const destination = `/queue/rx-${++names}`;
    server.watch({ destination }).subscribe((question) => {
      const { 'reply-to': replyTo, 'correlation-id': correlationId } = question.headers;
      assert.ok(replyTo && correlationId);
      server.publish({ destination: replyTo, body: `${question.body}!`, headers: { 'correlation-id': correlationId } });
    });
    const implicit = new RxStompRPC(client);
    assert.equal((await firstValueFrom(implicit.rpc({ destination, body: 'implicit' }).pipe(timeout(20_000)))).body, 'implicit!');
    const replyQueueName = `/topic/rx-replies-${++names}`;
    const chosen = new RxStompRPC(client, {
      replyQueueName,
      setupReplyQueue: (queue, stomp) =>
        stomp.watch(queue, { ack: 'auto', durable: 'false', 'auto-delete': 'true', exclusive: 'true' }),
    });
    assert.equal((await firstValueFrom(chosen.rpc({ destination, body: 'chosen' }).pipe(timeout(20_000)))).body, 'chosen!');
    await Promise.all([server.deactivate(), client.deactivate()]);
  });

  test('comes back by itself when the broker was killed', async () => {
    const own = await startBroker({ env: { STOMPEDE_ENGINE: 'memory' } });
    const client = new RxStomp();
    try {
      client.configure({ webSocketFactory: () => new WebSocket(own.wsUrl, ['v12.stomp']), reconnectDelay: 50 });
      const destination = `/topic/rx-${++names}`;
      const inbox = new Inbox<IMessage>();
      client.watch({ destination }).subscribe(inbox.put);
      client.activate();
      await firstValueFrom(client.connected$.pipe(timeout(20_000)));
      const lost = firstValueFrom(client.connectionState$.pipe(filter((state) => state === RxStompState.CLOSED), timeout(20_000)));
      await own.kill();
      await lost;
      await own.start();
      await firstValueFrom(client.connected$.pipe(timeout(20_000)));
      client.publish({ destination, body: 'again' });
      assert.equal((await inbox.next()).body, 'again');
    } finally {
      await client.deactivate();
      await own.stop();
    }
  });
});
