import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Client, scene, send, type Scene } from './testing/session-scene.ts';

const subscribe = (id: string, destination: string, headers = '', ack = 'client-individual') => `SUBSCRIBE\nid:${id}\ndestination:${destination}\nack:${ack}\n${headers}\n`;
const unsubscribe = (headers: string) => `UNSUBSCRIBE\n${headers}\n`;
const DISCONNECT = 'DISCONNECT\nreceipt:bye\n\n';

function connect({ broker }: Scene, clientId?: string): Client {
  const client = new Client();
  client.listener = broker.accept(client);
  client.say(`CONNECT\naccept-version:1.2\n${clientId === undefined ? '' : `client-id:${clientId}\n`}\n`);
  return client;
}

/** Bodies of what came, in order. */
const heard = (client: Client): string[] =>
  client.said.filter((frame) => frame.startsWith('MESSAGE')).map((frame) => (frame.split('\n\n')[1] ?? '').replace('\0', ''));

const ackAll = (client: Client): void => {
  for (const frame of client.said.filter((each) => each.startsWith('MESSAGE'))) client.say(`ACK\nid:${/\nack:(.*)\n/.exec(frame)?.[1] ?? ''}\n\n`);
};

/** What each family writes, and the same once more by somebody else who shares it or is refused. */
const FORMS = [
  { family: 'ActiveMQ', headers: 'activemq.subscriptionName:sub\n', isShared: false },
  { family: 'Artemis', headers: 'durable-subscription-name:sub\n', isShared: false },
  { family: 'Artemis, the other name', headers: 'durable-subscriber-name:sub\n', isShared: false },
  { family: 'RabbitMQ', headers: 'durable:true\nauto-delete:false\n', isShared: true },
  { family: 'RabbitMQ, the old name', headers: 'persistent:true\n', isShared: true },
  { family: 'a group', headers: 'x-group:sub\n', isShared: true },
  { family: 'a named queue', headers: 'x-queue-name:sub\n', isShared: true },
] as const;

for (const { family, headers, isShared } of FORMS) {
  describe(`a durable subscription as ${family} writes it`, () => {
    test('keeps what is published while its client is away, acknowledged or not', async (context) => {
      const stage = await scene(context);
      const { client, rest } = stage;
      const first = connect(stage, 'page');
      first.say(subscribe('s', '/topic/news.*', `${headers}receipt:r\n`));
      await rest();
      assert.equal(first.count('RECEIPT'), 1);
      first.say(DISCONNECT);
      await rest();
      client().say(send('/topic/news.eu', 'm1'), send('/topic/news.us', 'm2'), send('/topic/other', 'no'));
      await rest();
      const second = connect(stage, 'page');
      second.say(subscribe('s', '/topic/news.*', headers));
      await rest();
      assert.deepEqual(heard(second), ['m1', 'm2']);
      second.listener?.disconnected();
      await rest();
      const third = connect(stage, 'page');
      third.say(subscribe('s', '/topic/news.*', headers));
      await rest();
      assert.deepEqual(heard(third), ['m1', 'm2']);
      assert.equal(third.header('MESSAGE', 'redelivered'), 'true');
      ackAll(third);
      await rest();
      assert.deepEqual(await stage.engine.queues(), []);
    });

    test(isShared ? 'is shared by those who ask for it' : 'is refused to a second one as long as the first lives', async (context) => {
      const stage = await scene(context);
      const [first, second] = [connect(stage, 'page'), connect(stage, 'page')];
      first.say(subscribe('s', '/topic/news', `prefetch-count:1\n${headers}`));
      await stage.rest();
      second.say(subscribe('s', '/topic/news', `prefetch-count:1\n${headers}receipt:r\n`));
      await stage.rest();
      if (isShared) {
        stage.client().say(send('/topic/news', 'm1'), send('/topic/news', 'm2'));
        await stage.rest();
        assert.deepEqual([...heard(first), ...heard(second)].toSorted(), ['m1', 'm2']);
        assert.equal(heard(first).length, 1);
      } else {
        assert.equal(second.header('ERROR', 'message'), 'Durable consumer is in use for client\\c page and subscriptionName\\c sub');
        assert.equal(second.header('ERROR', 'code'), 'durable-in-use');
        assert.equal(first.count('ERROR'), 0);
      }
    });

    test('stays after a plain UNSUBSCRIBE, and ends where that says so', async (context) => {
      const stage = await scene(context);
      const reader = connect(stage, 'page');
      reader.say(subscribe('s', '/topic/news', headers), unsubscribe('id:s\nreceipt:u\n'));
      await stage.rest();
      assert.equal((await stage.engine.subscriptions()).length, 1);
      const isByName = headers.includes('name:sub') && headers.includes('ubscri');
      reader.say(subscribe('s', '/topic/news', headers), unsubscribe(`id:s\n${isByName ? headers : 'durable:true\n'}receipt:e\n`));
      await stage.rest();
      assert.deepEqual(await stage.engine.subscriptions(), []);
      assert.equal(reader.count('RECEIPT'), 2);
      assert.equal(reader.count('ERROR'), 0);
    });
  });
}

