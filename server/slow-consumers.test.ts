import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryEngine } from './engines/memory/memory-engine.ts';
import { scene, send, type Client } from './testing/session-scene.ts';

/** Body and `x-dropped` of each MESSAGE, in order. */
const got = (client: Client): string[] =>
  client.said.flatMap((frame) => {
    if (!frame.startsWith('MESSAGE')) return [];
    const dropped = /\nx-dropped:(\d+)\n/.exec(frame)?.[1];
    return [frame.slice(frame.indexOf('\n\n') + 2, -1) + (dropped === undefined ? '' : ` after ${dropped}`)];
  });

const subscribe = (destination: string, more = '') => `SUBSCRIBE\nid:s\ndestination:${destination}\n${more}\n`;
const FULL = 300_000;

describe('a slow subscriber of a topic', () => {
  test('misses the oldest beyond activemq.maximumPendingMessageLimit, and is told', async (context) => {
    const { client, rest } = await scene(context);
    const [reader, sender] = [client(), client()];
    reader.say(subscribe('/topic/a', 'activemq.maximumPendingMessageLimit:2\n'));
    await rest();
    sender.say(send('/topic/a', '1'));
    await rest();
    reader.bufferedBytes = FULL;
    sender.say(...['2', '3', '4', '5'].map((text) => send('/topic/a', text)));
    await rest();
    assert.deepEqual(got(reader), ['1']);
    reader.bufferedBytes = 0;
    reader.listener?.drained();
    sender.say(send('/topic/a', '6'));
    await rest();
    assert.deepEqual(got(reader), ['1', '4 after 2', '5', '6']);
  });

  test('gets the newest of each topic where a policy says conflate', async (context) => {
    const policies = [{ destination: '/topic/price.#', slowConsumer: 'conflate' as const }];
    const { client, rest } = await scene(context, new MemoryEngine(), { policies });
    const [reader, sender] = [client(), client()];
    reader.say(subscribe('/topic/price.*'));
    await rest();
    reader.bufferedBytes = FULL;
    for (const [topic, text] of [['a', '1'], ['b', '2'], ['a', '3']] as const) sender.say(send(`/topic/price.${topic}`, text));
    await rest();
    reader.bufferedBytes = 0;
    reader.listener?.drained();
    assert.deepEqual(got(reader), ['3 after 1', '2']);
  });

  test('does not stop others, nor its own other subscriptions', async (context) => {
    const policies = [{ destination: '/topic/a', slowConsumer: 'drop-oldest' as const }];
    const { client, rest } = await scene(context, new MemoryEngine(), { policies });
    const [reader, other, sender] = [client(), client(), client()];
    reader.say(subscribe('/topic/a'), subscribe('/topic/b').replace('id:s', 'id:t'));
    other.say(subscribe('/topic/a'));
    await rest();
    reader.bufferedBytes = FULL;
    sender.say(send('/topic/a', '1'), send('/topic/b', '2'));
    await rest();
    assert.deepEqual(got(other), ['1']);
    assert.deepEqual(got(reader), ['2']);
  });

  test('that acks misses what is beyond its prefetch and the limit', async (context) => {
    const { client, rest } = await scene(context);
    const [reader, sender] = [client(), client()];
    reader.say(subscribe('/topic/a', 'ack:client\nprefetch-count:1\nactivemq.maximumPendingMessageLimit:1\n'));
    await rest();
    sender.say(...['1', '2', '3'].map((text) => send('/topic/a', text)));
    await rest();
    assert.deepEqual(got(reader), ['1']);
    reader.say(`ACK\nid:${reader.header('MESSAGE', 'ack')}\n\n`);
    assert.deepEqual(got(reader), ['1', '3 after 1']);
  });

  test('with a limit that is no number is refused', async (context) => {
    const { client, rest } = await scene(context);
    const reader = client();
    reader.say(subscribe('/topic/a', 'activemq.maximumPendingMessageLimit:many\n'));
    await rest();
    assert.equal(reader.header('ERROR', 'code'), 'bad-header');
  });
});

describe('a window of octets', () => {
  const window = (destination: string, size: number | string, more = '') => subscribe(destination, `ack:client-individual\nconsumer-window-size:${size}\n${more}`);
  const acks = (client: Client): string[] => client.said.flatMap((frame) => /^MESSAGE\n[^]*?\nack:(.*)\n/.exec(frame)?.[1] ?? []);

  test('bounds what a queue has in flight, and an ACK makes room', async (context) => {
    const { client, rest } = await scene(context);
    const consumer = client();
    consumer.say(...['1', '2', '3', '4'].map((text) => send('/queue/q', text.padEnd(1_000))), window('/queue/q', 2_000));
    await rest();
    assert.equal(acks(consumer).length, 2);
    consumer.say(`ACK\nid:${acks(consumer)[0]}\n\n`);
    await rest();
    assert.equal(acks(consumer).length, 3);
  });

  test('of 0 is one message at a time, of -1 none', async (context) => {
    const { client, rest } = await scene(context);
    const [one, all] = [client(), client()];
    for (const queue of ['/queue/a', '/queue/b']) one.say(...Array.from({ length: 200 }, () => send(queue)));
    one.say(window('/queue/a', 0));
    all.say(window('/queue/b', -1));
    await rest();
    assert.equal(acks(one).length, 1);
    assert.equal(acks(all).length, 200);
  });

  test('bounds a topic, too', async (context) => {
    const { client, rest } = await scene(context);
    const [reader, sender] = [client(), client()];
    reader.say(window('/topic/a', 1_000));
    await rest();
    sender.say(...['1', '2', '3'].map((text) => send('/topic/a', text.padEnd(1_000))));
    await rest();
    assert.equal(acks(reader).length, 1);
    reader.say(`ACK\nid:${acks(reader)[0]}\n\n`);
    assert.equal(acks(reader).length, 2);
  });

  test('lets other consumers of its queue have their share', async (context) => {
    const { client, rest } = await scene(context);
    const [sender, narrow, wide] = [client(), client(), client()];
    narrow.say(window('/queue/q', 1));
    wide.say(subscribe('/queue/q', 'ack:client-individual\nprefetch-count:3\n'));
    await rest();
    sender.say(...Array.from({ length: 9 }, () => send('/queue/q')));
    await rest();
    assert.deepEqual([acks(narrow).length, acks(wide).length], [1, 3]);
  });
});
