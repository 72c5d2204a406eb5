import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { join } from 'node:path';
import { promisify } from 'node:util';
import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { Client, type IFrame, type IMessage } from '@stomp/stompjs';
import stompit, { type Client as StompitClient, type Message } from 'stompit';
import { WebSocket } from 'ws';
import { startBroker, type BrokerProcess } from '../harness/broker-process.ts';
import { within } from '../harness/eventually.ts';
import { startLinkedNodes } from '../harness/linked-nodes.ts';
import { REPOSITORY } from '../harness/server-build.ts';
import { Inbox } from './inbox.ts';

/**
 * Programs as they are written for RabbitMQ (by stompjs and stomp.py) and for ActiveMQ (by stompit): request and reply,
 * redelivery with a delay, dead letters, browsing. One side talks to one node, the other to the same or to another.
 */
const execute = promisify(execFile);
let queues = 0;
let python = '';

before(async () => {
  const { stdout } = await execute(process.execPath, [join(REPOSITORY, 'server/setup/system-packages.mjs'), 'stomp-py'], { timeout: 300_000 });
  python = /STOMP_PYTHON=(.*)/.exec(stdout)?.[1] ?? '';
});

describe('on one node', () => {
  const brokers: BrokerProcess[] = [];
  before(async () => {
    brokers.push(await startBroker());
  });
  after(async () => {
    await brokers[0]?.stop();
  });
  programs(() => [brokers[0]!, brokers[0]!]);
});

describe('across two nodes', () => {
  let cluster: Awaited<ReturnType<typeof startLinkedNodes>>;
  before(async () => {
    cluster = await startLinkedNodes({ count: 2 });
  });
  after(() => cluster.close());
  programs(() => [cluster.nodes[0]!.broker, cluster.nodes[1]!.broker]);
});

function programs(nodes: () => readonly [BrokerProcess, BrokerProcess]): void {
  test('a program for RabbitMQ by stompjs', async () => {
    const [one, other] = await Promise.all(nodes().map(openStompjs) as [Promise<Client>, Promise<Client>]);
    const destination = `/queue/rabbit-${++queues}`;
    // Whoever asks subscribes to nothing: answers come by the name of the reply queue.
    const answers = new Inbox<IMessage>();
    one.onUnhandledMessage = answers.put;
    const questions = new Inbox<IMessage>();
    await receipt(other, (headers) => other.subscribe(destination, questions.put, { ...headers, ack: 'client-individual', 'prefetch-count': '10' }));
    one.publish({ destination, body: 'question', headers: { 'reply-to': '/temp-queue/answers', 'correlation-id': '7' } });
    const question = await questions.next();
    other.publish({ destination: question.headers['reply-to'] ?? '', body: 'answer', headers: { 'correlation-id': question.headers['correlation-id'] ?? '' } });
    question.ack();
    const answer = await answers.next();
    assert.deepEqual([answer.body, answer.headers['correlation-id'], answer.headers['subscription']], ['answer', '7', '/temp-queue/answers']);
    // Once more, later; then given up.
    one.publish({ destination, body: 'poison', headers: { persistent: 'true' } });
    const nackedAt = Date.now();
    (await questions.next()).nack({ delay: '500' });
    const again = await questions.next();
    assert.ok(Date.now() - nackedAt >= 500);
    assert.deepEqual([again.headers['redelivered'], again.headers['x-delivery-count'], again.headers['persistent']], ['true', '1', 'true']);
    again.nack({ requeue: 'false' });
    const letters = new Inbox<IMessage>();
    one.subscribe(destination.replace('/queue/', '/queue/DLQ.'), letters.put);
    const letter = await letters.next();
    assert.deepEqual([letter.body, letter.headers['x-first-death-reason']], ['poison', 'rejected']);
    await Promise.all([one.deactivate(), other.deactivate()]);
  });

  test('a program for ActiveMQ by stompit', async () => {
    const [one, other] = await Promise.all(nodes().map(openStompit) as [Promise<StompitClient>, Promise<StompitClient>]);
    const destination = `/queue/active-${++queues}`;
    const answers = take(one, { destination: '/temp-queue/answers', ack: 'auto' });
    const questions = take(other, { destination, ack: 'client-individual', 'activemq.prefetchSize': '10' });
    await send(one, { destination, 'reply-to': '/temp-queue/answers', 'correlation-id': '7', AMQ_SCHEDULED_DELAY: '300' }, 'question');
    const { message } = await questions.next();
    await send(other, { destination: message.headers['reply-to'] ?? '', 'correlation-id': message.headers['correlation-id'] ?? '' }, 'answer');
    await done((options) => other.ack(message, {}, options));
    const answer = await answers.next();
    assert.deepEqual([answer.body, answer.message.headers['correlation-id']], ['answer', '7']);
    await send(one, { destination }, 'poison');
    const poison = await questions.next();
    await done((options) => other.nack(poison.message, { 'dead-letter': 'true', reason: 'poisonous' }, options));
    // Two ways to look at what is dead: without taking it, and for good.
    const dead = destination.replace('/queue/', '/queue/DLQ.');
    for (const browser of ['true', 'false']) {
      const letters = take(one, { destination: dead, ack: 'auto', browser });
      const letter = await letters.next();
      assert.deepEqual([letter.body, letter.message.headers['original-destination']], ['poison', destination]);
      if (browser === 'true') assert.equal((await letters.next()).message.headers['browser'], 'end');
    }
    await Promise.all([one, other].map((client) => within(new Promise<void>((resolve) => client.disconnect(() => resolve())), 20_000, () => 'the end')));
  });

  test('a program by stomp.py', async () => {
    const [one, other] = nodes();
    const program = join(import.meta.dirname, 'programs', 'stomp-py-conventions.py');
    const { stdout } = await execute(python, [program, String(one.tcpPort), String(other.tcpPort), `/queue/python-${++queues}`], { timeout: 60_000 });
    assert.deepEqual(stdout.trim().split('\n'), ['ok rpc', 'ok delayed redelivery', 'ok dead letter', 'ok browse']);
  });
}

