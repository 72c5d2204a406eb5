import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { startRedis, type RedisServer } from '../server/engines/redis/testing/redis-server.ts';
import { createBroker, type BrokerOptions, type StompedeBroker } from '../server/index.ts';
import { connectRawClient, type RawClient } from './harness/raw-client.ts';

const brokers: StompedeBroker[] = [];
const clients: RawClient[] = [];
let redis: RedisServer;
let dataDir = '';

before(async () => {
  redis = await startRedis();
  dataDir = await mkdtemp(join(tmpdir(), 'stompede-looking-'));
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.finish();
  await Promise.all(brokers.splice(0).map((broker) => broker.close({ drainMs: 0 })));
});

after(async () => {
  await redis.close();
  await rm(dataDir, { recursive: true, force: true });
});

/** Nodes of one engine; where there can be only one, both clients are on it. */
async function connectTwo(options: BrokerOptions, nodes: number): Promise<[RawClient, RawClient]> {
  const ports: number[] = [];
  for (let node = 0; node < nodes; node++) {
    const broker = await createBroker(options);
    brokers.push(broker);
    ports.push((await broker.listenTcp({ port: 0 })).port);
  }
  const connect = async (port: number): Promise<RawClient> => {
    const client = await connectRawClient({ wsUrl: '', tcpPort: port }, { transport: 'tcp' });
    clients.push(client);
    return client;
  };
  return [await connect(ports[0] ?? 0), await connect(ports.at(-1) ?? 0)];
}

const ENGINES: Readonly<Record<string, () => [options: BrokerOptions, nodes: number]>> = {
  memory: () => [{ engine: 'memory' }, 1],
  embedded: () => [{ engine: 'embedded', dataDir }, 1],
  'two nodes on Redis': () => [{ redisUrl: redis.url }, 2],
};

for (const [name, optionsOf] of Object.entries(ENGINES)) {
  describe(`on ${name}`, () => {
    test('a queue is browsed to its end, with a selector, and then consumed in full', async () => {
      const [here, there] = await connectTwo(...optionsOf());
      const destination = '/queue/looked-at';
      const sizes = Array.from({ length: 700 }, (_, i) => String(i));
      for (const size of sizes) here.frame('SEND', { destination, size }, size === '300' ? 'x'.repeat(2_000_000) : 'x'.repeat(500));
      await here.request('SEND', { destination: '/queue/void' });
      await there.request('SUBSCRIBE', { id: 'b', destination, browser: 'true', selector: 'size % 7 = 6 OR size = 300' });
      for (const size of sizes.filter((each) => Number(each) % 7 === 6 || each === '300')) {
        assert.equal((await there.expectFrame('MESSAGE')).headers['size'], size);
      }
      assert.equal((await there.expectFrame('MESSAGE')).headers['browser'], 'end');
      await there.request('UNSUBSCRIBE', { id: 'b' });
      await there.request('SUBSCRIBE', { id: 's', destination });
      for (const size of sizes) assert.equal((await there.expectFrame('MESSAGE')).headers['size'], size);
    });

    test('a queue is shared by consumers with selectors, on whichever node, past many that nobody selects', async () => {
      const [here, there] = await connectTwo(...optionsOf());
      const destination = '/queue/selected';
      for (let i = 0; i < 3_000; i++) here.frame('SEND', { destination, size: '0' });
      await here.request('SEND', { destination, size: '1' }, 'first');
      await there.request('SUBSCRIBE', { id: 's', destination, ack: 'client-individual', 'prefetch-count': '1', selector: 'size = 1' });
      assert.equal((await there.expectFrame('MESSAGE')).text, 'first');
      await here.request('SUBSCRIBE', { id: 's', destination, ack: 'client-individual', selector: 'size IN (1, 2)' });
      await there.request('SEND', { destination, size: '2' }, 'second');
      assert.equal((await here.expectFrame('MESSAGE')).text, 'second');
      await there.request('UNSUBSCRIBE', { id: 's' });
      assert.equal((await here.expectFrame('MESSAGE')).text, 'first');
      await here.request('UNSUBSCRIBE', { id: 's' });
      await there.request('SUBSCRIBE', { id: 't', destination, selector: 'size > 0' });
      assert.deepEqual([(await there.expectFrame('MESSAGE')).text, (await there.expectFrame('MESSAGE')).text], ['first', 'second']);
      await there.noFrameUntil();
    });

    test('topics are filtered by selectors and by no-local', async () => {
      const [here, there] = await connectTwo(...optionsOf());
      const destination = '/topic/filtered';
      await there.request('SUBSCRIBE', { id: 's', destination, selector: "colour = 'red'", 'no-local': 'true' });
      there.frame('SEND', { destination, colour: 'red' }, 'own');
      await there.noFrameUntil();
      for (const colour of ['blue', 'red', 'green']) await here.request('SEND', { destination, colour }, colour);
      assert.equal((await there.expectFrame('MESSAGE')).text, 'red');
      await there.noFrameUntil();
    });
  });
}
