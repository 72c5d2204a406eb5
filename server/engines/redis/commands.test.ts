import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { RecordedEvents } from '../engine-contract/recorded-events.ts';
import { testNode } from '../engine-contract/test-node.ts';
import { Keys } from './keys.ts';
import { connectRedis } from './link/connect-redis.ts';
import { DEFAULT_REDIS_ENGINE_OPTIONS } from './options.ts';
import { RedisEngine } from './redis-engine.ts';
import { SCRIPTS } from './scripts.ts';
import { startRedis, type RedisServer } from './testing/redis-server.ts';
import { startTcpProxy, type TcpProxy } from './testing/tcp-proxy.ts';
import { until } from './testing/until.ts';

interface Node {
  readonly engine: RedisEngine;
  readonly id: string;
  readonly events: RecordedEvents;
  readonly proxy: TcpProxy;
}

describe('nodes that share a Redis', () => {
  let server: RedisServer;
  let prefix: string;
  let nodes: Node[];

  before(async () => {
    server = await startRedis({ hasPort: true });
  });

  after(() => server.close());

  beforeEach(async () => {
    prefix = `t${randomBytes(6).toString('hex')}`;
    nodes = [];
    for (let i = 0; i < 3; i++) nodes.push(await start());
  });

  afterEach(async () => {
    await Promise.all(nodes.map(({ engine }) => engine.close()));
    await Promise.all(nodes.map(({ proxy }) => proxy.close()));
  });

  async function start(): Promise<Node> {
    const proxy = await startTcpProxy({ port: server.port });
    const redis = connectRedis(proxy.url, { key: new Keys(prefix).nodes, scripts: Object.values(SCRIPTS) });
    const engine = new RedisEngine({ ...DEFAULT_REDIS_ENGINE_OPTIONS, prefix, redis });
    const self = testNode();
    const events = new RecordedEvents();
    await engine.start(events, self);
    return { engine, id: self.id, events, proxy };
  }

  test('know each other, and miss who left', async () => {
    const ids = nodes.map(({ id }) => id).toSorted();
    for (const { engine } of nodes) assert.deepEqual((await engine.nodes()).map(({ id }) => id).toSorted(), ids);
    const [gone, ...left] = nodes as [Node, Node, Node];
    await gone.engine.close();
    for (const { engine } of left) {
      assert.deepEqual((await engine.nodes()).map(({ id }) => id).toSorted(), left.map(({ id }) => id).toSorted());
      assert.equal(await engine.tell(gone.id, 'hello'), false);
    }
  });

  test('reach each other with a command within a second', async () => {
    for (const from of nodes) {
      for (const to of nodes) {
        const count = to.events.commands.length;
        const at = performance.now();
        assert.equal(await from.engine.tell(to.id, `from ${from.id}`), true);
        await to.events.untilCommanded(count + 1);
        assert.equal(to.events.commands.at(-1), `from ${from.id}`);
        assert.ok(performance.now() - at < 1_000, `it took ${performance.now() - at} ms`);
      }
    }
  });

  test('hear each command once and in order, however often their links are cut', async () => {
    const [from, to] = nodes as [Node, Node, Node];
    const wanted: string[] = [];
    for (let i = 0; i < 150; i++) {
      wanted.push(`command ${i}`);
      assert.equal(await from.engine.tell(to.id, `command ${i}`), true);
      if (i % 3 === 0) to.proxy.cut();
      // The beat that it hastens is cut while it is under way now and then.
      await new Promise((resume) => setTimeout(resume, i % 5));
    }
    await until('all commands', () => to.events.commands.length >= wanted.length, 20_000);
    assert.deepEqual(to.events.commands, wanted);
  });
});
