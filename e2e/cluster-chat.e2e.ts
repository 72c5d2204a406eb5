import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import type { Browser } from 'playwright';
import { launchBrowser } from './harness/browser.ts';
import { ChatWindow } from './harness/chat-window.ts';
import { eventually } from './harness/eventually.ts';
import { startLinkedNodes, type LinkedNodes } from './harness/linked-nodes.ts';
import { connectRawClient, type RawClient } from './harness/raw-client.ts';

let cluster: LinkedNodes;
const clients: RawClient[] = [];

before(async () => {
  cluster = await startLinkedNodes({ count: 3 });
});

afterEach(() => {
  for (const client of clients.splice(0)) client.finish();
});

after(() => cluster?.close());

const nodeAt = (index: number): LinkedNodes['nodes'][number]['broker'] => cluster.nodes[index]!.broker;

async function connectTo(index: number): Promise<RawClient> {
  const client = await connectRawClient(nodeAt(index), { transport: 'tcp' });
  clients.push(client);
  return client;
}

describe('two browsers on two nodes', () => {
  let browser: Browser;
  const windows: ChatWindow[] = [];

  before(async () => {
    browser = await launchBrowser();
  });

  afterEach(async () => {
    for (const window of windows.splice(0)) await window.close();
  });

  after(() => browser?.close());

  async function open(index: number, name: string): Promise<ChatWindow> {
    const window = await ChatWindow.open(browser, nodeAt(index).httpUrl, name);
    windows.push(window);
    return window;
  }

  test('chat with each other, both ways and in several rooms', async () => {
    const [ada, grace] = [await open(0, 'Ada Lovelace'), await open(1, 'Grace Hopper')];
    await ada.say('Good morning from the first node 🦬');
    const heard = await grace.hears('Good morning from the first node');
    assert.equal(await heard.locator('.author').textContent(), 'Ada Lovelace');
    await grace.say('Good morning from the second');
    await ada.hears('Good morning from the second');
    await ada.enter('Tea');
    await grace.enter('Tea');
    for (let cup = 1; cup <= 10; cup++) {
      await (cup % 2 === 0 ? ada : grace).say(`cup ${cup}.`);
      await (cup % 2 === 0 ? grace : ada).hears(`cup ${cup}.`);
    }
    const order = Array.from({ length: 10 }, (_, i) => `cup ${i + 1}.`);
    for (const window of [ada, grace]) assert.deepEqual(await window.said.locator('.text').allTextContents(), order);
  });

  test('are in a room when they say so, however long the way to the store is', async () => {
    const { proxy } = cluster.nodes[1]!;
    const ada = await open(0, 'Ada');
    proxy.delay(500);
    try {
      const grace = await open(1, 'Grace');
      await ada.say('Did you hear this?');
      await grace.hears('Did you hear this?');
      await Promise.all([ada.enter('Tea'), grace.enter('Tea')]);
      await ada.say('And this?');
      await grace.hears('And this?');
    } finally {
      await proxy.heal();
    }
  });

  test('hand work from the one to the other', async () => {
    const [ada, grace] = [await open(0, 'Ada'), await open(2, 'Grace')];
    await grace.workerSwitch.click();
    await ada.post('a job for another node');
    await grace.holds(['a job for another node']);
    await grace.jobsInHand.first().getByRole('button', { name: /^Done/ }).click();
    await grace.holds([]);
  });
});

