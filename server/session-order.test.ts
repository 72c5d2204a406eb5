import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Failure, Group, Outcome } from './broker/engine.ts';
import { DEFAULT_BROKER_LIMITS } from './broker/limits.ts';
import { MemoryEngine } from './engines/memory/memory-engine.ts';
import { scene, send, subscribe, type Client } from './testing/session-scene.ts';

/** As an engine whose volatile lane has a way to go: its groups take effect when they are let go; durable ones at once. */
class LateEngine extends MemoryEngine {
  /** Lanes in the order of the calls. */
  readonly lanes: string[] = [];
  readonly #late: ((outcome?: Outcome) => void)[] = [];

  override async apply(group: Group): Promise<Outcome> {
    this.lanes.push(group.lane);
    if (group.lane === 'durable') return super.apply(group);
    return new Promise((resolve) => this.#late.push((outcome) => resolve(outcome ?? super.apply(group))));
  }

  /** Lets the oldest late group go. */
  letGo(): void {
    this.#oldest()();
  }

  /** Refuses the oldest late group, and with it whatever stands behind it in its chain. */
  fail(chain: { broken: boolean }): void {
    const failure: Failure = { code: 'memory-limit', certainty: 'not-stored', detail: 'full' };
    chain.broken = true;
    this.#oldest()({ ok: false, failure });
  }

  #oldest(): (outcome?: Outcome) => void {
    const go = this.#late.shift();
    assert.ok(go, 'expected a group on the volatile lane');
    return go;
  }
}

/** The chain of the session that sends first. */
class ChainedEngine extends LateEngine {
  chain = { broken: false };

  override apply(group: Group): Promise<Outcome> {
    this.chain = group.chain ?? this.chain;
    return super.apply(group);
  }
}

const commands = (client: Client): (string | undefined)[] => client.said.map((frame) => frame.split('\n')[0]);
const receipts = (client: Client): string[] => client.said.flatMap((frame) => /^RECEIPT\nreceipt-id:(.*)\n/.exec(frame)?.[1] ?? []);

