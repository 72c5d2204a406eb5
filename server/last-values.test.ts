import assert from 'node:assert/strict';
import { test } from 'node:test';
import { publishFromServer } from './broker/server-publish.ts';
import type { Engine } from './broker/engine.ts';
import { MemoryEngine } from './engines/memory/memory-engine.ts';
import { scene, send, subscribe } from './testing/session-scene.ts';

const policies = [{ destination: '/queue/latest', lastValueKey: 'sensor', redelivery: { maxAttempts: 1 }, deadLetter: 'dead' }];
const bodies = async (engine: Engine, queue: string): Promise<string[]> => (await engine.browse(queue, 0, 100)).map(({ body }) => body.toString());

test('a queue of last values keeps the newest of each key, by the header that its policy names or by that of Artemis', async (context) => {
  const { broker, engine, client, rest } = await scene(context, new MemoryEngine(), { policies });
  client().say(
    send('/queue/latest', '1', 'sensor:a\n'),
    send('/queue/latest', '2', '_AMQ_LVQ_NAME:a\n'),
    send('/queue/latest', '3', 'sensor:b\n_AMQ_LVQ_NAME:a\n'),
    send('queue://latest', '4'),
    send('/queue/latest', '5', 'sensor:\n'),
    send('/queue/other', '1', 'sensor:a\n'),
    send('/queue/other', '2', '_AMQ_LVQ_NAME:a\n'),
  );
  await rest();
  assert.deepEqual(await bodies(engine, 'latest'), ['2', '3', '4', '5']);
  assert.deepEqual(await bodies(engine, 'other'), ['1', '2']);
  assert.ok((await publishFromServer(broker.context, '/queue/latest', Buffer.from('6'), ['sensor', 'b'])).ok);
  assert.deepEqual(await bodies(engine, 'latest'), ['2', '4', '5', '6']);
});

test('what is given up in a queue of last values is an ordinary dead letter', async (context) => {
  const { engine, client, rest } = await scene(context, new MemoryEngine(), { policies });
  const [consumer, sender] = [client(), client()];
  consumer.say(subscribe('s', '/queue/latest'));
  for (const body of ['1', '2']) {
    sender.say(send('/queue/latest', body, 'sensor:a\n'));
    await rest();
    const ack = /\nack:(.*)\n/.exec(consumer.said.findLast((frame) => frame.startsWith('MESSAGE')) ?? '')?.[1];
    consumer.say(`NACK\nid:${ack}\n\n`);
    await rest();
  }
  assert.deepEqual(await bodies(engine, 'dead'), ['1', '2']);
});
