import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DestinationPolicy } from './broker/policies.ts';
import { publishFromServer } from './broker/server-publish.ts';
import type { Engine } from './broker/engine.ts';
import { MemoryEngine } from './engines/memory/memory-engine.ts';
import { scene, send, subscribe } from './testing/session-scene.ts';

const schema = { type: 'object', required: ['id'], properties: { id: { type: 'integer' } } };
const POLICIES: readonly DestinationPolicy[] = [
  { destination: '/queue/orders', schema },
  { destination: '/topic/orders.#', schema, onViolation: 'dead-letter', deadLetter: 'bad.{queue}' },
  { destination: '/queue/loose.#', schema, onViolation: 'dead-letter' },
];

async function bodies(engine: Engine, queue: string): Promise<string[]> {
  return (await engine.browse(queue, 0, 100)).map(({ body }) => body.toString());
}

describe('a destination with a schema', () => {
  test('takes what it describes, in every spelling, whatever its content-type', async (context) => {
    const { engine, client, rest } = await scene(context, new MemoryEngine(), { policies: POLICIES });
    client().say(send('/queue/orders', '{"id":1}'), send('queue://orders', '{"id":2}', 'content-type:text/plain\n'));
    await rest();
    assert.deepEqual(await bodies(engine, 'orders'), ['{"id":1}', '{"id":2}']);
  });

  test('refuses what violates it, with the place and what was expected', async (context) => {
    const { broker, engine, client, rest } = await scene(context, new MemoryEngine(), { policies: POLICIES });
    for (const [body, words] of [['{"id":"x"}', /^'jms\.queue\.orders' takes .*: at \/id: must be integer$/], ['no', /: expected JSON: /]] as const) {
      const sender = client();
      sender.say(send('jms.queue.orders', body, 'receipt:r\n'));
      await rest();
      assert.equal(sender.header('ERROR', 'message'), 'Schema violated');
      assert.equal(sender.header('ERROR', 'code'), 'schema');
      assert.equal(sender.header('ERROR', 'receipt-id'), 'r');
      const published = await publishFromServer(broker.context, 'jms.queue.orders', Buffer.from(body), []);
      assert.ok(!published.ok);
      assert.match(published.error.detail, words);
    }
    assert.deepEqual(await engine.queues(), []);
  });

  test('refuses the whole of a composite, and in a transaction the frame', async (context) => {
    const { engine, client, rest } = await scene(context, new MemoryEngine(), { policies: POLICIES });
    const [one, other] = [client(), client()];
    one.say(send('/queue/free,/queue/orders', '{}'));
    other.say('BEGIN\ntransaction:t\n\n', send('/queue/free', 'x', 'transaction:t\n'), send('/queue/orders', '{}', 'transaction:t\n'));
    await rest();
    for (const client of [one, other]) assert.equal(client.header('ERROR', 'code'), 'schema');
    assert.deepEqual(await engine.queues(), []);
  });

  test('gives what violates it to the dead letters, if its policy says so, with the reason', async (context) => {
    const { engine, client, rest } = await scene(context, new MemoryEngine(), { policies: POLICIES });
    const [reader, sender] = [client(), client()];
    reader.say(subscribe('s', '/topic/orders.new', 'auto'));
    await rest();
    sender.say(send('/topic/orders.new,/queue/free', '{}', 'receipt:r\n'), send('/topic/orders.new', '{"id":1}'));
    await rest();
    assert.equal(sender.count('RECEIPT'), 1);
    assert.equal(reader.count('MESSAGE'), 1);
    assert.deepEqual(await bodies(engine, 'free'), ['{}']);
    const [letter] = await engine.browse('bad.orders.new', 0, 9);
    assert.equal(letter?.destination, '/queue/bad.orders.new');
    const header = (name: string) => letter?.headers[letter.headers.indexOf(name) + 1];
    assert.equal(header('original-destination'), '/topic/orders.new');
    assert.equal(header('x-first-death-reason'), 'schema');
    assert.equal(header('dlqDeliveryFailureCause'), "schema: at /: must have required property 'id'");
  });

  test('keeps the octets of a dead letter of its own, whatever becomes of the chunk it came in', async (context) => {
    const { engine, client, rest } = await scene(context, new MemoryEngine(), { policies: POLICIES });
    const sender = client();
    const chunk = Buffer.from(`${send('/topic/orders', '{"x":1}')}\0`);
    sender.listener?.receive(chunk);
    chunk.fill('x');
    await rest();
    assert.deepEqual(await bodies(engine, 'bad.orders'), ['{"x":1}']);
  });

  test('refuses what was sent to the dead letters themselves, and holds the application to it', async (context) => {
    const policies: DestinationPolicy[] = [{ destination: '/queue/#', schema, onViolation: 'dead-letter' }];
    const { broker, engine, client, rest } = await scene(context, new MemoryEngine(), { policies });
    const sender = client();
    sender.say(send('/queue/DLQ.a', '{}'));
    await rest();
    assert.equal(sender.header('ERROR', 'code'), 'schema');
    assert.ok((await publishFromServer(broker.context, '/queue/a', Buffer.from('{}'), [])).ok);
    assert.deepEqual(await bodies(engine, 'DLQ.a'), ['{}']);
  });
});