async function openStompjs(broker: BrokerProcess): Promise<Client> {
  const client = new Client({ webSocketFactory: () => new WebSocket(broker.wsUrl, 'v12.stomp'), reconnectDelay: 0, connectHeaders: { login: 'guest', passcode: 'guest' } });
  const connected = new Promise<IFrame>((resolve) => (client.onConnect = resolve));
  client.activate();
  await within(connected, 20_000, () => 'CONNECTED');
  return client;
}

function receipt(client: Client, act: (headers: { receipt: string }) => void): Promise<IFrame> {
  const id = `r-${++queues}`;
  const arrived = new Promise<IFrame>((resolve) => client.watchForReceipt(id, resolve));
  act({ receipt: id });
  return within(arrived, 20_000, () => `the RECEIPT for ${id}`);
}

function openStompit(broker: BrokerProcess): Promise<StompitClient> {
  const connectHeaders = { host: '/', login: 'guest', passcode: 'guest', 'accept-version': '1.2' };
  const opened = new Promise<StompitClient>((resolve, reject) => {
    stompit.connect({ host: '127.0.0.1', port: broker.tcpPort, connectHeaders }, (error, client) => (error ? reject(error) : resolve(client)));
  });
  return within(opened, 20_000, () => 'a session');
}

function take(client: StompitClient, headers: Record<string, string>): Inbox<{ message: Message; body: string }> {
  const inbox = new Inbox<{ message: Message; body: string }>();
  client.subscribe(headers, (error, message) => {
    if (!error) void buffer(message).then((body) => inbox.put({ message, body: body.toString() }));
  });
  return inbox;
}

const send = (client: StompitClient, headers: Record<string, string>, body: string): Promise<void> =>
  done((options) => void client.send(headers, options).end(body));

function done(act: (options: { onReceipt(): void; onError(error: Error): void }) => void): Promise<void> {
  return within(new Promise<void>((onReceipt, onError) => { act({ onReceipt, onError }); }), 20_000, () => 'the RECEIPT');
}