describe('groups of one session', () => {
  test('take effect in their order across lanes', async (context) => {
    const engine = new LateEngine();
    const { client, rest } = await scene(context, engine);
    const [reader, sender] = [client(), client()];
    reader.say(subscribe('s', '/topic/t', 'auto'));
    await rest();
    sender.say(send('/topic/t', '1'), send('/queue/q', '2'), send('/topic/t', '3'));
    await rest();
    assert.deepEqual(engine.lanes, ['volatile']);
    assert.deepEqual(await engine.browse('q', 0, 9), []);
    engine.letGo();
    await rest();
    const bodies = reader.said.filter((frame) => frame.startsWith('MESSAGE')).map((frame) => frame.split('\n\n')[1]);
    assert.deepEqual(bodies, ['1\0', '3\0']);
    assert.deepEqual(engine.lanes, ['volatile', 'durable', 'durable']);
    assert.equal((await engine.browse('q', 0, 9)).length, 1);
  });

  test('wait for all that are under way on the other lane, and start again on their own', async (context) => {
    const engine = new LateEngine();
    const { client, rest } = await scene(context, engine);
    const sender = client();
    sender.say(send('/topic/t'), send('/topic/t'), send('/queue/q'));
    engine.letGo();
    await rest();
    assert.deepEqual(engine.lanes, ['volatile', 'volatile']);
    engine.letGo();
    await rest();
    sender.say(send('/topic/t'));
    assert.deepEqual(engine.lanes, ['volatile', 'volatile', 'durable', 'volatile']);
  });

  test('hold back nobody else’s', async (context) => {
    const engine = new LateEngine();
    const { client } = await scene(context, engine);
    client().say(send('/topic/t'), send('/queue/q'));
    client().say(send('/queue/q'));
    assert.deepEqual(engine.lanes, ['volatile', 'durable']);
  });

  test('get their receipts in order', async (context) => {
    const engine = new LateEngine();
    const { client, rest } = await scene(context, engine);
    const sender = client();
    sender.say(...['/topic/t', '/queue/q', '/topic/t', '/queue/q'].map((destination, index) => send(destination, 'x', `receipt:${index}\n`)));
    await rest();
    assert.deepEqual(receipts(sender), []);
    engine.letGo();
    await rest();
    assert.deepEqual(receipts(sender), ['0', '1', '2', '3']);
  });

  test('count while they are parked: the socket is paused, and read again', async (context) => {
    const engine = new LateEngine();
    const { broker, client, rest } = await scene(context, engine, { limits: { ...DEFAULT_BROKER_LIMITS, maxPendingGroups: 2 } });
    const sender = client();
    sender.say(send('/topic/t'), send('/queue/q'));
    assert.equal(sender.isPaused, false);
    sender.say(send('/queue/q'));
    assert.equal(sender.isPaused, true);
    assert.ok(broker.stats().pendingBytes > 2 * 400, 'parked groups count for the node');
    engine.letGo();
    await rest();
    assert.equal(sender.isPaused, false);
    assert.equal(broker.stats().pendingBytes, 0);
  });

  test('are all done before DISCONNECT is answered', async (context) => {
    const engine = new LateEngine();
    const { client, rest } = await scene(context, engine);
    const sender = client();
    sender.say(send('/topic/t'), send('/queue/q'), 'DISCONNECT\nreceipt:bye\n\n');
    await rest();
    assert.deepEqual(receipts(sender), []);
    engine.letGo();
    await rest();
    assert.deepEqual(receipts(sender), ['bye']);
    assert.equal((await engine.browse('q', 0, 9)).length, 1);
  });

  test('change nothing behind one that failed', async (context) => {
    const engine = new ChainedEngine();
    const { broker, client, rest } = await scene(context, engine);
    const sender = client();
    sender.say(send('/topic/t', 'x', 'receipt:1\n'), send('/queue/q', 'x', 'receipt:2\n'), send('/topic/t', 'x', 'receipt:3\n'));
    engine.fail(engine.chain);
    await rest();
    assert.deepEqual(commands(sender), ['CONNECTED', 'ERROR', 'closed']);
    assert.equal(sender.header('ERROR', 'receipt-id'), '1');
    assert.deepEqual(await engine.queues(), []);
    assert.equal(broker.stats().pendingBytes, 0);
  });

  test('give back the delivery of a parked ACK that comes to nothing', async (context) => {
    const engine = new ChainedEngine();
    const { client, rest } = await scene(context, engine);
    const consumer = client();
    client().say(send('/queue/q'));
    consumer.say(subscribe('s', '/queue/q', 'client'));
    await rest();
    consumer.say(send('/topic/t'), `ACK\nid:${consumer.header('MESSAGE', 'ack')}\n\n`);
    await rest();
    assert.deepEqual((await engine.queues()).map(({ inFlight }) => inFlight), [1], 'the ACK is parked');
    engine.fail(engine.chain);
    await rest();
    assert.equal(consumer.count('ERROR'), 1);
    assert.deepEqual((await engine.queues()).map(({ ready, inFlight }) => [ready, inFlight]), [[1, 0]]);
  });

  test('take effect also when the connection is lost meanwhile', async (context) => {
    const engine = new LateEngine();
    const { broker, client, rest } = await scene(context, engine);
    const sender = client();
    sender.say(send('/topic/t'), send('/queue/q'), send('/queue/q'));
    sender.listener?.disconnected();
    await rest();
    engine.letGo();
    await rest();
    assert.equal((await engine.browse('q', 0, 9)).length, 2);
    assert.equal(broker.stats().pendingBytes, 0);
  });

  test('end with one that the engine did not answer', async (context) => {
    const engine = new LateEngine();
    const { client, rest } = await scene(context, engine);
    const sender = client();
    engine.apply = async () => {
      throw new Error('the engine broke its word');
    };
    sender.say(send('/topic/t'), send('/queue/q'), send('/queue/q'));
    engine.apply = (group) => MemoryEngine.prototype.apply.call(engine, group);
    await rest();
    assert.equal(sender.header('ERROR', 'code'), 'internal-error');
    assert.deepEqual(await engine.queues(), []);
  });
});
