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

/** So many messages are at rest. */
async function untilResting(engine: Engine, count: number): Promise<void> {
  let resting = -1;
  const look = async (): Promise<void> => {
    resting = (await engine.queues()).reduce((sum, { ready }) => sum + ready, 0);
  };
  await until(`${count} at rest`, () => (void look(), resting === count));
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const start = performance.now(); !holds(); ) {
    assert.ok(performance.now() - start < 20_000, `waited for ${what}`);
    await new Promise((resume) => setTimeout(resume, 10));
  }
}

describe('a redelivery', () => {
  test('waits as long as the NACK says, and others go first', async (context) => {
    const { engine, consumer, rest } = await holding(context, [], ['a']);
    const startedAt = Date.now();
    consumer.say(nack(acks(consumer)[0], 'delay:300\nreceipt:r\n'), send('/queue/work', 'b'));
    await rest();
    assert.equal(consumer.count('RECEIPT'), 1);
    assert.equal(acks(consumer).length, 2);
    assert.equal((await engine.queues()).find(({ name }) => name === 'work')?.scheduled, 1);
    await until('the redelivery', () => acks(consumer).length === 3);
    assert.ok(Date.now() - startedAt >= 300);
  });

  test('waits by the policy, unless the NACK says otherwise', async (context) => {
    const policies = [{ destination: '/queue/work', redelivery: { delayMs: 60_000 } }];
    const { consumer, rest } = await holding(context, policies, ['a', 'b']);
    consumer.say(nack(acks(consumer)[0]), nack(acks(consumer)[1], 'delay:0\n'));
    await rest();
    assert.equal(acks(consumer).length, 3);
  });

  test('does not wait where the message is given up', async (context) => {
    const { engine, consumer, rest } = await holding(context, [], ['a']);
    consumer.say(nack(acks(consumer)[0], 'delay:60000\nrequeue:false\n'));
    await rest();
    assert.equal((await content(engine, 'DLQ.work')).length, 1);
  });

  test('ends with the delivery limit of the subscription, if that is lower', async (context) => {
    const { engine, client, rest } = await scene(context);
    const consumer = client();
    consumer.say(send('/queue/work', 'a'), subscribe('s', '/queue/work').replace('\nack:', '\nx-delivery-limit:2\nack:'));
    await rest();
    for (const count of [1, 2]) {
      assert.equal(acks(consumer).length, count);
      consumer.say(nack(acks(consumer).at(-1)));
      await rest();
    }
    assert.deepEqual((await content(engine, 'DLQ.work')).map(([body]) => body), ['a']);
  });
});

describe('an ack timeout', () => {
  const impatient = (queue: string, more: string, ack = 'client-individual') => subscribe('s', queue, ack).replace('\nack:', `\n${more}ack:`);

  test('gives the message to whoever takes it, and counts a recovery', async (context) => {
    const { client, rest } = await scene(context);
    const [stuck, other, sender] = [client(), client(), client()];
    stuck.say(impatient('/queue/work', 'x-ack-timeout:200\nprefetch-count:1\n'));
    await rest();
    sender.say(send('/queue/work', 'a'), send('/queue/work', 'b'));
    await rest();
    other.say(subscribe('o', '/queue/work'));
    await until('the message', () => other.count('MESSAGE') + stuck.count('MESSAGE') >= 3);
    const again = [...stuck.said, ...other.said].filter((frame) => frame.startsWith('MESSAGE') && frame.includes('\nredelivered:true\n'));
    assert.equal(again.length, 1);
    assert.match(again[0] ?? '', /\nJMSXDeliveryCount:2\n/);
  });

  test('comes from a policy, too, and is as short as the shorter', async (context) => {
    const policies = [{ destination: '/queue/work', ackTimeoutMs: 200 }];
    const { client, rest } = await scene(context, new MemoryEngine(), { policies });
    const stuck = client();
    stuck.say(send('/queue/work', 'a'), impatient('/queue/work', 'x-ack-timeout:60000\n'));
    await rest();
    await until('the redelivery', () => stuck.count('MESSAGE') >= 2);
  });

  test('lets an ACK that is late settle what is still at rest, and tells when it is not', async (context) => {
    const { broker, engine, client, rest } = await scene(context);
    const [stuck, other] = [client(), client()];
    stuck.say(send('/queue/work', 'a'), send('/queue/work', 'b'), impatient('/queue/work', 'x-ack-timeout:200\n', 'client'));
    await rest();
    const [first, second] = acks(stuck);
    // No more dispatch, so that what comes back stays at rest.
    broker.context.queues.stop();
    await untilResting(engine, 2);
    stuck.say(`ACK\nid:${second}\nreceipt:r\n\n`);
    await rest();
    // Cumulative: the one before it as well.
    assert.equal(stuck.count('RECEIPT'), 1);
    await untilResting(engine, 0);
    other.say(`ACK\nid:${first}\n\n`);
    stuck.say(`ACK\nid:${second}\n\n`);
    await rest();
    assert.equal(stuck.header('ERROR', 'code'), 'not-in-flight');
  });

  test('leaves alone what an open transaction will settle', async (context) => {
    const { engine, client, rest } = await scene(context);
    const consumer = client();
    consumer.say(send('/queue/work', 'a'), send('/queue/work', 'b'), impatient('/queue/work', 'x-ack-timeout:200\n'));
    await rest();
    consumer.say('BEGIN\ntransaction:1\n\n', `ACK\nid:${acks(consumer)[0]}\ntransaction:1\n\n`);
    await until('the other', () => acks(consumer).length === 3);
    consumer.say('COMMIT\ntransaction:1\nreceipt:r\n\n');
    await rest();
    assert.equal(consumer.count('RECEIPT'), 1);
    assert.deepEqual((await engine.queues()).map(({ ready, inFlight }) => ready + inFlight), [1]);
  });

  test('that is none is refused', async (context) => {
    const { client, rest } = await scene(context);
    for (const more of ['x-ack-timeout:0\n', 'x-ack-timeout:soon\n', 'x-delivery-limit:0\n', 'x-delivery-limit:-1\n']) {
      const one = client();
      one.say(impatient('/queue/work', more));
      await rest();
      assert.equal(one.header('ERROR', 'code'), 'bad-header', more);
    }
  });
});