describe('the identity of a durable subscription', () => {
  test('is the client’s name and its own where they are given, whatever the topic and the id', async (context) => {
    const stage = await scene(context);
    for (const [clientId, name, id] of [['a', 'x', '1'], ['a', 'y', '2'], ['b', 'x', '3'], [undefined, 'x', '4']] as const) {
      connect(stage, clientId).say(subscribe(id, '/topic/news', `activemq.subscriptionName:${name}\n`));
    }
    await stage.rest();
    assert.equal((await stage.engine.subscriptions()).length, 4);
  });

  test('is user, id and topic in RabbitMQ’s form', async (context) => {
    const stage = await scene(context);
    for (const [id, topic] of [['1', 'a'], ['1', 'a'], ['2', 'a'], ['1', 'b']] as const) connect(stage).say(subscribe(id, `/topic/${topic}`, 'durable:true\n'));
    await stage.rest();
    assert.equal((await stage.engine.subscriptions()).length, 3);
  });

  test('is the same for Artemis’ `topic::name`, a group and a named queue', async (context) => {
    const stage = await scene(context);
    for (const [destination, headers] of [['/topic/a::g', ''], ['/topic/a', 'x-group:g\n'], ['topic://a', 'x-queue-name:g\n']] as const) connect(stage).say(subscribe('1', destination, headers));
    await stage.rest();
    const [only, ...more] = await stage.engine.subscriptions();
    assert.deepEqual([only?.pattern, only?.holderCount, more], ['a', 3, []]);
  });
});

