import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import type { LogPage, LogPosition } from '../../broker/engine.ts';
import { message, names } from '../engine-contract/messages.ts';
import { startRedis, type RedisServer, type RedisServerOptions } from './testing/redis-server.ts';
import { closeProxiedNodes, startProxiedNodes, type ProxiedNode } from './testing/proxied-nodes.ts';
import { until } from './testing/until.ts';

const TOPIC = 'history.news';
const LOG = { maxMessages: 10_000, maxAgeMs: 0 };

describe('a topic log that nodes share', () => {
  const nodes: ProxiedNode[] = [];
  let server: RedisServer | undefined;

  afterEach(async () => {
    await closeProxiedNodes(nodes);
    await server?.close();
  });

  async function start(options: RedisServerOptions = {}): Promise<RedisServer> {
    server = await startRedis({ ...options, hasPort: true });
    nodes.push(...(await startProxiedNodes(server)));
    for (const [i, { engine }] of nodes.entries()) await engine.watch(i === 0 ? TOPIC : 'history.*');
    return server;
  }

  /** From all nodes at once; resolves when all are in the log. */
  async function publish(count: number, name: string): Promise<void> {
    const outcomes = nodes.flatMap(({ engine }, i) =>
      names(count, `${name}${i}-`).map((id) => engine.apply({ operations: [{ kind: 'publish', topic: TOPIC, message: message(id), log: LOG }], lane: 'durable' })),
    );
    for (const outcome of await Promise.all(outcomes)) assert.deepEqual(outcome, { ok: true, missed: 0, repeats: 0 });
  }

  const read = (node: number, after?: LogPosition): Promise<LogPage> => nodes[node]!.engine.readLog(TOPIC, after, 100_000);
  const placesSeenBy = ({ events }: ProxiedNode): string[] => events.messages.map(({ message: { id }, position }) => `${position?.epoch} ${position?.offset} ${id}`);
  const placesIn = ({ epoch, entries }: LogPage): string[] => entries.map(({ offset, message: { id } }) => `${epoch} ${offset} ${id}`);

  for (const areCut of [false, true]) {
    test(`has the same places on each, without a hole${areCut ? ', also while links are cut' : ''}`, async () => {
      await start();
      const COUNT = 300;
      let isDone = false;
      const cutting = (async () => {
        for (let i = 0; areCut && !isDone; i++) {
          nodes[i % nodes.length]!.proxy.cut();
          await new Promise((resume) => setTimeout(resume, 30));
        }
      })();
      for (let round = 0; round < 10; round++) await publish(COUNT / 10, `r${round}-`);
      isDone = true;
      await cutting;
      const page = await until('the log to be read', () => read(0));
      const places = placesIn(page);
      assert.deepEqual(page.entries.map(({ offset }) => offset), Array.from({ length: 3 * COUNT }, (_, i) => i + 1));
      assert.ok(page.isComplete);
      for (const [i, node] of nodes.entries()) {
        await until('all messages', () => node.events.messages.length >= places.length);
        assert.deepEqual(placesSeenBy(node), places);
        assert.deepEqual(placesIn(await until('the log to be read', () => read(i))), places);
        assert.deepEqual(node.events.fatal, []);
      }
    });
  }

  const lossless = (): LogPosition => nodes[0]!.events.messages[49]!.position!;

  /** Restarts Redis, waits until all nodes are back, and publishes anew. */
  async function restart(redis: RedisServer): Promise<void> {
    await redis.restart();
    await until('all nodes to be up', () => nodes.every(({ engine }) => engine.health().state === 'up'));
    await until('all nodes to have asked for the topic again', async () => {
      const heard = nodes.map(({ events }) => events.messages.length);
      await publish(1, 'probe-');
      await until('it to come', () => nodes.every(({ events }, i) => events.messages.length > heard[i]!), 500);
      return true;
    });
  }

  test('whose Redis came back empty says so to whoever knows a place in the old one', async () => {
    const redis = await start();
    await publish(100, 'old-');
    await until('all messages', () => nodes.every(({ events }) => events.messages.length === 300));
    const place = lossless();
    assert.ok((await read(1, place)).isComplete);
    await restart(redis);
    for (const node of [0, 1, 2]) {
      const page = await read(node, place);
      assert.equal(page.isComplete, false);
      assert.notEqual(page.epoch, place.epoch);
    }
  });

  test('whose Redis came back with its file goes on in the same epoch, and claims no more than it knows', async () => {
    const redis = await start({ appendFsync: 'always' });
    await publish(100, 'old-');
    await until('all messages', () => nodes.every(({ events }) => events.messages.length === 300));
    const place = lossless();
    const newest = nodes[0]!.events.messages[299]!.position!;
    await restart(redis);
    await publish(10, 'new-');
    for (const node of [0, 1, 2]) {
      const page = await read(node, place);
      assert.equal(page.epoch, place.epoch);
      assert.equal(page.entries[0]?.offset, place.offset + 1);
      const offsets = page.entries.map(({ offset }) => offset);
      assert.deepEqual(offsets, offsets.toSorted((a, b) => a - b));
      assert.ok(offsets.at(-1)! > newest.offset + 30, 'numbering goes on behind a hole');
      // What came last before the end of the old process may have been lost: nobody can tell.
      assert.equal((await read(node, newest)).isComplete, false);
      const later = page.entries.at(-20)!;
      assert.ok((await read(node, { epoch: page.epoch, offset: later.offset })).isComplete);
    }
  });
});
