import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { publishFromServer } from './broker/server-publish.ts';
import { MemoryEngine } from './engines/memory/memory-engine.ts';
import { scene, send, subscribe, type Client } from './testing/session-scene.ts';

/** `destination` of each MESSAGE, in order. */
const destinations = (client: Client): string[] => client.said.flatMap((frame) => /^MESSAGE\n[^]*?\ndestination:(.*)\n/.exec(frame)?.[1] ?? []);

describe('destinations of RabbitMQ', () => {
  test('amq.topic is the topics, wildcards included, and MESSAGE says what was sent to', async (context) => {
    const { client, rest } = await scene(context);
    const [rabbit, plain, sender] = [client(), client(), client()];
    rabbit.say(subscribe('s', '/exchange/amq.topic/news.*', 'auto'));
    plain.say(subscribe('s', '/topic/news.#', 'auto'));
    await rest();
    sender.say(send('/topic/news.a'), send('/exchange/amq.topic/news.b'));
    await rest();
    for (const reader of [rabbit, plain]) assert.deepEqual(destinations(reader), ['/topic/news.a', '/exchange/amq.topic/news.b']);
  });

  test('amq.direct goes by the whole key, and no wildcard of the topics reaches it', async (context) => {
    const { client, rest } = await scene(context);
    const [reader, starred, spy, sender] = [client(), client(), client(), client()];
    reader.say(subscribe('s', '/exchange/amq.direct/a.b', 'auto'));
    starred.say(subscribe('s', '/exchange/amq.direct/a.*', 'auto'), subscribe('t', '/exchange/amq.direct/#', 'auto'));
    spy.say(subscribe('s', '/topic/#', 'auto'), subscribe('t', '/topic/a.b', 'auto'));
    await rest();
    sender.say(send('/exchange/amq.direct/a.b'), send('/exchange/amq.direct/a.*'), send('/exchange/amq.direct/a'));
    await rest();
    assert.deepEqual(destinations(reader), ['/exchange/amq.direct/a.b']);
    assert.deepEqual(destinations(starred), ['/exchange/amq.direct/a.*']);
    assert.deepEqual(destinations(spy), []);
  });

  test('amq.fanout reaches all who subscribed to it, whatever the key', async (context) => {
    const { client, rest } = await scene(context);
    const [bare, keyed, spy, sender] = [client(), client(), client(), client()];
    bare.say(subscribe('s', '/exchange/amq.fanout', 'auto'));
    keyed.say(subscribe('s', '/exchange/amq.fanout/a', 'auto'));
    spy.say(subscribe('s', '/topic/#', 'auto'));
    await rest();
    sender.say(send('/exchange/amq.fanout'), send('/exchange/amq.fanout/b'));
    await rest();
    for (const reader of [bare, keyed]) assert.deepEqual(destinations(reader), ['/exchange/amq.fanout', '/exchange/amq.fanout/b']);
    assert.deepEqual(destinations(spy), []);
  });

  test('rights are asked by the canonical form', async (context) => {
    const asked: string[] = [];
    const authorizer = { authorize: (_who: unknown, action: string, destination: string) => asked.push(`${action} ${destination}`) > 0 };
    const { client, rest } = await scene(context, new MemoryEngine(), { authorizer });
    const one = client();
    one.say(send('/exchange/amq.topic/a'), send('/exchange/amq.direct/a%2Fb'), send('/exchange/amq.fanout/key'), send('/queue/q'), send('/amq/queue/q'));
    await rest();
    assert.deepEqual(asked, ['send /topic/a', 'send /exchange/amq.direct/a/b', 'send /exchange/amq.fanout', 'send /queue/q', 'send /queue/q']);
  });

  test('an exchange that is not here is not found', async (context) => {
    const { client, rest } = await scene(context);
    for (const frame of [send('/exchange/mine/a'), subscribe('s', '/exchange/mine/a')]) {
      const one = client();
      one.say(frame);
      await rest();
      assert.equal(one.header('ERROR', 'message'), 'not_found');
      assert.equal(one.header('ERROR', 'code'), 'no-such-exchange');
    }
  });
});

describe('/amq/queue/', () => {
  test('is not found as long as nobody knows the queue', async (context) => {
    const { broker, engine, client, rest } = await scene(context);
    for (const frame of [send('/amq/queue/q', 'x', 'receipt:r\n'), subscribe('s', '/amq/queue/q')]) {
      const one = client();
      one.say(frame);
      await rest();
      assert.equal(one.header('ERROR', 'message'), 'not_found');
      assert.equal(one.header('ERROR', 'code'), 'no-such-queue');
    }
    assert.deepEqual(await engine.queues(), []);
    const published = await publishFromServer(broker.context, '/amq/queue/q', Buffer.from('x'), []);
    assert.ok(!published.ok && published.error.code === 'no-such-queue');
  });

  test('is the queue that has messages, a consumer, or a policy of its own', async (context) => {
    const policies = [{ destination: '/queue/declared' }, { destination: '/queue/pattern.#' }];
    const { engine, client, rest } = await scene(context, new MemoryEngine(), { policies });
    const [consumer, sender, stranger] = [client(), client(), client()];
    consumer.say(subscribe('s', '/queue/read', 'auto'));
    sender.say(send('/queue/full', '1'));
    await rest();
    sender.say(send('/amq/queue/full', '2'), send('/amq/queue/read', '3'), send('/amq/queue/declared', '4', 'receipt:r\n'));
    await rest();
    assert.equal(sender.count('RECEIPT'), 1);
    assert.deepEqual(destinations(consumer), ['/amq/queue/read']);
    assert.deepEqual((await engine.browse('full', 0, 9)).map(({ body }) => body.toString()), ['1', '2']);
    assert.equal((await engine.browse('declared', 0, 9)).length, 1);
    stranger.say(send('/amq/queue/pattern.a', '5'));
    await rest();
    assert.equal(stranger.header('ERROR', 'code'), 'no-such-queue');
  });

  test('tells nobody what there is who may not use it', async (context) => {
    const { client, rest } = await scene(context, new MemoryEngine(), { authorizer: { authorize: () => false } });
    const one = client();
    one.say(send('/amq/queue/q'));
    await rest();
    assert.equal(one.header('ERROR', 'code'), 'access-refused');
  });

  test('keeps the order of its session', async (context) => {
    const { engine, client, rest } = await scene(context, new MemoryEngine(), { policies: [{ destination: '/queue/q' }] });
    client().say(send('/queue/q', '1'), send('/amq/queue/q', '2'), send('/queue/q', '3'));
    await rest();
    assert.deepEqual((await engine.browse('q', 0, 9)).map(({ body }) => body.toString()), ['1', '2', '3']);
  });
});
