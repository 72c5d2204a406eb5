import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DestinationPolicy } from './broker/policies.ts';
import { publishFromServer } from './broker/server-publish.ts';
import type { Engine } from './broker/engine.ts';
import { MemoryEngine } from './engines/memory/memory-engine.ts';
import { scene, send, subscribe } from './testing/session-scene.ts';

const POLICIES: readonly DestinationPolicy[] = [
  { destination: '/topic/chat.secret' },
  { destination: '/topic/chat.#', log: { maxMessages: 3, maxAgeMs: 0 } },
];

async function bodies(engine: Engine, topic: string): Promise<string[]> {
  const { entries } = await engine.readLog(topic, undefined, 100);
  return entries.map(({ message }) => message.body.toString());
}

describe('a topic with a log by policy', () => {
  test('keeps what is sent to it, and others keep nothing', async (context) => {
    const { engine, client, rest } = await scene(context, new MemoryEngine(), { policies: POLICIES });
    const [reader, sender] = [client(), client()];
    reader.say(subscribe('s', '/topic/#', 'auto'));
    await rest();
    sender.say(...['1', '2', '3', '4'].map((body) => send('/topic/chat.lobby', body)));
    sender.say(send('/topic/chat.secret', 'x'), send('/topic/news', 'x'), send('/temp-topic/chat.a', 'x'));
    await rest();
    assert.deepEqual(await bodies(engine, 'chat.lobby'), ['2', '3', '4']);
    for (const topic of ['chat.secret', 'news', 'chat.a']) assert.equal((await engine.readLog(topic, undefined, 1)).epoch, '');
    assert.equal(reader.count('MESSAGE'), 6);
  });

  test('keeps the octets of its own message, whatever becomes of the chunk it came in', async (context) => {
    const { engine, client, rest } = await scene(context, new MemoryEngine(), { policies: POLICIES });
    const sender = client();
    const chunk = Buffer.from(`${send('/topic/chat.a', 'body')}\0`);
    sender.listener?.receive(chunk);
    chunk.fill('x');
    await rest();
    assert.deepEqual(await bodies(engine, 'chat.a'), ['body']);
  });

  test('is durable: later groups of the session go the same way', async (context) => {
    const lanes: string[] = [];
    class Lanes extends MemoryEngine {
      override apply(...[group]: Parameters<MemoryEngine['apply']>): ReturnType<MemoryEngine['apply']> {
        lanes.push(group.lane);
        return super.apply(group);
      }
    }
    const { client, rest } = await scene(context, new Lanes(), { policies: POLICIES });
    client().say(send('/topic/chat.a'), send('/topic/plain'));
    await rest();
    client().say(send('/topic/plain'));
    assert.deepEqual(lanes, ['durable', 'durable', 'volatile']);
  });

  test('takes its part of a composite, of a transaction and of what the application sends', async (context) => {
    const { broker, engine, client, rest } = await scene(context, new MemoryEngine(), { policies: POLICIES });
    const sender = client();
    sender.say(send('/topic/chat.a,/topic/news,/queue/q', '1'));
    sender.say('BEGIN\ntransaction:t\n\n', send('/topic/chat.a', '2', 'transaction:t\n'));
    await rest();
    assert.deepEqual(await bodies(engine, 'chat.a'), ['1']);
    sender.say('COMMIT\ntransaction:t\n\n');
    await rest();
    assert.ok((await publishFromServer(broker.context, '/topic/chat.a', Buffer.from('3'), [])).ok);
    assert.deepEqual(await bodies(engine, 'chat.a'), ['1', '2', '3']);
    assert.equal((await engine.browse('q', 0, 9)).length, 1);
  });
});
