import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { Redis as Ioredis } from 'ioredis';
import { createSentinel } from 'redis';
import { RecordedBus, RecordedLink } from '../testing/recorded-link.ts';
import { startSentinels, type SentinelGroup } from '../testing/sentinels.ts';
import { until } from '../testing/until.ts';
import { connectRedis } from './connect-redis.ts';
import type { Redis } from './link.ts';

const KEY = 'stompede:{0}:';

describe('behind Sentinels', () => {
  let group: SentinelGroup;
  before(async () => {
    group = await startSentinels();
  });
  after(() => group.close());

  const sentinelHosts = (): { host: string; port: number }[] => group.sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));

  test('clients of both libraries tell where the Sentinels are, and stay as they were', async (t) => {
    const theirs = createSentinel({ name: group.masterName, sentinelRootNodes: sentinelHosts() });
    theirs.on('error', () => {});
    const others = new Ioredis({ sentinels: sentinelHosts(), name: group.masterName, lazyConnect: true });
    for (const [client, name] of [[theirs, 'node-redis'], [others, 'ioredis']] as const) {
      const redis = connectRedis(client, { key: KEY });
      assert.equal(redis.description, `redis+sentinel://${sentinelHosts().map(({ port }) => `127.0.0.1:${port}`).join(',')}/main/0 by ${name}`);
      const recorded = new RecordedLink(t, redis);
      await recorded.up();
      assert.deepEqual(await recorded.link.command(['PING']), Buffer.from('PONG'));
      await recorded.link.close();
    }
    assert.deepEqual([theirs.isOpen, others.status], [false, 'wait']);
    await theirs.connect();
    assert.equal(await theirs.ping(), 'PONG');
    await theirs.close();
    assert.equal(await others.ping(), 'PONG');
    others.disconnect();
  });

  test('a name that the Sentinels do not know is told', async (t) => {
    const recorded = new RecordedLink(t, connectRedis(group.url.replace('/main', '/other'), { key: KEY }));
    await until('a failed attempt', () => recorded.failures.length > 0);
    assert.match(recorded.failures[0]!.message, /nobody could tell where the primary is: .*knows no primary of the name other/);
  });

  // The last one: it kills the primary.
  test('links and buses of both libraries follow a failover', async (t) => {
    const redises: Redis[] = (['redis', 'ioredis'] as const).map((client) => connectRedis(group.url, { client, key: KEY, callMs: 1000 }));
    const links = redises.map((redis) => new RecordedLink(t, redis));
    const buses = redises.map((redis) => new RecordedBus(t, redis));
    await Promise.all([...links.map((one) => one.up()), ...buses.map((one) => one.up())]);
    await Promise.all(buses.map(({ bus }) => bus.listen(['news'])));
    for (const { link } of links) await link.command(['INCR', 'count']);
    await until('the replica to have both', async () => (await group.replica.command('GET', 'count')) === '2');
    await group.primary.kill();
    await Promise.all([...links.map((one) => one.up(2, 20_000)), ...buses.map((one) => one.up(2, 20_000))]);
    assert.deepEqual([await links[0]!.link.command(['INCR', 'count']), await links[1]!.link.command(['INCR', 'count'])], [3, 4]);
    assert.equal(await group.replica.info('replication', 'role'), 'master');
    assert.equal(await links[0]!.link.command(['PUBLISH', 'news', 'x']), 2);
  });
});
