import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { afterEach, describe, test } from 'node:test';
import { message, names } from '../engine-contract/messages.ts';
import { once } from '../engine-contract/repeats.ts';
import { enqueue, publish } from '../engine-contract/rig.ts';
import { startRedis, type RedisServer, type RedisServerOptions } from './testing/redis-server.ts';
import { closeProxiedNodes, startProxiedNodes, type ProxiedNode } from './testing/proxied-nodes.ts';
import { until } from './testing/until.ts';

describe('what is to happen once on nodes that share a store', () => {
  const nodes: ProxiedNode[] = [];
  let server: RedisServer | undefined;
  let prefix = '';

  afterEach(async () => {
    await closeProxiedNodes(nodes);
    await server?.close();
  });

  async function start(options: RedisServerOptions = {}): Promise<RedisServer> {
    server = await startRedis({ ...options, hasPort: true });
    prefix = `t${randomBytes(6).toString('hex')}`;
    nodes.push(...(await startProxiedNodes(server, prefix)));
    for (const { engine } of nodes) await engine.watch('news');
    return server;
  }

  /** The same from all nodes at once, in a queue and on a plain topic; how many of all were left out. */
  async function sendFromAll(key: string): Promise<number> {
    const outcomes = await Promise.all(
      nodes.map(({ engine }) => engine.apply({ operations: [once(enqueue('q', key), `q ${key}`), once(publish('news', key), `t ${key}`)], lane: 'durable' })),
    );
    return outcomes.reduce((sum, outcome) => {
      assert.ok(outcome.ok, JSON.stringify(outcome));
      return sum + outcome.repeats;
    }, 0);
  }

  for (const areCut of [false, true]) {
    test(`happens once in the cluster${areCut ? ', also while links are cut' : ''}`, async () => {
      await start();
      let isDone = false;
      const cutting = (async () => {
        for (let i = 0; areCut && !isDone; i++) {
          nodes[i % nodes.length]!.proxy.cut();
          await new Promise((resume) => setTimeout(resume, 30));
        }
      })();
      const keys = names(200, 'k');
      const repeats: number[] = [];
      for (let from = 0; from < keys.length; from += 20) repeats.push(...(await Promise.all(keys.slice(from, from + 20).map(sendFromAll))));
      isDone = true;
      await cutting;
      assert.deepEqual(repeats, keys.map(() => 4));
      const stored = await until('the queue to be shown', () => nodes[0]!.engine.browse('q', 0, 1000));
      assert.deepEqual(stored.map(({ id }) => id).sort(), [...keys].sort());
      for (const { engine, events } of nodes) {
        await until('the end', async () => (await engine.apply({ operations: [{ kind: 'publish', topic: 'news', message: message('end') }], lane: 'durable' })).ok);
        await until('all messages', () => events.published.includes('news end'));
        const told = events.published.filter((each) => each !== 'news end');
        assert.deepEqual(told.sort(), keys.map((key) => `news ${key}`).sort());
        assert.deepEqual(events.fatal, []);
      }
    });
  }

  test('leaves a key for as long as its window, and none where its group failed', async () => {
    const redis = await start();
    const [{ engine }] = nodes as [ProxiedNode];
    await engine.apply({ operations: [once(enqueue('q', 'm1'), 'k', 90_000)], lane: 'durable' });
    await engine.apply({ operations: [once(enqueue('q', 'm2'), 'failed'), { kind: 'settle', queue: 'q', seq: 7 }], lane: 'durable' });
    await engine.apply({ operations: [once(enqueue('q', 'm3'), 'k', 500_000)], lane: 'durable' });
    const key = (name: string): string => `${prefix}:{${prefix}}:once:${name}`;
    const leftMs = Number(await redis.command('PTTL', key('k')));
    assert.ok(leftMs > 60_000 && leftMs <= 90_000, `${leftMs} ms`);
    assert.equal(await redis.command('EXISTS', key('failed')), 0);
  });

  test('is known to a Redis that came back with its file', async () => {
    const redis = await start({ appendFsync: 'always' });
    assert.equal(await sendFromAll('k'), 4);
    await redis.restart();
    await until('all nodes to be up', () => nodes.every(({ engine }) => engine.health().state === 'up'));
    assert.equal(await sendFromAll('k'), 6);
  });
});
