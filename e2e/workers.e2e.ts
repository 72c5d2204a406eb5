import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { after, afterEach, before, describe, test } from 'node:test';
import { startRedis, type RedisServer } from '../server/engines/redis/testing/redis-server.ts';
import { startBroker, type BrokerOptions, type BrokerProcess } from './harness/broker-process.ts';
import { eventually } from './harness/eventually.ts';
import { openRawClient, type RawClient } from './harness/raw-client.ts';
import { TRANSPORTS, type Transport } from './harness/raw-socket.ts';
import type { ServerFrame } from './harness/server-frame.ts';

let redis: RedisServer;
let broker: BrokerProcess | undefined;
const clients: RawClient[] = [];

before(async () => {
  redis = await startRedis();
});

afterEach(async () => {
  try {
    for (const client of clients.splice(0)) client.finish();
  } finally {
    await broker?.abandon();
    broker = undefined;
  }
});

after(async () => {
  await redis.close();
});

async function startWorkers(options: BrokerOptions = {}): Promise<BrokerProcess> {
  broker = await startBroker({ ...options, env: { REDIS_URL: redis.url, ...options.env }, args: ['--workers', '2'] });
  return broker;
}

function pidsOf({ logs }: BrokerProcess): readonly number[] {
  return logs.find(({ event }) => event === 'listening')?.['workerPids'] as number[];
}

/** A session's id names its node. */
interface Connected {
  readonly client: RawClient;
  readonly node: string;
}

async function connect(target: BrokerProcess, transport: Transport): Promise<Connected> {
  const client = await openRawClient(target, { transport });
  clients.push(client);
  const { headers } = await client.connect();
  return { client, node: (headers['session'] ?? '').split('-')[0] ?? '' };
}

/** One session on each of two nodes. */
async function connectToBoth(target: BrokerProcess, transport: Transport): Promise<[Connected, Connected]> {
  const first = await connect(target, transport);
  const second = await eventually(async () => {
    const other = await connect(target, transport);
    assert.notEqual(other.node, first.node);
    return other;
  });
  return [first, second];
}

/** What `from` publishes reaches `to` on its node. */
async function hears(to: RawClient, from: RawClient, body: string): Promise<void> {
  await to.request('SUBSCRIBE', { id: body, destination: `/topic/${body}` });
  await from.request('SEND', { destination: `/topic/${body}` }, body);
  const message = await to.expectFrame('MESSAGE');
  assert.equal(String(message.body), body);
}

/** The node that answers on a connection of its own. */
function nodeAt({ httpUrl }: BrokerProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    get(`${httpUrl}/healthz`, { agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk)));
      response.on('end', () => resolve((JSON.parse(text) as { node: string }).node));
    }).on('error', reject);
  });
}

describe('two workers', () => {
  test('are two nodes on the same ports', async () => {
    const target = await startWorkers();
    const listening = target.logs.filter(({ event }) => event === 'listening');
    assert.deepEqual([listening.length, listening[0]?.['workers'], listening[0]?.['engine']], [1, 2, 'redis']);
    const nodes = new Set<string>();
    await eventually(async () => {
      nodes.add(await nodeAt(target));
      assert.equal(nodes.size, 2);
    });
    await target.stop();
  });

  for (const transport of TRANSPORTS) {
    test(`carry topics and queues from one to the other (${transport})`, async () => {
      const target = await startWorkers();
      const [{ client: here }, { client: there }] = await connectToBoth(target, transport);
      await hears(here, there, 'news');
      await hears(there, here, 'answer');
      await here.request('SEND', { destination: `/queue/${transport}` }, 'work');
      await there.request('SUBSCRIBE', { id: 'q', destination: `/queue/${transport}`, ack: 'client' });
      const { headers } = await there.expectFrame('MESSAGE');
      await there.request('ACK', { id: headers['ack'] ?? '' });
      await target.stop();
    });
  }

  test('outlive each other: who is killed is replaced, and what it held is delivered again', async () => {
    const target = await startWorkers({
      env: { STOMPEDE_REDIS_LEASE_MS: '1500', STOMPEDE_REDIS_BEAT_MS: '200' },
      allowFault: ({ event }) => event === 'worker-ended',
    });
    const both = await connectToBoth(target, 'websocket-text');
    const held = new Map<Connected, ServerFrame>();
    for (const { client } of both) {
      await client.request('SUBSCRIBE', { id: 'q', destination: '/queue/held', ack: 'client-individual', 'prefetch-count': '1' });
    }
    const sender = await connect(target, 'tcp');
    for (const body of ['1', '2']) await sender.client.request('SEND', { destination: '/queue/held' }, body);
    for (const each of both) held.set(each, await each.client.expectFrame('MESSAGE'));
    const [victim] = pidsOf(target);
    process.kill(victim!, 'SIGKILL');
    const lost = await eventually(() => both.find(({ client }) => client.end) ?? assert.fail('nobody lost the connection'));
    const survivor = both.find((each) => each !== lost)!;
    await survivor.client.request('ACK', { id: held.get(survivor)!.headers['ack'] ?? '' });
    const again = await survivor.client.expectFrame('MESSAGE');
    assert.deepEqual([again.headers['redelivered'], again.headers['message-id']], ['true', held.get(lost)!.headers['message-id']]);
    const replacement = await target.log.line(({ event }) => event === 'worker-listening');
    assert.notEqual(replacement['workerPid'], victim);
    const fresh = await eventually(async () => {
      const other = await connect(target, 'websocket-text');
      assert.notEqual(other.node, survivor.node);
      return other;
    });
    assert.notEqual(fresh.node, lost.node);
    await hears(survivor.client, fresh.client, 'again');
    await hears(fresh.client, survivor.client, 'and-back');
    await target.stop();
  });

  test('say goodbye when they are ended by SIGTERM', async () => {
    const target = await startWorkers();
    const both = await connectToBoth(target, 'websocket-text');
    const stopped = target.stop();
    for (const { client } of both) assert.equal((await client.expectClosed()).code, 1001);
    await stopped;
    const ends = target.logs.filter(({ event }) => event === 'stopped').map(({ worker }) => worker);
    assert.deepEqual(ends.sort(), [1, 2, undefined]);
  });

  test('do not outlive the process that watches over them', async () => {
    const target = await startWorkers();
    const pids = pidsOf(target);
    await target.kill('SIGKILL');
    for (const pid of pids) await eventually(() => assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' }));
  });

  test('do not start on a taken port: code 69 and a sentence', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await assert.rejects(startWorkers({ env: { PORT: String(port) } }), /ended with 69 .*the port is in use by another process/s);
    other.close();
  });
});
