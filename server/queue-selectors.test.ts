import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryEngine } from './engines/memory/memory-engine.ts';
import { scene, subscribe, type Client } from './testing/session-scene.ts';

const selecting = (id: string, selector: string, headers = '') =>
  `SUBSCRIBE\nid:${id}\ndestination:/queue/a\nack:client-individual\nselector:${selector}\n${headers}\n`;
const send = (colour: string, body: string) => `SEND\ndestination:/queue/a\ncolour:${colour}\n\n${body}`;
const bodies = (client: Client): string[] =>
  client.said.filter((frame) => frame.startsWith('MESSAGE')).map((frame) => (frame.split('\n\n')[1] ?? '').replace('\0', ''));
const ackOf = (client: Client, body: string): string => {
  const frame = client.said.findLast((each) => each.startsWith('MESSAGE') && each.includes(`\n\n${body}`));
  return /\nack:(.*)\n/.exec(frame ?? '')?.[1] ?? '';
};

/** Knows which selectors were forgotten. */
class RecordingEngine extends MemoryEngine {
  readonly forgotten: string[] = [];

  override forgetSelector(queue: string, text: string): void {
    this.forgotten.push(text);
    super.forgetSelector(queue, text);
  }
}

describe('consumers of a queue with selectors', () => {
  test('get what they select, in order, and the rest stays for others', async (context) => {
    const { client, rest, engine } = await scene(context);
    const [red, blue, sender] = [client(), client(), client()];
    red.say(selecting('r', "colour = 'red'"));
    blue.say(selecting('b', "colour = 'blue' AND special IS NULL"));
    sender.say(send('green', '1'), send('red', '2'), send('blue', '3'), send('red', '4'), send('blue', '5'));
    await rest();
    assert.deepEqual([bodies(red), bodies(blue)], [['2', '4'], ['3', '5']]);
    assert.deepEqual((await engine.browse('a', 0, 9)).map(({ body }) => body.toString()), ['1']);
    const all = client();
    all.say(subscribe('s', '/queue/a'));
    await rest();
    assert.deepEqual(bodies(all), ['1']);
  });

  test('share with consumers without one, who take anything', async (context) => {
    const { client, rest } = await scene(context);
    const [red, all, sender] = [client(), client(), client()];
    red.say(selecting('r', "colour = 'red'", 'prefetch-count:1\n'));
    all.say(subscribe('s', '/queue/a'));
    sender.say(...['1', '2', '3', '4'].map((body) => send('red', body)), send('blue', '5'));
    await rest();
    assert.equal(bodies(red).length, 1);
    assert.deepEqual([...bodies(red), ...bodies(all)].sort(), ['1', '2', '3', '4', '5']);
  });

  test('get what another one gave back, although they had passed it', async (context) => {
    const { client, rest } = await scene(context);
    const [first, red, sender] = [client(), client(), client()];
    first.say(subscribe('s', '/queue/a'));
    sender.say(send('red', '1'), send('blue', '2'));
    await rest();
    red.say(selecting('r', "colour = 'red'"));
    sender.say(send('blue', '3'));
    await rest();
    assert.deepEqual([bodies(first), bodies(red)], [['1', '2', '3'], []]);
    first.say('UNSUBSCRIBE\nid:s\n\n');
    await rest();
    assert.deepEqual(bodies(red), ['1']);
    red.say(`NACK\nid:${ackOf(red, '1')}\n\n`);
    await rest();
    assert.deepEqual(bodies(red), ['1', '1']);
  });

  test('are forgotten with the last of them that has the same selector', async (context) => {
    const { client, rest, engine } = await scene(context, new RecordingEngine());
    const { forgotten } = engine as RecordingEngine;
    const [one, other] = [client(), client()];
    one.say(selecting('r', "colour = 'red'"), selecting('b', "colour = 'blue'"));
    other.say(selecting('r', "colour = 'red'"));
    await rest();
    one.say('UNSUBSCRIBE\nid:r\n\n', 'UNSUBSCRIBE\nid:b\n\n');
    await rest();
    assert.deepEqual(forgotten, ["colour = 'blue'"]);
    other.listener?.disconnected();
    await rest();
    assert.deepEqual(forgotten, ["colour = 'blue'", "colour = 'red'"]);
  });

  test('keep no other consumer waiting where some have windows of octets', async (context) => {
    const { client, rest } = await scene(context);
    const [window, plain, low, sender] = [client(), client(), client(), client()];
    window.say(selecting('w', "colour = 'red'", 'consumer-window-size:2000\nx-priority:5\n'));
    plain.say(selecting('p', "colour = 'green'"));
    low.say(selecting('l', "colour = 'blue'", 'x-priority:-1\n'));
    sender.say(send('blue', '1'), send('green', '2'), send('red', '3'));
    await rest();
    assert.deepEqual([window, plain, low].map(bodies), [['3'], ['2'], ['1']]);
  });

  test('may be those of a temporary queue, and of one member of a composite', async (context) => {
    const { client, rest } = await scene(context);
    const own = client();
    own.say("SUBSCRIBE\nid:t\ndestination:/temp-queue/t,/topic/t,/queue/t\nselector:colour = 'red'\n\n");
    for (const destination of ['/temp-queue/t', '/topic/t', '/queue/t']) {
      own.say(`SEND\ndestination:${destination}\ncolour:blue\n\n${destination} blue`, `SEND\ndestination:${destination}\ncolour:red\n\n${destination} red`);
    }
    await rest();
    assert.deepEqual(bodies(own).sort(), ['/queue/t red', '/temp-queue/t red', '/topic/t red']);
  });

  test('are refused at the queue of a virtual topic, whose consumers share all of it', async (context) => {
    const { client, rest } = await scene(context);
    const own = client();
    own.say("SUBSCRIBE\nid:v\ndestination:/queue/Consumer.g.VirtualTopic.a\nselector:colour = 'red'\n\n");
    await rest();
    assert.equal(own.header('ERROR', 'code'), 'bad-header');
  });
});
