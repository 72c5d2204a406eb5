import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import type { Engine } from './broker/engine.ts';
import type { DestinationPolicy } from './broker/policies.ts';
import { MemoryEngine } from './engines/memory/memory-engine.ts';
import { scene, send, subscribe, type Client } from './testing/session-scene.ts';

/** `ack` values of the MESSAGEs a client got, in order. */
const acks = (client: Client): string[] => client.said.flatMap((frame) => /^MESSAGE\n[^]*?\nack:(.*)\n/.exec(frame)?.[1] ?? []);

/** A consumer of `/queue/work` that holds messages, in the ack mode given. */
async function holding(context: TestContext, policies: readonly DestinationPolicy[], bodies: readonly string[], ack?: string) {
  const made = await scene(context, new MemoryEngine(), { policies });
  made.client().say(...bodies.map((body) => send('/queue/work', body)));
  const consumer = made.client();
  consumer.say(subscribe('s', '/queue/work', ack));
  await made.rest();
  assert.equal(acks(consumer).length, bodies.length);
  return { ...made, consumer };
}

async function content(engine: Engine, queue: string): Promise<[body: string, cause: string | undefined][]> {
  const messages = await engine.browse(queue, 0, 100);
  return messages.map(({ body, headers }) => {
    const at = headers.indexOf('dlqDeliveryFailureCause');
    return [body.toString(), at === -1 ? undefined : headers[at + 1]];
  });
}

const nack = (id: string | undefined, more = '') => `NACK\nid:${id}\n${more}\n`;

describe('a message that fails', () => {
  test('is given up after as many attempts as the policy of its queue allows', async (context) => {
    const { engine, consumer, rest } = await holding(context, [{ destination: '/queue/work', redelivery: { maxAttempts: 2 }, deadLetter: 'graveyard' }], ['a']);
    consumer.say(nack(acks(consumer)[0]));
    await rest();
    assert.equal(acks(consumer).length, 2);
    consumer.say(nack(acks(consumer)[1], 'reason:no stock\n'));
    await rest();
    assert.equal(acks(consumer).length, 2);
    assert.deepEqual(await content(engine, 'graveyard'), [['a', 'delivery_limit after 2 deliveries: no stock']]);
  });

  test('is dead-lettered, dropped or returned by one NACK, as its policy says', async (context) => {
    for (const [way, letters, redelivered] of [['dead-letter', 1, 0], ['discard', 0, 0], ['requeue', 0, 1]] as const) {
      const { engine, consumer, rest } = await holding(context, [{ destination: '/queue/#', nack: way }], ['a']);
      consumer.say(nack(acks(consumer)[0]));
      await rest();
      assert.equal((await content(engine, 'DLQ.work')).length, letters, way);
      assert.equal(acks(consumer).length - 1, redelivered, way);
    }
  });

  test('is dropped where there are no dead letters', async (context) => {
    const { engine, consumer, rest } = await holding(context, [{ destination: '/queue/work', deadLetter: 'none' }], ['a']);
    consumer.say(nack(acks(consumer)[0], 'requeue:false\nreceipt:r\n'));
    await rest();
    assert.equal(consumer.count('RECEIPT'), 1);
    assert.ok((await engine.queues()).every(({ ready, inFlight }) => ready + inFlight === 0));
  });

  test('is given up with all before it by a cumulative NACK, each with the reason', async (context) => {
    const { engine, consumer, rest } = await holding(context, [], ['a', 'b', 'c'], 'client');
    consumer.say(nack(acks(consumer)[1], 'dead-letter:true\nreason:bad batch\n'));
    await rest();
    const cause = 'rejected after 1 delivery: bad batch';
    assert.deepEqual(await content(engine, 'DLQ.work'), [['a', cause], ['b', cause]]);
    const [letter] = await engine.browse('DLQ.work', 0, 1);
    assert.equal(letter?.headers[letter.headers.indexOf('x-first-death-reason') + 1], 'rejected');
  });

  test('is given up within a transaction when that commits', async (context) => {
    const { engine, consumer, rest } = await holding(context, [], ['a']);
    consumer.say('BEGIN\ntransaction:t\n\n', nack(acks(consumer)[0], 'transaction:t\ndead-letter:true\n'));
    await rest();
    assert.deepEqual(await content(engine, 'DLQ.work'), []);
    consumer.say('COMMIT\ntransaction:t\n\n');
    await rest();
    assert.equal((await content(engine, 'DLQ.work')).length, 1);
  });

  test('is never given up in a dead-letter queue, whatever a NACK or a policy says', async (context) => {
    const { engine, client, rest } = await scene(context, new MemoryEngine(), { policies: [{ destination: '/queue/#', nack: 'discard', redelivery: { maxAttempts: 1 } }] });
    const consumer = client();
    consumer.say(send('/queue/DLQ.work', 'a'), subscribe('s', '/queue/DLQ.work'));
    await rest();
    for (const more of ['', 'requeue:false\n', 'dead-letter:true\n']) {
      consumer.say(nack(acks(consumer).at(-1), more));
      await rest();
    }
    assert.equal(acks(consumer).length, 4);
    assert.deepEqual((await engine.queues()).map(({ name }) => name), ['DLQ.work']);
  });

  test('stays when the NACK is refused for a word that is no boolean', async (context) => {
    const { engine, consumer, rest } = await holding(context, [], ['a']);
    consumer.say(nack(acks(consumer)[0], 'requeue:perhaps\nreceipt:r\n'));
    await rest();
    assert.equal(consumer.header('ERROR', 'code'), 'bad-header');
    assert.equal(consumer.header('ERROR', 'receipt-id'), 'r');
    assert.equal((await content(engine, 'work')).length, 1);
  });
});
