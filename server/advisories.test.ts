import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { createBuiltInAuthorizer } from './broker/built-in-access.ts';
import type { BrokerOptions } from './broker/broker.ts';
import { publishFromServer } from './broker/server-publish.ts';
import { MemoryEngine } from './engines/memory/memory-engine.ts';
import { scene, send, subscribe, type Client, type Scene } from './testing/session-scene.ts';

interface Advisory {
  readonly topic: string;
  readonly body: Record<string, unknown>;
  header(name: string): string | undefined;
}

/** What a subscriber of advisories was told, in order. */
function told(engine: RecordingEngine, pattern: RegExp): Advisory[] {
  return engine.advisories.filter(({ topic }) => pattern.test(topic));
}

/** Remembers what was published on the broker's own topics. */
class RecordingEngine extends MemoryEngine {
  readonly advisories: Advisory[] = [];

  override async apply(...[group]: Parameters<MemoryEngine['apply']>): ReturnType<MemoryEngine['apply']> {
    const outcome = await super.apply(group);
    for (const operation of group.operations) {
      if (!outcome.ok || operation.kind !== 'publish' || !operation.topic.startsWith('ActiveMQ.Advisory.')) continue;
      const { headers, body } = operation.message;
      this.advisories.push({
        topic: operation.topic.slice('ActiveMQ.Advisory.'.length),
        body: JSON.parse(body.toString()) as Record<string, unknown>,
        header: (name) => headers.find((_, i) => i % 2 === 1 && headers[i - 1] === name),
      });
    }
    return outcome;
  }
}

async function telling(context: TestContext, options: Partial<BrokerOptions> = {}, engine = new RecordingEngine()): Promise<Scene & { engine: RecordingEngine }> {
  return { ...(await scene(context, engine, { advisories: true, ...options })), engine };
}

const destinations = (client: Client): string[] => client.said.flatMap((frame) => /^MESSAGE\n[^]*?\ndestination:(.*)\n/.exec(frame)?.[1] ?? []);

