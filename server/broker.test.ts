import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SCHEDULE_QUEUE, type Claimed, type EngineEvents, type Group, type NodeSelf, type Outcome } from './broker/engine.ts';
import type { LogFields } from './broker/log.ts';
import { MemoryEngine } from './engines/memory/memory-engine.ts';
import { scene, send, subscribe } from './testing/session-scene.ts';

/** Notes what the broker says to its engine of clients' queues, and lets a test say what an engine of many nodes would. */
class ListenedEngine extends MemoryEngine {
  events!: EngineEvents;
  node!: NodeSelf;
  readonly left: string[] = [];
  claimCount = 0;
  /** Set, claims and groups fail. */
  isUnreachable = false;
  /** Claims wait for it. */
  beforeClaim: Promise<void> = Promise.resolve();

  override start(events: EngineEvents, node: NodeSelf): Promise<void> {
    this.events = events;
    this.node = node;
    return super.start(events, node);
  }

  override leave(queue?: string): void {
    if (queue !== undefined && queue !== SCHEDULE_QUEUE) this.left.push(queue);
  }

  override async claim(...wish: Parameters<MemoryEngine['claim']>): Promise<Claimed[]> {
    if (wish[0] === SCHEDULE_QUEUE) return super.claim(...wish);
    this.claimCount++;
    await this.beforeClaim;
    if (this.isUnreachable) throw new Error('out of reach');
    return super.claim(...wish);
  }

  override async apply(group: Group): Promise<Outcome> {
    if (!this.isUnreachable) return super.apply(group);
    return { ok: false, failure: { code: 'store-unreachable', certainty: 'outcome-unknown', detail: 'no answer in time' } };
  }
}

describe('a hint', () => {
  test('for a queue without a consumer here is given back', async (context) => {
    const engine = new ListenedEngine();
    const { client, rest } = await scene(context, engine);
    client().say(send('/queue/a'));
    await rest();
    assert.deepEqual(engine.left, ['a']);
    assert.equal(engine.claimCount, 0);
  });

  test('is followed while a consumer has room, and given back when none has', async (context) => {
    const engine = new ListenedEngine();
    const { client, rest } = await scene(context, engine);
    const consumer = client();
    consumer.say(subscribe('s', '/queue/a', 'client').replace('\nack:', '\nprefetch-count:1\nack:'));
    await rest();
    client().say(send('/queue/a'));
    await rest();
    assert.deepEqual(engine.left, []);
    client().say(send('/queue/a'));
    await rest();
    assert.deepEqual(engine.left, ['a']);
    const claimCount = engine.claimCount;
    consumer.say(`ACK\nid:${consumer.header('MESSAGE', 'ack')}\n\n`);
    await rest();
    assert.ok(engine.claimCount > claimCount, 'the credit that came back was used');
    assert.equal(consumer.count('MESSAGE'), 2);
  });

  test('that came during a claim which used up the credit is given back after it', async (context) => {
    const engine = new ListenedEngine();
    const { client, rest } = await scene(context, engine);
    client().say(send('/queue/a'));
    await rest();
    engine.left.length = 0;
    let go = (): void => undefined;
    engine.beforeClaim = new Promise((resolve) => (go = resolve));
    client().say(subscribe('s', '/queue/a', 'client').replace('\nack:', '\nprefetch-count:1\nack:'));
    await rest();
    engine.events.onReady('a');
    assert.deepEqual(engine.left, []);
    go();
    await rest();
    assert.deepEqual(engine.left, ['a']);
  });

  test('is not wanted any more when the last consumer goes, nor when the node is drained', async (context) => {
    const engine = new ListenedEngine();
    const { broker, client, rest } = await scene(context, engine);
    const [one, two] = [client(), client()];
    one.say(subscribe('s', '/queue/a'));
    two.say(subscribe('s', '/queue/a'), subscribe('t', '/queue/b'));
    await rest();
    one.say('UNSUBSCRIBE\nid:s\n\n');
    await rest();
    assert.deepEqual(engine.left, []);
    two.say('UNSUBSCRIBE\nid:s\n\n');
    await rest();
    assert.deepEqual(engine.left, ['a']);
    await broker.drain();
    assert.deepEqual(engine.left, ['a', 'b']);
    engine.events.onReady('b');
    assert.deepEqual(engine.left, ['a', 'b', 'b']);
  });
});

test('a claim that failed is tried again without a hint, and told once', async (context) => {
  const engine = new ListenedEngine();
  const errors: LogFields[] = [];
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: (fields: LogFields) => void errors.push(fields) };
  const { client, rest } = await scene(context, engine, { log });
  client().say(send('/queue/a'));
  await rest();
  engine.isUnreachable = true;
  const consumer = client();
  consumer.say(subscribe('s', '/queue/a'));
  while (engine.claimCount < 3) await rest();
  assert.deepEqual(errors.map(({ event, queue }) => [event, queue]), [['claim-failed', 'a']]);
  engine.isUnreachable = false;
  while (consumer.count('MESSAGE') === 0) await rest();
});

