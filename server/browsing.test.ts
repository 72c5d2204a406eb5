import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_BROKER_LIMITS } from './broker/limits.ts';
import type { Message } from './broker/message.ts';
import { MemoryEngine } from './engines/memory/memory-engine.ts';
import { scene, send, subscribe, type Client } from './testing/session-scene.ts';

const browse = (destination: string, headers = '') => `SUBSCRIBE\nid:b\ndestination:${destination}\nbrowser:true\n${headers}\n`;

/** What a browser was shown, in order; the end marker as `end`. */
function shown(client: Client): string[] {
  const messages = client.said.filter((frame) => frame.startsWith('MESSAGE\nsubscription:b\n'));
  return messages.map((frame) => (frame.includes('\nbrowser:end\n') ? 'end' : (frame.split('\n\n')[1] ?? '').replace('\0', '')));
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

/** Its pages are small: some three messages each. */
const SMALL_PAGES = { ...DEFAULT_BROKER_LIMITS, dispatchBytes: 1_500 };

/** A client whose socket takes octets only when told to. */
function holding(client: Client): { take(): void } {
  const waiting: (() => void)[] = [];
  client.send = (frame, taken) => {
    client.said.push(frame.head.toString());
    if (taken) waiting.push(taken);
  };
  return {
    take: () => {
      for (const taken of waiting.splice(0)) taken();
    },
  };
}

describe('a browser', () => {
  test('is shown what is at rest and then the end, while everything stays where it is', async (context) => {
    const { engine, client, rest } = await scene(context);
    const [holder, reader] = [client(), client()];
    holder.say(...numbers(4).map((body) => send('/queue/a', body)), subscribe('s', '/queue/a').replace('ack:', 'prefetch-count:1\nack:'));
    await rest();
    reader.say(browse('/queue/a', 'receipt:r\n'));
    await rest();
    assert.deepEqual(shown(reader), ['1', '2', '3', 'end']);
    assert.ok(reader.said[1]?.startsWith('RECEIPT'), 'the RECEIPT comes first');
    assert.equal(reader.said.some((frame) => frame.includes('\nack:')), false);
    const end = reader.said.at(-1) ?? '';
    assert.match(end, /\nmessage-id:0\n/);
    assert.match(end, /\ndestination:\/queue\/a\n/);
    assert.match(end, /\ncontent-length:0\n/);
    assert.deepEqual((await engine.queues()).map(({ ready, inFlight }) => [ready, inFlight]), [[3, 1]]);
  });

  test('hears nothing more after the end, until UNSUBSCRIBE', async (context) => {
    const { client, rest } = await scene(context);
    const reader = client();
    reader.say(browse('/queue/nothing'));
    await rest();
    reader.say(send('/queue/nothing', 'late'), 'UNSUBSCRIBE\nid:b\nreceipt:u\n\n');
    await rest();
    assert.deepEqual(shown(reader), ['end']);
    assert.equal(reader.header('RECEIPT', 'receipt-id'), 'u');
    reader.say(browse('/queue/nothing'));
    await rest();
    assert.deepEqual(shown(reader), ['end', 'late', 'end']);
  });

  test('goes through a deep queue page by page', async (context) => {
    const engine = new MemoryEngine();
    const pages: number[] = [];
    const original = engine.browse.bind(engine);
    engine.browse = async (...asked) => {
      const page = await original(...asked);
      pages.push(page.length);
      return page;
    };
    const { client, rest } = await scene(context, engine, { limits: SMALL_PAGES });
    const reader = client();
    client().say(...numbers(40).map((body) => send('/queue/a', body)));
    reader.say(browse('/queue/a'));
    while (!shown(reader).includes('end')) await rest();
    assert.deepEqual(shown(reader), [...numbers(40), 'end']);
    assert.ok(Math.max(...pages) < 10, `pages of ${pages.join()}`);
  });

  test('has no more copies on the way than its prefetch allows', async (context) => {
    const { client, rest } = await scene(context);
    const reader = client();
    const socket = holding(reader);
    client().say(...numbers(5).map((body) => send('/queue/a', body)));
    reader.say(browse('/queue/a', 'prefetch-count:2\n'));
    await rest();
    assert.deepEqual(shown(reader), ['0', '1']);
    socket.take();
    await rest();
    assert.deepEqual(shown(reader), ['0', '1', '2', '3']);
    socket.take();
    await rest();
    assert.deepEqual(shown(reader), [...numbers(5), 'end']);
  });

  test('waits for room in the socket', async (context) => {
    const { client, rest } = await scene(context);
    const reader = client();
    let bufferedBytes = DEFAULT_BROKER_LIMITS.dispatchBytes;
    Object.defineProperty(reader, 'bufferedBytes', { get: () => bufferedBytes });
    client().say(...numbers(3).map((body) => send('/queue/a', body)));
    reader.say(browse('/queue/a'));
    await rest();
    assert.deepEqual(shown(reader), []);
    bufferedBytes = 0;
    reader.listener?.drained();
    await rest();
    assert.deepEqual(shown(reader), [...numbers(3), 'end']);
  });

  test('is shown only what its selector selects, however much there is between', async (context) => {
    const { client, rest } = await scene(context, new MemoryEngine(), { limits: SMALL_PAGES });
    const reader = client();
    client().say(...numbers(60).map((body) => send('/queue/a', body, `n:${body}\n`)));
    reader.say(browse('/queue/a', 'selector:n IN (1, 30, 31, 59)\nprefetch-count:1\n'));
    while (!shown(reader).includes('end')) await rest();
    assert.deepEqual(shown(reader), ['1', '30', '31', '59', 'end']);
  });

  test('looks into a temporary queue of its own, beside the subscription for the replies', async (context) => {
    const { client, rest } = await scene(context);
    const both = client();
    both.say(subscribe('s', '/temp-queue/r').replace('ack:', 'prefetch-count:1\nack:'), send('/temp-queue/r', '1'), send('/temp-queue/r', '2'));
    await rest();
    both.say(browse('/temp-queue/r'));
    await rest();
    assert.deepEqual(shown(both), ['2', 'end']);
  });

  test('stops where it is when it unsubscribes', async (context) => {
    const { client, rest } = await scene(context);
    const reader = client();
    const socket = holding(reader);
    client().say(...numbers(5).map((body) => send('/queue/a', body)));
    reader.say(browse('/queue/a', 'prefetch-count:2\n'));
    await rest();
    reader.say('UNSUBSCRIBE\nid:b\n\n');
    socket.take();
    await rest();
    assert.deepEqual(shown(reader), ['0', '1']);
  });

  test('goes on when the store could not be asked for a while', async (context) => {
    const engine = new MemoryEngine();
    const original = engine.browse.bind(engine);
    let failures = 2;
    engine.browse = (...asked): Promise<Message[]> => (failures-- > 0 ? Promise.reject(new Error('away')) : original(...asked));
    const logged: unknown[] = [];
    const note = (fields: Record<string, unknown>): void => void logged.push(fields['event']);
    const { client, rest } = await scene(context, engine, { log: { debug: () => {}, info: () => {}, warn: note, error: note } });
    const reader = client();
    reader.say(send('/queue/a', '0'), browse('/queue/a'));
    while (!shown(reader).includes('end')) await rest();
    assert.deepEqual(shown(reader), ['0', 'end']);
    assert.deepEqual(logged, ['browse-failed']);
  });

  test('is refused for anything but one queue, with acks, and with what is no boolean', async (context) => {
    const { client, rest } = await scene(context);
    const bad = [browse('/topic/a'), browse('/queue/a,/queue/b'), browse('/queue/a', 'ack:client\n'), browse('/queue/a').replace('true', 'yes')];
    for (const frame of bad) {
      const reader = client();
      reader.say(frame);
      await rest();
      assert.equal(reader.header('ERROR', 'code'), 'bad-header', frame);
    }
  });

  test('acks nothing: an ACK for a copy is an ERROR', async (context) => {
    const { engine, client, rest } = await scene(context);
    const reader = client();
    reader.say(send('/queue/a', '0'), browse('/queue/a'));
    await rest();
    reader.say(`ACK\nid:${reader.header('MESSAGE', 'message-id')}\n\n`);
    await rest();
    assert.equal(reader.header('ERROR', 'code'), 'not-in-flight');
    assert.deepEqual((await engine.queues()).map(({ ready }) => ready), [1]);
  });
});