describe('advisories', () => {
  test('tell logins and their ends, by ActiveMQ’s name and by the short one', async (context) => {
    const { broker, engine, client, rest } = await telling(context);
    const [classic, short] = [client(), client()];
    classic.say(subscribe('s', '/topic/ActiveMQ.Advisory.Connection', 'auto'));
    short.say(subscribe('s', '/advisory/>', 'auto'));
    await rest();
    const visitor = client();
    await rest();
    visitor.say('DISCONNECT\n\n');
    await rest();
    for (const reader of [classic, short]) assert.deepEqual(destinations(reader), Array.from({ length: 2 }, () => '/topic/ActiveMQ.Advisory.Connection'));
    const [started, ended] = told(engine, /^Connection$/).slice(-2);
    assert.deepEqual([started?.body['event'], ended?.body['event'], ended?.body['reason']], ['started', 'ended', 'disconnect']);
    assert.equal(started?.body['connection'], ended?.body['connection']);
    assert.equal(started?.body['user'], 'test');
    assert.equal(started?.header('originBrokerId'), broker.nodeId);
    assert.equal(started?.header('type'), 'Advisory');
  });

  test('tell consumers with their number, but not those of advisories, temporaries and exchanges', async (context) => {
    const { engine, client, rest } = await telling(context);
    const [one, other] = [client(), client()];
    one.say(subscribe('a', '/queue/q,/topic/t.*'), subscribe('b', '/advisory/#', 'auto'), subscribe('c', '/temp-queue/x', 'auto'), subscribe('d', '/exchange/amq.fanout', 'auto'));
    other.say(subscribe('a', '/queue/q'));
    await rest();
    one.say('UNSUBSCRIBE\nid:a\n\n');
    other.listener?.disconnected();
    await rest();
    const brief = told(engine, /^Consumer\./).map(({ topic, body, header }) => [topic, body['event'], header('consumerCount')]);
    assert.deepEqual(brief.filter(([topic]) => topic === 'Consumer.Queue.q'), [
      ['Consumer.Queue.q', 'started', '1'],
      ['Consumer.Queue.q', 'started', '2'],
      ['Consumer.Queue.q', 'ended', '1'],
      ['Consumer.Queue.q', 'ended', '0'],
    ]);
    assert.deepEqual(brief.filter(([topic]) => topic !== 'Consumer.Queue.q'), [
      ['Consumer.Topic.t.*', 'started', '1'],
      ['Consumer.Topic.t.*', 'ended', '0'],
    ]);
  });

  test('tell dead letters if and only if they happen', async (context) => {
    const policies = [{ destination: '/topic/checked', schema: false, onViolation: 'dead-letter' as const }];
    const { engine, client, rest } = await telling(context, { policies });
    const consumer = client();
    consumer.say(send('/queue/q', 'a'), subscribe('s', '/queue/q'));
    await rest();
    consumer.say('BEGIN\ntransaction:t\n\n', `NACK\nid:${consumer.header('MESSAGE', 'ack')}\nrequeue:false\nreason:torn\ntransaction:t\n\n`);
    await rest();
    assert.equal(told(engine, /^MessageDLQd/).length, 0);
    consumer.say('COMMIT\ntransaction:t\n\n', send('/topic/checked', '{}'));
    await rest();
    const [nacked, violating] = told(engine, /^MessageDLQd/);
    assert.equal(nacked?.topic, 'MessageDLQd.Queue.q');
    assert.equal(nacked.header('orignalMessageId'), consumer.header('MESSAGE', 'message-id'));
    assert.deepEqual([nacked.body['deadLetterQueue'], nacked.body['reason'], nacked.body['cause']], ['DLQ.q', 'rejected', 'rejected after 1 delivery: torn']);
    assert.equal(violating?.topic, 'MessageDLQd.Topic.checked');
    assert.equal(violating.body['reason'], 'schema');
  });

  test('tell a full store once, however many SENDs it refuses', async (context) => {
    const { engine, client, rest } = await telling(context, {}, new RecordingEngine({ memoryLimitBytes: 100 }));
    for (let i = 0; i < 3; i++) client().say(send('/queue/q', 'x'.repeat(200)));
    await rest();
    const full = told(engine, /^FULL/);
    assert.deepEqual(full.map(({ topic, header }) => [topic, header('usageName')]), [['FULL.Queue.q', 'memory']]);
  });

  test('tell the topics of a slow consumer', async (context) => {
    const { engine, broker, client, rest } = await telling(context, { limits: { maxLiveAgeMs: 5 } });
    const slow = client();
    slow.say(subscribe('a', '/topic/t', 'auto'), subscribe('b', '/topic/t,/topic/u', 'auto'));
    await rest();
    Object.defineProperty(slow, 'oldestLiveAgeMs', { value: 10_000 });
    const cut = () => told(engine, /^SlowConsumer/);
    for (let i = 0; i < 200 && cut().length < 2; i++) await new Promise((resume) => setTimeout(resume, 20));
    assert.deepEqual(cut().map(({ topic }) => topic), ['SlowConsumer.Topic.t', 'SlowConsumer.Topic.u']);
    assert.equal(broker.stats().counters.slowConsumers, 1);
  });

  test('are not reached by wildcards of the other topics', async (context) => {
    const { engine, client, rest } = await telling(context);
    const spy = client();
    for (const [i, pattern] of ['#', '*.*.Connection', 'ActiveMQ.#', 'ActiveMQ.*.#'].entries()) spy.say(subscribe(String(i), `/topic/${pattern}`, 'auto'));
    await rest();
    client();
    await rest();
    assert.ok(told(engine, /^Connection$/).length > 0);
    assert.equal(spy.count('MESSAGE'), 0);
  });

  test('cannot be sent to, by no spelling, not even by the application', async (context) => {
    const { broker, engine, client, rest } = await telling(context);
    for (const destination of ['/topic/ActiveMQ.Advisory.Connection', '/advisory/Connection', '/exchange/amq.topic/ActiveMQ.Advisory.x', '/queue/q,/advisory/x']) {
      const forger = client();
      forger.say(send(destination));
      await rest();
      assert.equal(forger.header('ERROR', 'code'), 'access-refused', destination);
    }
    const published = await publishFromServer(broker.context, '/advisory/Connection', Buffer.from('x'), []);
    assert.ok(!published.ok && published.error.code === 'access-refused');
    assert.equal((await engine.queues()).length, 0);
  });

  test('are for those who may: asked by the short form, and built in by name', async (context) => {
    const authorizer = createBuiltInAuthorizer(true, ['test']);
    assert.equal(authorizer.authorize({ user: 'other' }, 'subscribe', '/advisory/#'), false);
    assert.equal(authorizer.authorize({ user: 'guest' }, 'subscribe', '/advisory/#'), false);
    assert.equal(authorizer.authorize({ user: 'test' }, 'subscribe', '/advisory/#'), true);
    assert.equal(authorizer.authorize({ user: 'other' }, 'send', '/topic/a'), true);
    assert.equal(createBuiltInAuthorizer(false, []).authorize({ user: 'guest' }, 'subscribe', '/advisory/#'), true);
    const { client, rest } = await telling(context, { authorizer: createBuiltInAuthorizer(true, []) });
    const stranger = client();
    stranger.say(subscribe('s', '/topic/ActiveMQ.Advisory.>', 'auto'));
    await rest();
    assert.equal(stranger.header('ERROR', 'code'), 'access-refused');
  });

  test('are off unless they are asked for, and then say so', async (context) => {
    const engine = new RecordingEngine();
    const { client, rest } = await scene(context, engine);
    const reader = client();
    reader.say(subscribe('s', '/advisory/Connection', 'auto'));
    await rest();
    assert.equal(reader.header('ERROR', 'code'), 'advisories-off');
    assert.deepEqual(engine.advisories, []);
  });
});
