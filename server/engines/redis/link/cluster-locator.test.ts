import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { Cluster } from 'ioredis';
import { createCluster } from 'redis';
import { startCluster, type RedisClusterGroup } from '../testing/cluster.ts';
import { RecordedBus, RecordedLink } from '../testing/recorded-link.ts';
import type { RedisServer } from '../testing/redis-server.ts';
import { until } from '../testing/until.ts';
import { connectRedis } from './connect-redis.ts';
import { hashSlot } from './hash-slot.ts';
import { LinkLostError } from './link.ts';

/** Prefixes whose slots lie with the first, the second and the third primary. */
const KEYS = ['{3}:', '{1}:', '{0}:'] as const;

describe('in a cluster', () => {
  let cluster: RedisClusterGroup;
  before(async () => {
    cluster = await startCluster({ hasReplicas: true });
  });
  after(() => cluster.close());

  const rootOf = (node: RedisServer): string => `redis+cluster://127.0.0.1:${node.port}`;
  const ownerOf = (key: string): RedisServer => cluster.primaries[Math.floor((hashSlot(key) * 3) / 16_384)]!;

  for (const client of ['redis', 'ioredis'] as const) {
    test(`a link by ${client} goes to the holder of its slot`, async (t) => {
      for (const key of KEYS) {
        const recorded = new RecordedLink(t, connectRedis(rootOf(cluster.primaries[0]!), { client, key }));
        await recorded.up();
        assert.deepEqual(await recorded.link.command(['SET', `${key}x`, 'y']), Buffer.from('OK'));
        assert.equal(await ownerOf(key).command('GET', `${key}x`), 'y');
        await recorded.link.command(['DEL', `${key}x`]);
      }
    });

    test(`a link by ${client} follows its slot to another node, though most have not heard of it`, async (t) => {
      const key = `{moved-${client}}:`;
      const slot = hashSlot(key);
      const from = ownerOf(key);
      const to = cluster.primaries.find((node) => node !== from)!;
      const recorded = new RecordedLink(t, connectRedis(cluster.url, { client, key }));
      await recorded.up();
      await recorded.link.command(['SET', key, 'here']);
      await recorded.link.command(['DEL', key]);
      const [id, oldId] = [await cluster.idOf(to), await cluster.idOf(from)];
      await to.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', oldId);
      await from.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', id);
      // The others hear of it by and by.
      for (const node of [to, from]) await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', id);
      await assert.rejects(recorded.link.command(['SET', key, 'there']), (error) => error instanceof LinkLostError && !error.wasSent && error.message.startsWith('MOVED'));
      await recorded.up(2);
      assert.deepEqual(await recorded.link.command(['SET', key, 'there']), Buffer.from('OK'));
      assert.equal(await to.command('GET', key), 'there');
      const beginner = new RecordedLink(t, connectRedis(cluster.url, { client, key }));
      await beginner.up();
      assert.deepEqual([await beginner.link.command(['GET', key]), beginner.downs], [Buffer.from('there'), []]);
    });
  }

  test('clients of both libraries tell where the nodes are, and stay as they were', async (t) => {
    const theirs = createCluster({ rootNodes: [{ url: cluster.primaries[0]!.url }, { socket: { host: '127.0.0.1', port: cluster.primaries[1]!.port } }] });
    theirs.on('error', () => {});
    const others = new Cluster([cluster.primaries[2]!.port, `127.0.0.1:${cluster.primaries[0]!.port}`], { lazyConnect: true });
    const [first, second, third] = cluster.primaries.map(({ port }) => `127.0.0.1:${port}`);
    const expected = [`redis+cluster://${first},${second} by node-redis`, `redis+cluster://${third},${first} by ioredis`];
    for (const [i, client] of [theirs, others].entries()) {
      const redis = connectRedis(client, { key: KEYS[1] });
      assert.equal(redis.description, expected[i]);
      const recorded = new RecordedLink(t, redis);
      await recorded.up();
      assert.deepEqual(await recorded.link.command(['SET', `${KEYS[1]}mine`, i]), Buffer.from('OK'));
      await recorded.link.close();
    }
    assert.deepEqual([theirs.isOpen, others.status], [false, 'wait']);
    await theirs.connect();
    assert.equal(await theirs.get(`${KEYS[1]}mine`), '1');
    await theirs.close();
    assert.equal(await others.get(`${KEYS[1]}mine`), '1');
    others.disconnect();
  });

  // The last one: it kills a primary.
  test('links and buses of both libraries follow a failover, by nodes they only heard of', async (t) => {
    const owner = ownerOf(KEYS[0]);
    const redises = (['redis', 'ioredis'] as const).map((client) => connectRedis(rootOf(owner), { client, key: KEYS[0], callMs: 1000 }));
    const links = redises.map((redis) => new RecordedLink(t, redis));
    const buses = redises.map((redis) => new RecordedBus(t, redis));
    await Promise.all([...links.map((one) => one.up()), ...buses.map((one) => one.up())]);
    await Promise.all(buses.map(({ bus }) => bus.listen(['news'])));
    for (const { link } of links) await link.command(['INCR', `${KEYS[0]}count`]);
    const replica = cluster.replicas[cluster.primaries.indexOf(owner)]!;
    await until('the replica to be in step', async () => (await replica.info('replication', 'master_link_status')) === 'up');
    await owner.kill();
    await Promise.all([...links.map((one) => one.up(2, 20_000)), ...buses.map((one) => one.up(2, 20_000))]);
    assert.deepEqual([await links[0]!.link.command(['INCR', `${KEYS[0]}count`]), await links[1]!.link.command(['INCR', `${KEYS[0]}count`])], [3, 4]);
    assert.equal(await replica.info('replication', 'role'), 'master');
    // Told from another node: PUBLISH goes through all of a cluster.
    await cluster.primaries.find((node) => node !== owner)!.command('PUBLISH', 'news', 'x');
    await until('both to hear', () => buses.every(({ messages }) => messages.length === 1));
  });
});
