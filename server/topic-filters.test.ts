import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { scene, send, subscribe, type Client } from './testing/session-scene.ts';

const filtered = (id: string, destination: string, headers: string, ack = 'auto') =>
  `SUBSCRIBE\nid:${id}\ndestination:${destination}\nack:${ack}\n${headers}\n\n`;

/** Bodies by subscription, in order. */
function heard(client: Client, id: string): string[] {
  const own = client.said.filter((frame) => frame.startsWith('MESSAGE') && frame.includes(`\nsubscription:${id}\n`));
  return own.map((frame) => (frame.split('\n\n')[1] ?? '').replace('\0', ''));
}

describe('a selector on a topic', () => {
  test('lets through what it selects, by exact names, patterns, composites and temporary topics', async (context) => {
    const { client, rest } = await scene(context);
    const reader = client();
    const destinations = { exact: '/topic/a', pattern: '/topic/*', composite: '/topic/a,/topic/b', temporary: '/temp-topic/a' };
    for (const [id, destination] of Object.entries(destinations)) reader.say(filtered(id, destination, "selector:colour = 'red' AND size > 2"));
    reader.say(subscribe('all', '/topic/a', 'auto'));
    await rest();
    const sender = client();
    for (const destination of ['/topic/a', '/topic/b']) {
      sender.say(send(destination, 'blue', 'colour:blue\nsize:3\n'), send(destination, 'small', 'colour:red\nsize:2\n'));
      sender.say(send(destination, 'yes', 'colour:red\nsize:10\n'));
    }
    reader.say(send('/temp-topic/a', 'yes', 'colour:red\nsize:3\n'), send('/temp-topic/a', 'no'));
    await rest();
    assert.deepEqual(Object.keys(destinations).map((id) => heard(reader, id)), [['yes'], ['yes', 'yes'], ['yes', 'yes'], ['yes']]);
    assert.deepEqual(heard(reader, 'all'), ['blue', 'small', 'yes']);
  });

  test('is an ERROR that says where, when it is none', async (context) => {
    const { client, rest } = await scene(context);
    const reader = client();
    reader.say(filtered('s', '/topic/a', 'selector:size >> 2\nreceipt:r'));
    await rest();
    assert.equal(reader.header('ERROR', 'code'), 'bad-selector');
    assert.equal(reader.header('ERROR', 'receipt-id'), 'r');
    assert.match(reader.said.join(''), /at character 7\0/);
  });

  test('keeps credit for the messages it selects', async (context) => {
    const { client, rest } = await scene(context);
    const reader = client();
    reader.say(filtered('s', '/topic/a', 'selector:size > 2\nprefetch-count:1', 'client-individual'));
    await rest();
    const sender = client();
    for (const size of [1, 5, 2, 6]) sender.say(send('/topic/a', `${size}`, `size:${size}\n`));
    await rest();
    assert.deepEqual(heard(reader, 's'), ['5']);
    reader.say(`ACK\nid:${reader.header('MESSAGE', 'ack')}\n\n`);
    await rest();
    assert.deepEqual(heard(reader, 's'), ['5', '6']);
  });

  test('leaves word of a gap to the next message it selects', async (context) => {
    const { broker, client, rest } = await scene(context);
    const reader = client();
    reader.say(filtered('s', '/topic/a', 'selector:size > 2'));
    await rest();
    broker.context.topics.gap('a', 3);
    client().say(send('/topic/a', 'no', 'size:1\n'), send('/topic/a', 'yes', 'size:3\n'));
    await rest();
    assert.deepEqual(heard(reader, 's'), ['yes']);
    assert.equal(reader.header('MESSAGE', 'x-gap'), '3');
  });
});

describe('no-local', () => {
  test('keeps back what the session itself sent, and nothing else', async (context) => {
    const { broker, client, rest } = await scene(context);
    const both = client();
    both.say(filtered('quiet', '/topic/a', 'no-local:true'), filtered('picky', '/topic/a', 'x-echo:false\nselector:size > 2'));
    both.say(subscribe('loud', '/topic/a', 'auto'));
    await rest();
    both.say(send('/topic/a', 'own', 'size:3\n'));
    client().say(send('/topic/a', 'other', 'size:3\n'), send('/topic/a', 'small', 'size:1\n'));
    await rest();
    assert.deepEqual(heard(both, 'quiet'), ['other', 'small']);
    assert.deepEqual(heard(both, 'picky'), ['other']);
    assert.deepEqual(heard(both, 'loud'), ['own', 'other', 'small']);
    assert.equal(broker.stats().counters.messagesOut, 6);
  });

  test('says nothing about a queue', async (context) => {
    const { client, rest } = await scene(context);
    const both = client();
    both.say(filtered('s', '/queue/a,/topic/a', 'activemq.noLocal:true'), send('/queue/a', 'job'), send('/topic/a', 'news'));
    await rest();
    assert.deepEqual(heard(both, 's'), ['job']);
  });
});
