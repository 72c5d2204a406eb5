import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { Cluster, Redis as Ioredis } from 'ioredis';
import { createClient, createCluster, createSentinel, type RedisClientOptions } from 'redis';
import { RecordedLink } from '../testing/recorded-link.ts';
import { startRedis, type RedisServer } from '../testing/redis-server.ts';
import { until } from '../testing/until.ts';
import { readClient } from './client-source.ts';
import { connectRedis } from './connect-redis.ts';
import type { Credentials } from './login.ts';
import type { Access, Topology } from './source.ts';

const credentialsOf = async (access: Access): Promise<Credentials> => (await access.login(() => {})).credentials;
const sentinelOf = (topology: Topology): Extract<Topology, { kind: 'sentinel' }> => {
  assert.ok(topology.kind === 'sentinel');
  return topology;
};
const clusterOf = (topology: Topology): Extract<Topology, { kind: 'cluster' }> => {
  assert.ok(topology.kind === 'cluster');
  return topology;
};

describe('the options of clients', () => {
  test('of node-redis', async () => {
    const { topology, access } = readClient(createClient({ url: 'redis://u:p%40@h:7000/3', socket: { family: 6 } }));
    assert.deepEqual(topology, { kind: 'single', endpoint: { host: 'h', port: 7000 } });
    assert.deepEqual(await credentialsOf(access), { username: 'u', password: 'p@' });
    assert.deepEqual([access.database, access.family, access.tls], [3, 6, undefined]);
    assert.deepEqual(readClient(createClient()).topology, { kind: 'single', endpoint: { host: 'localhost', port: 6379 } });
    assert.deepEqual(readClient(createClient({ socket: { path: '/s', tls: false } })).topology, { kind: 'single', endpoint: { path: '/s' } });
    const secure = readClient(createClient({ password: 'p', socket: { host: 'h', tls: true, ca: 'x', servername: 'n', reconnectStrategy: false } }));
    assert.deepEqual(secure.access.tls, { ca: 'x', servername: 'n' });
  });

  test('of a sentinel of node-redis', async () => {
    const { topology, access } = readClient(
      createSentinel({
        name: 'main',
        sentinelRootNodes: [{ host: 'a', port: 1 }, { host: 'b', port: 2 }],
        nodeClientOptions: { username: 'u', password: 'p', database: 2, socket: { tls: true, ca: 'x' } },
        sentinelClientOptions: { password: 'sp' },
        nodeAddressMap: { 'inner:1': { host: 'outer', port: 9 } },
      }),
    );
    const { sentinels, masterName, translate, access: toSentinels } = sentinelOf(topology);
    assert.deepEqual([sentinels, masterName], [[{ host: 'a', port: 1 }, { host: 'b', port: 2 }], 'main']);
    assert.deepEqual([translate?.('inner:1'), translate?.('inner:2')], [{ host: 'outer', port: 9 }, undefined]);
    assert.deepEqual([await credentialsOf(access), access.database, access.tls], [{ username: 'u', password: 'p' }, 2, { ca: 'x' }]);
    assert.deepEqual([await credentialsOf(toSentinels), toSentinels.tls], [{ username: undefined, password: 'sp' }, undefined]);
  });

  test('of a cluster of node-redis', async () => {
    const { topology, access } = readClient(
      createCluster({
        rootNodes: [{ url: 'rediss://a:1' }, { socket: { host: 'b', port: 2 } }],
        defaults: { username: 'u', password: 'p', socket: { tls: true, ca: 'x' } },
        nodeAddressMap: (address) => ({ host: `outer-${address}`, port: 9 }),
      }),
    );
    const { nodes, translate } = clusterOf(topology);
    assert.deepEqual(nodes, [{ host: 'a', port: 1 }, { host: 'b', port: 2 }]);
    assert.deepEqual(translate?.('inner'), { host: 'outer-inner', port: 9 });
    assert.deepEqual([await credentialsOf(access), access.tls], [{ username: 'u', password: 'p' }, { ca: 'x' }]);
    const byRoot = readClient(createCluster({ rootNodes: [{ url: 'redis://u:p@a:1' }] }));
    assert.deepEqual(await credentialsOf(byRoot.access), { username: 'u', password: 'p' });
  });

  test('of ioredis', async () => {
    const read = (...args: [string, object]): ReturnType<typeof readClient> => readClient(new Ioredis(args[0], { lazyConnect: true, ...args[1] }));
    const { topology, access } = read('redis://u:p%40@h:7000/3', { family: 6 });
    assert.deepEqual(topology, { kind: 'single', endpoint: { host: 'h', port: 7000 } });
    assert.deepEqual([await credentialsOf(access), access.database, access.family], [{ username: 'u', password: 'p@' }, 3, 6]);
    assert.deepEqual(read('/s', {}).topology, { kind: 'single', endpoint: { path: '/s' } });
    assert.deepEqual(read('redis://h', { tls: { ca: 'x' } }).access.tls, { ca: 'x' });
  });

  test('of ioredis with Sentinels', async () => {
    const { topology, access } = readClient(
      new Ioredis({
        lazyConnect: true,
        name: 'main',
        sentinels: [{ host: 'a', port: 1 }, { host: 'b' }],
        username: 'u',
        password: 'p',
        db: 2,
        tls: { ca: 'x' },
        enableTLSForSentinelMode: true,
        sentinelPassword: 'sp',
        natMap: { 'inner:1': { host: 'outer', port: 9 } },
      }),
    );
    const { sentinels, masterName, translate, access: toSentinels } = sentinelOf(topology);
    assert.deepEqual([sentinels, masterName], [[{ host: 'a', port: 1 }, { host: 'b', port: 26_379 }], 'main']);
    assert.deepEqual(translate?.('inner:1'), { host: 'outer', port: 9 });
    assert.deepEqual([await credentialsOf(access), access.database, access.tls], [{ username: 'u', password: 'p' }, 2, { ca: 'x' }]);
    assert.deepEqual([await credentialsOf(toSentinels), toSentinels.tls], [{ username: undefined, password: 'sp' }, undefined]);
  });

  test('of a Cluster of ioredis', async () => {
    const { topology, access } = readClient(
      new Cluster([{ host: 'a', port: 1 }, 'redis://b:2', 3, 'c:4'], {
        lazyConnect: true,
        redisOptions: { username: 'u', password: 'p', tls: { ca: 'x' } },
        natMap: () => ({ host: 'outer', port: 9 }),
      }),
    );
    const { nodes, translate } = clusterOf(topology);
    assert.deepEqual(nodes, [{ host: 'a', port: 1 }, { host: 'b', port: 2 }, { host: '127.0.0.1', port: 3 }, { host: 'c', port: 4 }]);
    assert.deepEqual(translate?.('inner'), { host: 'outer', port: 9 });
    assert.deepEqual([await credentialsOf(access), access.tls], [{ username: 'u', password: 'p' }, { ca: 'x' }]);
    const byNode = readClient(new Cluster(['rediss://u:p@a:1'], { lazyConnect: true }));
    assert.deepEqual([await credentialsOf(byNode.access), byNode.access.tls], [{ username: 'u', password: 'p' }, {}]);
  });

  test('are asked of clients only', () => {
    for (const wrong of [{}, { url: 'redis://secret@h' }, [], new Map(), { duplicate: 1 }]) {
      assert.throws(() => connectRedis(wrong, { key: '' }), (error) => error instanceof TypeError && /^Expected a URL of Redis, or a client/.test(error.message) && !error.message.includes('secret'));
    }
    assert.throws(() => connectRedis(undefined as unknown as object, { key: '' }), TypeError);
    const strange = { withTypeMapping() {}, duplicate: () => ({}) };
    assert.throws(() => connectRedis(strange, { key: '' }), /"redis" 5 or later/);
  });
});