describe('three nodes', () => {
  test('say who they are and how their store is', async () => {
    const healths = await Promise.all(cluster.nodes.map(async ({ broker }) => (await (await fetch(`${broker.httpUrl}/healthz`)).json()) as Record<string, unknown>));
    assert.equal(new Set(healths.map(({ node }) => node)).size, 3);
    for (const { engine, receipt, store } of healths) {
      assert.deepEqual([engine, receipt, (store as { state: string }).state], ['redis', 'accepted', 'up']);
    }
    for (const { broker } of cluster.nodes) assert.equal((await fetch(`${broker.httpUrl}/readyz`)).status, 200);
  });

  test('share the work of a queue, a fair part for each', async () => {
    const MESSAGES = 600;
    const consumers = await Promise.all([0, 1, 2].map(connectTo));
    for (const consumer of consumers) {
      await consumer.request('SUBSCRIBE', { id: 'q', destination: '/queue/shared', ack: 'client-individual', 'prefetch-count': '5' });
    }
    const sender = await connectTo(0);
    for (let number = 1; number <= MESSAGES; number++) sender.frame('SEND', { destination: '/queue/shared' }, String(number));
    const parts: number[][] = [[], [], []];
    await eventually(async () => {
      for (const [i, consumer] of consumers.entries()) {
        while (consumer.unread.length > 0) {
          const frame = await consumer.expectFrame('MESSAGE');
          parts[i]!.push(Number(frame.text));
          consumer.frame('ACK', { id: frame.headers['ack'] ?? '' });
        }
      }
      assert.equal(parts.flat().length, MESSAGES);
    }, 30_000);
    assert.equal(new Set(parts.flat()).size, MESSAGES, 'each message once');
    for (const part of parts) {
      assert.ok(part.length > MESSAGES / 6, `a fair part, got ${parts.map(({ length }) => length)}`);
      assert.deepEqual(part, part.toSorted((a, b) => a - b));
    }
  });

  for (const [kind, pattern] of [['exact', (i: number) => `here.${i}`], ['by a wildcard', (i: number) => `*.${i}`], ['by a wide wildcard', () => 'here.#']] as const) {
    test(`deliver whatever is sent elsewhere after the RECEIPT of a SUBSCRIBE, ${kind}`, async () => {
      const all = await Promise.all([0, 1, 2].map(connectTo));
      for (let i = 0; i < 300; i++) {
        const [subscriber, sender] = [all[i % 3]!, all[(i + 1 + (i % 2)) % 3]!];
        await subscriber.request('SUBSCRIBE', { id: String(i), destination: `/topic/${pattern(i)}` });
        sender.frame('SEND', { destination: `/topic/here.${i}` }, String(i));
        assert.equal((await subscriber.expectFrame('MESSAGE')).text, String(i));
        await subscriber.request('UNSUBSCRIBE', { id: String(i) });
      }
    });
  }
});

describe('questions and answers across nodes', () => {
  // RabbitMQ: naming it is enough. ActiveMQ: it is subscribed to first.
  for (const kind of ['temp-queue', 'temp-topic'] as const) {
    for (const isExplicit of kind === 'temp-queue' ? [false, true] : [true]) {
      test(`go by a /${kind}/, ${isExplicit ? 'subscribed to before' : 'named in reply-to alone'}`, async () => {
        const [asker, service, stranger] = [await connectTo(0), await connectTo(1), await connectTo(2)];
        await service.request('SUBSCRIBE', { id: 's', destination: '/queue/service' });
        if (isExplicit) await asker.request('SUBSCRIBE', { id: 'own', destination: `/${kind}/answers` });
        for (let i = 0; i < 100; i++) {
          asker.frame('SEND', { destination: '/queue/service', 'reply-to': `/${kind}/answers` }, `question ${i}`);
          const question = await service.expectFrame('MESSAGE');
          assert.equal(question.text, `question ${i}`);
          const replyTo = question.headers['reply-to'] ?? '';
          service.frame('SEND', { destination: replyTo }, `answer ${i}`);
          const answer = await asker.expectFrame('MESSAGE');
          assert.deepEqual([answer.text, answer.headers['subscription']], [`answer ${i}`, isExplicit ? 'own' : `/${kind}/answers`]);
          if (i === 99) {
            await stranger.request('SEND', { destination: replyTo }, 'whoever knows the address may answer');
            await asker.expectFrame('MESSAGE');
            // Its end takes the temporary along; an answer that comes too late is dropped, and harms nobody.
            asker.finish();
            await service.request('SEND', { destination: replyTo }, 'too late');
          }
        }
      });
    }
  }
});