describe('a durable subscription', () => {
  test('begins anew with another selector or topic, while nobody has it', async (context) => {
    const stage = await scene(context);
    const visit = async (destination: string, headers: string): Promise<string[]> => {
      const reader = connect(stage, 'page');
      reader.say(subscribe('s', destination, `activemq.subscriptionName:sub\n${headers}`));
      await stage.rest();
      reader.say(DISCONNECT);
      await stage.rest();
      return heard(reader);
    };
    await visit('/topic/a', 'selector:size > 2\n');
    stage.client().say(send('/topic/a', 'small', 'size:1\n'), send('/topic/a', 'large', 'size:3\n'));
    await stage.rest();
    assert.deepEqual(await visit('/topic/a', 'selector:size > 2\n'), ['large']);
    assert.deepEqual(await visit('/topic/a', 'selector:size > 1\n'), []);
    assert.deepEqual(await visit('/topic/b', ''), []);
  });

  test('keeps back what its own client sent by any of its connections', async (context) => {
    const stage = await scene(context);
    const [reader, tab, other] = [connect(stage, 'page'), connect(stage, 'page'), connect(stage, 'else')];
    reader.say(subscribe('s', '/topic/a', 'activemq.subscriptionName:sub\nactivemq.noLocal:true\n'));
    await stage.rest();
    for (const [client, body] of [[reader, 'own'], [tab, 'tab'], [other, 'other']] as const) client.say(send('/topic/a', body));
    await stage.rest();
    assert.deepEqual(heard(reader), ['other']);
  });

  test('says by `x-gap` how many it could not keep', async (context) => {
    const stage = await scene(context, undefined, { policies: [{ destination: '/topic/a', durable: { maxMessages: 2 } }] });
    const first = connect(stage, 'page');
    first.say(subscribe('s', '/topic/a', 'activemq.subscriptionName:sub\n'), DISCONNECT);
    await stage.rest();
    stage.client().say(...['1', '2', '3', '4', '5'].map((body) => send('/topic/a', body)));
    await stage.rest();
    const second = connect(stage, 'page');
    second.say(subscribe('s', '/topic/a', 'activemq.subscriptionName:sub\n'));
    await stage.rest();
    assert.deepEqual(heard(second), ['4', '5']);
    assert.equal(second.header('MESSAGE', 'x-gap'), '3');
  });

  test('that is to go with its last holder goes', async (context) => {
    const stage = await scene(context);
    const reader = connect(stage);
    reader.say(subscribe('s', '/topic/a', 'x-group:g\nauto-delete:true\n'));
    await stage.rest();
    assert.equal((await stage.engine.subscriptions()).length, 1);
    reader.say(DISCONNECT);
    const deadline = Date.now() + 10_000;
    while ((await stage.engine.subscriptions()).length > 0) {
      assert.ok(Date.now() < deadline);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });

  test('ends by its name from a connection that has not subscribed, and not under somebody who has', async (context) => {
    const stage = await scene(context);
    const [reader, janitor] = [connect(stage, 'page'), connect(stage, 'page')];
    const name = 'activemq.subscriptionName:sub\n';
    reader.say(subscribe('s', '/topic/a', name));
    await stage.rest();
    janitor.say(unsubscribe(`id:x\n${name}`));
    await stage.rest();
    assert.equal(janitor.header('ERROR', 'code'), 'durable-in-use');
    reader.say(DISCONNECT);
    await stage.rest();
    const second = connect(stage, 'page');
    second.say(unsubscribe(`id:x\n${name}receipt:r\n`));
    await stage.rest();
    assert.equal(second.count('RECEIPT'), 1);
    assert.deepEqual(await stage.engine.subscriptions(), []);
  });

  for (const [why, destination, headers, code] of [
    ['of a queue', '/queue/a', 'activemq.subscriptionName:s\n', 'not-durable'],
    ['of several topics', '/topic/a,/topic/b', 'durable-subscription-name:s\n', 'not-durable'],
    ['without a name', '/topic/a', 'activemq.subscriptionName:\n', 'bad-header'],
    ['that several share, without their own messages', '/topic/a', 'x-group:g\nno-local:true\n', 'bad-header'],
  ] as const) {
    test(`${why} is an ERROR`, async (context) => {
      const stage = await scene(context);
      const reader = connect(stage, 'page');
      reader.say(subscribe('s', destination, `${headers}receipt:r\n`));
      await stage.rest();
      assert.equal(reader.header('ERROR', 'code'), code);
    });
  }

  test('is taken over where its holder’s socket shows no life for two seconds', async (context) => {
    const stage = await scene(context);
    const [dead, next] = [connect(stage, 'page'), connect(stage, 'page')];
    Object.assign(dead, { transport: 'websocket' });
    dead.say(subscribe('s', '/topic/a', 'activemq.subscriptionName:sub\n'));
    await stage.rest();
    stage.client().say(send('/topic/a', 'm1'));
    await stage.rest();
    assert.deepEqual(heard(dead), ['m1']);
    next.say(subscribe('s', '/topic/a', 'activemq.subscriptionName:sub\n'));
    const deadline = Date.now() + 10_000;
    while (heard(next).length === 0) {
      assert.ok(Date.now() < deadline, next.said.join());
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal(dead.header('ERROR', 'code'), 'durable-taken-over');
    assert.deepEqual(heard(next), ['m1']);
    assert.equal(next.header('MESSAGE', 'redelivered'), 'true');
  });
});

describe('a virtual topic', () => {
  test('gives each group a queue of its own, which can be sent to as well', async (context) => {
    const stage = await scene(context);
    const queue = (group: string) => `/queue/Consumer.${group}.VirtualTopic.orders`;
    const [a1, a2, b] = [connect(stage), connect(stage), connect(stage)];
    a1.say(subscribe('1', queue('A'), 'prefetch-count:1\n'));
    a2.say(subscribe('1', queue('A'), 'prefetch-count:1\n'));
    b.say(subscribe('1', queue('B')), DISCONNECT);
    await stage.rest();
    stage.client().say(send('/topic/VirtualTopic.orders', 'm1'), send('/topic/VirtualTopic.orders', 'm2'), send(queue('B'), 'direct'));
    await stage.rest();
    assert.deepEqual([...heard(a1), ...heard(a2)].toSorted(), ['m1', 'm2']);
    const again = connect(stage);
    again.say(subscribe('1', queue('B')));
    await stage.rest();
    assert.deepEqual(heard(again).toSorted(), ['direct', 'm1', 'm2']);
  });
});