describe('a link made from a client', () => {
  let server: RedisServer;
  before(async () => {
    server = await startRedis({ hasPort: true, password: 'one' });
  });
  after(() => server.close());

  test('leaves a connected client of node-redis as it was', async (t) => {
    const theirs = createClient({ url: `redis://:one@127.0.0.1:${server.port}/1` });
    theirs.on('error', () => {});
    await theirs.connect();
    t.after(() => theirs.destroy());
    const recorded = new RecordedLink(t, connectRedis(theirs, { key: '{0}:' }));
    await recorded.up();
    await recorded.link.command(['SET', 'a', 'b']);
    const clients = await theirs.sendCommand<string>(['CLIENT', 'LIST']);
    assert.equal(clients.trim().split('\n').length, 2, 'a connection of its own');
    await recorded.link.close();
    assert.deepEqual([theirs.isReady, await theirs.get('a')], [true, 'b']);
  });

  test('leaves a connected client of ioredis as it was', async (t) => {
    const theirs = new Ioredis(`redis://:one@127.0.0.1:${server.port}/1`);
    t.after(() => theirs.disconnect());
    await until('it is ready', () => theirs.status === 'ready');
    const recorded = new RecordedLink(t, connectRedis(theirs, { key: '{0}:' }));
    await recorded.up();
    await recorded.link.command(['SET', 'a', 'c']);
    const clients = String(await theirs.client('LIST'));
    assert.equal(clients.trim().split('\n').length, 2, 'a connection of its own');
    await recorded.link.close();
    assert.deepEqual([theirs.status, await theirs.get('a')], ['ready', 'c']);
  });

  test('asks a provider for credentials with every connection, and takes new ones from it', async (t) => {
    let onNext: ((credentials: Credentials) => void) | undefined;
    let [openCount, askedCount] = [0, 0];
    const credentialsProvider: NonNullable<RedisClientOptions['credentialsProvider']> = {
      type: 'streaming-credentials-provider',
      subscribe: (listener) => {
        openCount++;
        askedCount++;
        onNext = (credentials) => listener.onNext({ username: 'default', password: '', ...credentials } as Parameters<typeof listener.onNext>[0]);
        return Promise.resolve([{ username: 'default', password: 'one' }, { dispose: () => void openCount-- }]);
      },
      onReAuthenticationError() {},
    };
    const recorded = new RecordedLink(t, connectRedis(createClient({ socket: { port: server.port }, credentialsProvider }), { key: '{0}:' }));
    await recorded.up();
    await recorded.link.command(['ACL', 'SETUSER', 'second', 'on', '>two', '~*', '+@all']);
    onNext!({ username: 'second', password: 'two' });
    await until('the new user', async () => String(await recorded.link.command(['ACL', 'WHOAMI'])) === 'second');
    recorded.link.drop('for once');
    await recorded.up(2);
    assert.deepEqual([openCount, askedCount], [1, 2]);
    await recorded.link.close();
    assert.equal(openCount, 0);
  });
});