describe('a store out of reach', () => {
  test('is an ERROR at once that tells what is certain', async (context) => {
    const engine = new ListenedEngine();
    const { client, rest } = await scene(context, engine);
    for (const receipt of ['', 'receipt:r\n']) {
      const sender = client();
      engine.isUnreachable = true;
      sender.say(send('/queue/a', 'x', receipt), send('/queue/a', 'y', receipt));
      await rest();
      assert.equal(sender.header('ERROR', 'code'), 'store-unreachable');
      assert.match(sender.said.find((frame) => frame.startsWith('ERROR')) ?? '', /\nmessage:Store unreachable\n[^]*outcome-unknown/);
      assert.equal(sender.said.at(-1), 'closed');
    }
  });
});

describe('what an engine tells', () => {
  test('of groups that were forgotten is counted and logged', async (context) => {
    const engine = new ListenedEngine();
    const errors: LogFields[] = [];
    const log = { debug: () => {}, info: () => {}, warn: () => {}, error: (fields: LogFields) => void errors.push(fields) };
    const { broker } = await scene(context, engine, { log });
    engine.events.onLoss({ groups: 3, detail: 'a failover' });
    engine.events.onLoss({ groups: 2, detail: 'another' });
    assert.equal(broker.stats().counters.lostGroups, 5);
    assert.deepEqual(errors[0], { event: 'store-forgot', groups: 3, detail: 'a failover' });
  });

  test('of a command reaches whoever listens', async (context) => {
    const engine = new ListenedEngine();
    const unknown: LogFields[] = [];
    const log = { info: () => {}, warn: () => {}, error: () => {}, debug: (fields: LogFields) => void unknown.push(fields) };
    const heard: string[] = [];
    const onCommand = (command: string): boolean => {
      heard.push(command);
      return command === 'known';
    };
    const { broker, rest } = await scene(context, engine, { log, onCommand });
    assert.equal(await engine.tell(broker.nodeId, 'known'), true);
    assert.equal(await engine.tell(broker.nodeId, 'strange'), true);
    await rest();
    assert.deepEqual(heard, ['known', 'strange']);
    assert.deepEqual(unknown, [{ event: 'unknown-command', command: 'strange' }]);
  });
});

test('a node tells the directory who it is and how busy', async (context) => {
  const engine = new ListenedEngine();
  const describe = () => ({ connections: 9, address: 'host:1' });
  const { broker, client, rest } = await scene(context, engine, { version: '4.5.6', describe });
  const page = client();
  page.say(subscribe('s', '/topic/t', 'auto'), send('/topic/t'));
  await rest();
  const [info] = await engine.nodes();
  const { id, version, connections, address, sessions, subscriptions, messagesIn, messagesOut, memoryBytes } = info!;
  assert.deepEqual([id, version, connections, address], [broker.nodeId, '4.5.6', 9, 'host:1']);
  assert.deepEqual([sessions, subscriptions, messagesIn, messagesOut], [1, 1, 1, 1]);
  assert.ok(memoryBytes > 1_000_000);
});

describe('a gap in a topic', () => {
  const gaps = (frames: readonly string[]): (string | undefined)[] =>
    frames.filter((frame) => frame.startsWith('MESSAGE')).map((frame) => /\nx-gap:(.*)\n/.exec(frame)?.[1]);

  test('is told on the next MESSAGE of whom it may concern, and on no other', async (context) => {
    const engine = new ListenedEngine();
    const { broker, client, rest } = await scene(context, engine);
    const [exact, wild, other, sender] = [client(), client(), client(), client()];
    exact.say(subscribe('s', '/topic/chat.a', 'auto'));
    wild.say(subscribe('s', '/topic/#', 'client'));
    other.say(subscribe('s', '/topic/news.*', 'auto'));
    await rest();
    engine.events.onGap('chat.*', 3);
    engine.events.onGap('chat.a', 2);
    sender.say(send('/topic/chat.a', 'x', 'x-gap:99\n'), send('/topic/news.b'), send('/topic/chat.a'));
    await rest();
    assert.deepEqual(gaps(exact.said), ['5', undefined]);
    assert.deepEqual(gaps(wild.said), ['5', undefined, undefined]);
    assert.deepEqual(gaps(other.said), [undefined]);
    assert.equal(broker.stats().counters.topicGaps, 2);
  });

  test('of nobody knows how many messages is unknown, and stays so', async (context) => {
    const engine = new ListenedEngine();
    const { client, rest } = await scene(context, engine);
    const reader = client();
    reader.say(subscribe('s', '/topic/a', 'auto'));
    await rest();
    engine.events.onGap('#', 4);
    engine.events.onGap('#', 0);
    engine.events.onGap('#', 4);
    client().say(send('/topic/a'), send('/topic/a'));
    await rest();
    assert.deepEqual(gaps(reader.said), ['unknown', undefined]);
  });

  test('stands on the first message behind it, also where messages wait for credit', async (context) => {
    const engine = new ListenedEngine();
    const { client, rest } = await scene(context, engine);
    const reader = client();
    reader.say(subscribe('s', '/topic/a', 'client').replace('\nack:', '\nprefetch-count:1\nack:'));
    await rest();
    client().say(send('/topic/a', '1'), send('/topic/a', '2'));
    await rest();
    engine.events.onGap('a', 1);
    client().say(send('/topic/a', '3'));
    await rest();
    for (let each = 0; each < 2; each++) {
      const last = reader.said.at(-1) ?? '';
      reader.say(`ACK\nid:${/\nack:(.*)\n/.exec(last)?.[1]}\n\n`);
      await rest();
    }
    assert.deepEqual(gaps(reader.said), [undefined, undefined, '1']);
  });
});
