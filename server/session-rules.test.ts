import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_BROKER_LIMITS } from './broker/limits.ts';
import { MemoryEngine } from './engines/memory/memory-engine.ts';
import { HeldEngine, scene, send, subscribe } from './testing/session-scene.ts';

describe('a session', () => {
  test('hears a topic by a pattern that ends with >', async (context) => {
    const { client, rest } = await scene(context);
    const reader = client();
    reader.say(subscribe('s', '/topic/a.>', 'auto'));
    await rest();
    client().say(send('/topic/a.b.c'));
    await rest();
    assert.equal(reader.count('MESSAGE'), 1);
  });

  test('hears nothing of other sessions’ temporary topics, whatever its wildcards', async (context) => {
    const { client, rest } = await scene(context);
    const [owner, spy] = [client(), client()];
    spy.say(subscribe('s', '/topic/#', 'auto'), subscribe('t', '/topic/*.*', 'auto'));
    owner.say(subscribe('o', '/temp-topic/x', 'auto'), send('/temp-topic/x'));
    await rest();
    assert.equal(owner.count('MESSAGE'), 1);
    assert.equal(spy.count('MESSAGE'), 0);
  });

  test('gives out reply addresses that say nothing about it', async (context) => {
    const { client, rest } = await scene(context);
    const [asker, server] = [client(), client()];
    server.say(subscribe('s', '/queue/ask', 'auto'));
    asker.say(send('/queue/ask', '?', 'reply-to:/temp-queue/r\n'));
    await rest();
    const address = server.header('MESSAGE', 'reply-to') ?? '';
    assert.match(address, /^\/reply-queue\/[\w-]{22}$/);
    server.say(send(address, '!'));
    await rest();
    assert.equal(asker.header('MESSAGE', 'subscription'), '/temp-queue/r');
  });

  test('gives back what it held when its COMMIT fails for another delivery', async (context) => {
    const { engine, client, rest } = await scene(context);
    const consumer = client();
    client().say(send('/queue/a'), send('/queue/b'));
    consumer.say(subscribe('a', '/queue/a'), subscribe('b', '/queue/b'), 'BEGIN\ntransaction:t\n\n');
    await rest();
    for (const id of ['a', 'b']) {
      const message = consumer.said.find((frame) => frame.startsWith(`MESSAGE\nsubscription:${id}\n`)) ?? '';
      consumer.say(`ACK\nid:${/\nack:(.*)\n/.exec(message)?.[1]}\ntransaction:t\n\n`);
    }
    consumer.say('UNSUBSCRIBE\nid:a\n\n', 'COMMIT\ntransaction:t\nreceipt:c\n\n');
    await rest();
    assert.equal(consumer.header('ERROR', 'receipt-id'), 'c');
    assert.deepEqual((await engine.queues()).map(({ ready, inFlight }) => [ready, inFlight]), [[1, 0], [1, 0]]);
  });

  test('gives back what it held when an UNSUBSCRIBE stands behind a refused SEND', async (context) => {
    const { engine, client, rest } = await scene(context, new MemoryEngine({ memoryLimitBytes: 1_500 }));
    const consumer = client();
    consumer.say(send('/queue/a'), subscribe('a', '/queue/a'));
    await rest();
    consumer.say(send('/queue/a', 'x'.repeat(2_000)), 'UNSUBSCRIBE\nid:a\n\n');
    await rest();
    assert.equal(consumer.header('ERROR', 'code'), 'memory-limit');
    assert.deepEqual((await engine.queues()).map(({ ready, inFlight }) => [ready, inFlight]), [[1, 0]]);
  });

  test('is read again when the node has room, though it was paused for its own part', async (context) => {
    const engine = new HeldEngine();
    const limits = { ...DEFAULT_BROKER_LIMITS, maxPendingGroups: 2, maxPendingBytesOfNode: 3_000 };
    const { client, rest } = await scene(context, engine, { limits });
    const [small, large] = [client(), client()];
    engine.isHolding = true;
    small.say(send('/queue/a'), send('/queue/a'), send('/queue/a'));
    large.say(send('/queue/a', 'x'.repeat(5_000)));
    assert.deepEqual([small.isPaused, large.isPaused], [true, true]);
    engine.letGo();
    await rest();
    assert.deepEqual([small.isPaused, large.isPaused], [false, false]);
  });

  test('leaves nothing behind when one member of its SUBSCRIBE is refused', async (context) => {
    const watched = new Map<string, number>();
    const engine = new MemoryEngine();
    const { watch, unwatch } = { watch: engine.watch.bind(engine), unwatch: engine.unwatch.bind(engine) };
    engine.watch = (pattern) => {
      watched.set(pattern, (watched.get(pattern) ?? 0) + 1);
      return watch(pattern);
    };
    engine.unwatch = (pattern) => {
      watched.set(pattern, (watched.get(pattern) ?? 0) - 1);
      unwatch(pattern);
    };
    const { client, rest } = await scene(context, engine);
    const refused = client();
    refused.say(subscribe('s', '/topic/t,/reply-queue/x'));
    await rest();
    assert.equal(refused.header('ERROR', 'code'), 'not-yours');
    assert.deepEqual([...watched.values()], [0]);
  });

  test('gets its RECEIPT before the ERROR of a later frame that was refused at once', async (context) => {
    const engine = new HeldEngine();
    const { client, rest } = await scene(context, engine);
    const sender = client();
    engine.isHolding = true;
    sender.say(send('/queue/a', 'x', 'receipt:1\n'));
    engine.isFull = true;
    sender.say(send('/queue/a', 'x', 'receipt:2\n'), send('/queue/a', 'x', 'receipt:3\n'));
    await rest();
    assert.equal(sender.count('ERROR'), 0);
    engine.letGo();
    await rest();
    const order = sender.said.map((frame) => frame.split('\n')[0]);
    assert.deepEqual(order, ['CONNECTED', 'RECEIPT', 'ERROR', 'closed']);
    assert.equal(sender.header('ERROR', 'receipt-id'), '2');
  });

  test('never lets a later message overtake its own copy that waits for a receipt', async (context) => {
    const engine = new HeldEngine();
    const { client, rest } = await scene(context, engine);
    const [both, other] = [client(), client()];
    both.say(subscribe('s', '/queue/a', 'client'));
    await rest();
    engine.isHolding = true;
    both.say(send('/queue/a', 'mine'), send('/queue/b', 'slow', 'receipt:1\n'));
    const [mine, slow] = engine.waiting.splice(0);
    mine?.();
    await rest();
    other.say(send('/queue/a', 'other'));
    engine.letGo();
    await rest();
    assert.equal(both.count('MESSAGE'), 0, 'nothing before the RECEIPT');
    slow?.();
    await rest();
    const bodies = both.said.filter((frame) => frame.startsWith('MESSAGE')).map((frame) => frame.split('\n\n')[1]);
    assert.deepEqual(bodies, ['mine\0', 'other\0']);
    engine.isHolding = false;
  });
});
