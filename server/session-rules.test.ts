import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { Broker } from './broker/broker.ts';
import type { Engine, Group, Outcome } from './broker/engine.ts';
import { DEFAULT_BROKER_LIMITS, type BrokerLimits } from './broker/limits.ts';
import type { Peer, PeerListener } from './broker/peer.ts';
import { MemoryEngine } from './engines/memory/memory-engine.ts';
import type { WireFrame } from './protocol/wire-frame.ts';

/** A client in the same process: what it says is handled at once, what it is told stands in `said`. */
class Client implements Peer {
  readonly transport = 'tcp';
  readonly remoteAddress = 'test';
  readonly isLocal = true;
  readonly receivedBytes = 0;
  readonly bufferedBytes = 0;
  readonly bufferedLiveBytes = 0;
  readonly oldestLiveAgeMs = 0;
  readonly said: string[] = [];
  isPaused = false;
  listener: PeerListener | undefined;

  say(...frames: string[]): void {
    this.listener?.receive(Buffer.from(frames.map((frame) => `${frame}\0`).join('')));
  }

  /** First header of that name in the first frame that begins so. */
  header(start: string, name: string): string | undefined {
    const frame = this.said.find((each) => each.startsWith(start));
    return new RegExp(`\n${name}:(.*)\n`).exec(frame ?? '')?.[1];
  }

  count(start: string): number {
    return this.said.filter((frame) => frame.startsWith(start)).length;
  }

  send(frame: WireFrame, taken?: () => void): void {
    this.said.push(frame.head.toString());
    if (taken) setImmediate(taken);
  }

  sendLive(frame: WireFrame): void {
    this.send(frame);
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  close(): void {
    this.said.push('closed');
    setImmediate(() => this.listener?.disconnected());
  }

  sendBeat(): void {}
  flush(): void {}
  loggedIn(): void {}
  ping(): void {}
  destroy(): void {}
}

interface Scene {
  readonly engine: Engine;
  client(): Client;
  /** Lets everything that is under way come to rest. */
  rest(): Promise<void>;
}

async function scene(context: TestContext, engine: Engine = new MemoryEngine(), limits: Partial<BrokerLimits> = {}): Promise<Scene> {
  const broker = new Broker({
    engine,
    authenticator: { authenticate: () => ({ ok: true, identity: { user: 'test' } }) },
    authorizer: { authorize: () => true },
    limits,
  });
  await broker.start();
  context.after(() => broker.close());
  return {
    engine,
    client: () => {
      const client = new Client();
      client.listener = broker.accept(client);
      client.say('CONNECT\naccept-version:1.2\n\n');
      return client;
    },
    rest: async () => {
      for (let turn = 0; turn < 20; turn++) await new Promise((resume) => setImmediate(resume));
    },
  };
}

/** An engine whose groups wait until they are let go. */
class HeldEngine extends MemoryEngine {
  readonly waiting: (() => void)[] = [];
  isHolding = false;
  /** Refuses at once, as the embedded engine does on a full disk while earlier groups are still being flushed. */
  isFull = false;

  override async apply(group: Group): Promise<Outcome> {
    if (this.isFull) return { ok: false, failure: { code: 'disk-full', certainty: 'not-stored', detail: 'full' } };
    if (!this.isHolding) return super.apply(group);
    return new Promise((resolve) => {
      this.waiting.push(() => resolve(super.apply(group)));
    });
  }

  letGo(): void {
    for (const go of this.waiting.splice(0)) go();
  }
}

const subscribe = (id: string, destination: string, ack = 'client-individual') =>
  `SUBSCRIBE\nid:${id}\ndestination:${destination}\nack:${ack}\n\n`;
const send = (destination: string, body = 'x', more = '') => `SEND\ndestination:${destination}\n${more}\n${body}`;

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
    const { client, rest } = await scene(context, engine, limits);
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
