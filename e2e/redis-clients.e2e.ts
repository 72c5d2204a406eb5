import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { ConfigError, createBroker, type BrokerOptions, type StompedeBroker } from '../server/index.ts';
import { startRedis, type RedisServer } from '../server/engines/redis/testing/redis-server.ts';
import { connectRawClient, type RawClient } from './harness/raw-client.ts';

let redis: RedisServer;
const brokers: StompedeBroker[] = [];
const clients: RawClient[] = [];

before(async () => {
  redis = await startRedis();
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.finish();
  await Promise.all(brokers.splice(0).map((broker) => broker.close({ drainMs: 0 })));
});

after(async () => {
  await redis.close();
});

/** A node in this process, and a session on it. */
async function connectTo(options: BrokerOptions): Promise<RawClient> {
  const broker = await createBroker(options);
  brokers.push(broker);
  assert.equal(broker.stats().engine, 'redis');
  const { port } = await broker.listenTcp({ port: 0 });
  const client = await connectRawClient({ wsUrl: '', tcpPort: port }, { transport: 'tcp' });
  clients.push(client);
  return client;
}

/** Both ways, a topic and a queue. */
async function talk(here: RawClient, there: RawClient): Promise<void> {
  for (const [to, from] of [[here, there], [there, here]] as const) {
    await to.request('SUBSCRIBE', { id: 't', destination: '/topic/news' });
    await from.request('SEND', { destination: '/topic/news' }, 'news');
    assert.equal(String((await to.expectFrame('MESSAGE')).body), 'news');
    await to.request('UNSUBSCRIBE', { id: 't' });
  }
  await here.request('SEND', { destination: '/queue/work' }, 'work');
  await there.request('SUBSCRIBE', { id: 'q', destination: '/queue/work' });
  assert.equal(String((await there.expectFrame('MESSAGE')).body), 'work');
}

describe('an application', () => {
  test('hands over its own client, of either library, and keeps it', async () => {
    const nodeRedis = await createClient({ socket: { path: redis.socket, tls: false } }).connect();
    const ioredis = new Redis({ path: redis.socket });
    try {
      await talk(await connectTo({ redis: nodeRedis }), await connectTo({ redis: ioredis }));
      await Promise.all(brokers.splice(0).map((broker) => broker.close({ drainMs: 0 })));
      assert.equal(await nodeRedis.ping(), 'PONG');
      assert.equal(await ioredis.ping(), 'PONG');
    } finally {
      nodeRedis.destroy();
      ioredis.disconnect();
    }
  });

  test('names a URL, with either library', async () => {
    await talk(await connectTo({ redis: redis.url }), await connectTo({ redisUrl: redis.url, redis: { client: 'ioredis' } }));
  });

  test('keeps clusters apart by their prefix', async () => {
    const client = new Redis({ path: redis.socket, lazyConnect: true });
    const one = await connectTo({ redis: { connection: client, prefix: 'one' } });
    const two = await connectTo({ redis: { connection: client, prefix: 'two' } });
    await two.request('SUBSCRIBE', { id: 't', destination: '/topic/apart' });
    await one.request('SEND', { destination: '/topic/apart' });
    await one.request('SEND', { destination: '/queue/apart' });
    await two.request('SUBSCRIBE', { id: 'q', destination: '/queue/apart' });
    await two.noFrameUntil();
    client.disconnect();
  });

  test('is refused what is neither', async () => {
    const refused = { name: 'ConfigError', message: /must say which Redis/ };
    await assert.rejects(createBroker({ redis: 'http://127.0.0.1' }), refused);
    await assert.rejects(createBroker({ redis: new Map() as never }), refused);
    await assert.rejects(createBroker({ redis: { prefix: 'a' }, engine: 'redis' }), ConfigError);
  });
});
