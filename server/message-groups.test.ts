import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { scene, send, type Client } from './testing/session-scene.ts';

const consume = (prefetch: number) => `SUBSCRIBE\nid:s\ndestination:/queue/a\nack:client-individual\nprefetch-count:${prefetch}\n\n`;
const messages = (client: Client): string[] => client.said.filter((frame) => frame.startsWith('MESSAGE'));
const bodies = (client: Client): string[] => messages(client).map((frame) => (frame.split('\n\n')[1] ?? '').replace('\0', ''));
const firsts = (client: Client): boolean[] => messages(client).map((frame) => frame.includes('\nJMSXGroupFirstForConsumer:true\n'));
const ackAll = (client: Client): void => {
  for (const frame of messages(client)) client.say(`ACK\nid:${/\nack:(.*)\n/.exec(frame)![1]!}\n\n`);
};

describe('message groups', () => {
  test('are named by any of the three headers, and go to one consumer at a time', async (context) => {
    const { client, rest } = await scene(context);
    const [one, other, sender] = [client(), client(), client()];
    one.say(consume(2));
    await rest();
    for (const header of ['JMSXGroupID', '_AMQ_GROUP_ID', 'x-partition-key']) sender.say(send('/queue/a', header, `${header}:g\n`));
    await rest();
    other.say(consume(9));
    sender.say(send('/queue/a', 'plain'));
    await rest();
    assert.deepEqual([bodies(one), firsts(one)], [['JMSXGroupID', '_AMQ_GROUP_ID'], [true, false]]);
    assert.deepEqual([bodies(other), firsts(other)], [['plain'], [false]]);
    one.say('UNSUBSCRIBE\nid:s\n\n');
    await rest();
    assert.deepEqual(bodies(other), ['plain', 'JMSXGroupID', '_AMQ_GROUP_ID', 'x-partition-key']);
    assert.deepEqual(firsts(other), [false, true, false, false]);
  });

  test('move on when all of them is settled, and say so', async (context) => {
    const { client, rest } = await scene(context);
    const [one, other, sender] = [client(), client(), client()];
    one.say(consume(1));
    await rest();
    for (let i = 1; i <= 3; i++) sender.say(send('/queue/a', `${i}`, 'JMSXGroupID:g\nJMSXGroupSeq:-1\n'));
    await rest();
    other.say(consume(1));
    await rest();
    assert.deepEqual([bodies(one), bodies(other)], [['1'], []]);
    ackAll(one);
    await rest();
    assert.equal(bodies(one).length + bodies(other).length, 2);
    assert.deepEqual([...firsts(one), ...firsts(other)], [true, true]);
  });
});
