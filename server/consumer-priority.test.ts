import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { scene, send, type Client } from './testing/session-scene.ts';

const consume = (id: string, headers: string) => `SUBSCRIBE\nid:${id}\ndestination:/queue/a\nack:client-individual\n${headers}\n\n`;
const bodies = (client: Client): string[] => client.said.filter((frame) => frame.startsWith('MESSAGE')).map((frame) => (frame.split('\n\n')[1] ?? '').replace('\0', ''));

describe('the priority of a consumer', () => {
  test('brings it all it has credit for before others get anything', async (context) => {
    const { client, rest } = await scene(context);
    const [plain, low, high, higher] = [client(), client(), client(), client()];
    plain.say(consume('s', 'prefetch-count:1'));
    low.say(consume('s', 'prefetch-count:9\nx-priority:-128'));
    high.say(consume('s', 'prefetch-count:2\nactivemq.priority:0\nx-priority:4'));
    higher.say(consume('s', 'prefetch-count:2\nactivemq.priority:127'));
    await rest();
    const sender = client();
    for (let i = 1; i <= 7; i++) sender.say(send('/queue/a', `${i}`));
    await rest();
    assert.deepEqual([higher, high, plain, low].map(bodies), [['1', '2'], ['3', '4'], ['5'], ['6', '7']]);
    higher.say(`ACK\nid:${higher.header('MESSAGE', 'ack')}\n\n`);
    await rest();
    sender.say(send('/queue/a', '8'));
    await rest();
    assert.deepEqual(bodies(higher), ['1', '2', '8']);
  });

  test('counts also among consumers with windows of octets', async (context) => {
    const { client, rest } = await scene(context);
    const [low, window, high] = [client(), client(), client()];
    low.say(consume('s', 'consumer-window-size:1'));
    window.say(consume('s', 'x-priority:2\nconsumer-window-size:1'));
    high.say(consume('s', 'x-priority:2\nprefetch-count:2'));
    await rest();
    const sender = client();
    for (let i = 1; i <= 6; i++) sender.say(send('/queue/a', `${i}`));
    await rest();
    assert.deepEqual([high, window, low].map((each) => bodies(each).length), [2, 1, 1]);
    assert.equal(bodies(low)[0], '4');
  });

  test('is a number that the peers know, or an ERROR', async (context) => {
    const { client, rest } = await scene(context);
    for (const header of ['x-priority:128', 'x-priority:-129', 'x-priority:high', 'activemq.priority:-1', 'activemq.priority:128', 'x-priority:']) {
      const reader = client();
      reader.say(consume('s', header));
      await rest();
      assert.equal(reader.header('ERROR', 'code'), 'bad-header', header);
      assert.match(reader.said.join(''), /a whole number from (-128|0) to 127/);
    }
  });
});
