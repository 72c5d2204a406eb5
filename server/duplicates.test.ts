import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readDuplicateId } from './broker/duplicates.ts';
import type { Engine } from './broker/engine.ts';
import { publishFromServer } from './broker/server-publish.ts';
import { MemoryEngine } from './engines/memory/memory-engine.ts';
import { Headers } from './protocol/frame.ts';
import { scene, send, subscribe, type Client } from './testing/session-scene.ts';

const bodies = async (engine: Engine, queue: string): Promise<string[]> => (await engine.browse(queue, 0, 100)).map(({ body }) => body.toString());

/** `receipt-id` of each RECEIPT, with a star where it says that nothing was published. */
const receipts = (client: Client): string[] =>
  client.said.filter((frame) => frame.startsWith('RECEIPT')).map((frame) => `${/receipt-id:(.*)\n/.exec(frame)?.[1]}${frame.includes('\nx-duplicate:true\n') ? '*' : ''}`);

describe('a duplicate', () => {
  test('is not published, and gets its receipt, which says so', async (context) => {
    const { engine, client, rest } = await scene(context);
    const sender = client();
    for (const [i, name] of ['_AMQ_DUPL_ID', 'x-dedup-id', 'idempotency-key', 'msg-id'].entries()) {
      sender.say(send('/queue/a', `${i} first`, `${name}:id ${i}\nreceipt:${i}\n`), send('/queue/a', `${i} again`, `${name}:id ${i}\nreceipt:${i} again\n`));
    }
    await rest();
    assert.deepEqual(await bodies(engine, 'a'), ['0 first', '1 first', '2 first', '3 first']);
    assert.deepEqual(receipts(sender), [0, 1, 2, 3].flatMap((i) => [`${i}`, `${i} again*`]));
  });

  test('is one by whichever of the headers it says its id', async (context) => {
    const { engine, client, rest } = await scene(context);
    client().say(send('/queue/a', '1', '_AMQ_DUPL_ID:i\n'), send('/queue/a', '2', 'idempotency-key:i\n'), send('/queue/a', '3', '_AMQ_DUPL_ID:j\nmsg-id:i\n'));
    await rest();
    assert.deepEqual(await bodies(engine, 'a'), ['1', '3']);
    assert.equal(readDuplicateId(new Headers(['msg-id', 'm', 'x-dedup-id', 'x', 'idempotency-key', 'i'])), 'x');
    assert.equal(readDuplicateId(new Headers(['_AMQ_DUPL_ID', '', 'msg-id', 'm'])), 'm');
    assert.equal(readDuplicateId(new Headers(['message-id', 'm'])), undefined);
  });

  test('carries its id on, as any header of the sender', async (context) => {
    const { client, rest } = await scene(context);
    const [reader, sender] = [client(), client()];
    reader.say(subscribe('s', '/queue/a', 'auto'));
    sender.say(send('/queue/a', 'x', 'msg-id:mine\n'));
    await rest();
    assert.equal(reader.header('MESSAGE', 'msg-id'), 'mine');
  });

  test('is one for its user and destination, in every spelling of that', async (context) => {
    let user = 'one';
    const { engine, client, rest } = await scene(context, new MemoryEngine(), { authenticator: { authenticate: () => ({ ok: true, identity: { user } }) } });
    const id = 'x-dedup-id:i\n';
    client().say(send('/queue/a', 'one', id), send('/queue/b', 'other queue', id), send('queue://a', 'again', id));
    user = 'two';
    client().say(send('/queue/a', 'two', id));
    await rest();
    assert.deepEqual(await bodies(engine, 'a'), ['one', 'two']);
    assert.deepEqual(await bodies(engine, 'b'), ['other queue']);
  });

  test('is one on a plain topic, and in each member of a composite', async (context) => {
    const { engine, client, rest } = await scene(context);
    const [reader, sender] = [client(), client()];
    reader.say(subscribe('s', '/topic/t', 'auto'));
    await rest();
    sender.say(send('/topic/t', '1', 'x-dedup-id:i\n'), send('/queue/a,/topic/t', '2', 'x-dedup-id:i\nreceipt:part\n'), send('/queue/a,/topic/t', '3', 'x-dedup-id:i\nreceipt:all\n'));
    await rest();
    assert.equal(reader.count('MESSAGE'), 1);
    assert.deepEqual(await bodies(engine, 'a'), ['2']);
    assert.deepEqual(receipts(sender), ['part', 'all*']);
  });

  test('is left out of its transaction, which is committed', async (context) => {
    const { engine, client, rest } = await scene(context);
    const sender = client();
    sender.say(
      send('/queue/a', '1', 'x-dedup-id:i\n'),
      'BEGIN\ntransaction:t\n\n',
      send('/queue/a', '2', 'transaction:t\nx-dedup-id:i\n'),
      send('/queue/a', '3', 'transaction:t\nx-dedup-id:j\n'),
      send('/queue/a', '4', 'transaction:t\n'),
      'COMMIT\ntransaction:t\nreceipt:c\n\n',
    );
    await rest();
    assert.deepEqual(await bodies(engine, 'a'), ['1', '3', '4']);
    assert.deepEqual(receipts(sender), ['c']);
  });

  test('is none where its transaction was aborted', async (context) => {
    const { engine, client, rest } = await scene(context);
    client().say('BEGIN\ntransaction:t\n\n', send('/queue/a', '1', 'transaction:t\nx-dedup-id:i\n'), 'ABORT\ntransaction:t\n\n', send('/queue/a', '2', 'x-dedup-id:i\n'));
    await rest();
    assert.deepEqual(await bodies(engine, 'a'), ['2']);
  });

  test('is looked for as long as its policy says, or not at all', async (context) => {
    const policies = [{ destination: '/queue/free', dedupWindowMs: 0 }, { destination: '/queue/brief', dedupWindowMs: 1 }];
    const { engine, client, rest } = await scene(context, new MemoryEngine(), { policies });
    const sender = client();
    sender.say(send('/queue/free', '1', 'x-dedup-id:i\n'), send('/queue/free', '2', 'x-dedup-id:i\n'));
    await rest();
    assert.deepEqual(await bodies(engine, 'free'), ['1', '2']);
    while ((await bodies(engine, 'brief')).length < 2) {
      sender.say(send('/queue/brief', 'x', 'x-dedup-id:i\n'));
      await rest();
    }
  });

  test('of a message that violates a schema makes no second dead letter', async (context) => {
    const policies = [{ destination: '/queue/a', schema: { type: 'object' }, onViolation: 'dead-letter' as const }];
    const { engine, client, rest } = await scene(context, new MemoryEngine(), { policies });
    client().say(send('/queue/a', 'no', 'x-dedup-id:i\n'), send('/queue/a', 'no', 'x-dedup-id:i\n'), send('/queue/DLQ.a', 'mine', 'x-dedup-id:i\n'));
    await rest();
    assert.deepEqual(await bodies(engine, 'DLQ.a'), ['no', 'mine']);
  });

  test('is one of the application itself, apart from its users', async (context) => {
    const { broker, engine, client, rest } = await scene(context);
    client().say(send('/queue/a', 'user', 'x-dedup-id:i\n'));
    await rest();
    const published = [];
    for (const body of ['app', 'again']) published.push(await publishFromServer(broker.context, '/queue/a', Buffer.from(body), ['x-dedup-id', 'i']));
    assert.deepEqual(published.map((each) => each.ok && each.isDuplicate), [false, true]);
    assert.deepEqual(await bodies(engine, 'a'), ['user', 'app']);
  });

  test('is none where two sessions have a temporary of the same name', async (context) => {
    const temporaries = await scene(context);
    const [one, other] = [temporaries.client(), temporaries.client()];
    for (const each of [one, other]) each.say(send('/temp-queue/mine', 'x', 'x-dedup-id:i\nreceipt:r\n'));
    await temporaries.rest();
    assert.deepEqual([receipts(one), receipts(other)], [['r'], ['r']]);
  });
});
