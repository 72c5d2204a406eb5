import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Claimed, Outcome } from '../../broker/engine.ts';
import { RecordedEvents } from '../engine-contract/recorded-events.ts';
import { enqueue, release } from '../engine-contract/rig.ts';
import { testNode } from '../engine-contract/test-node.ts';
import { Holds } from './holds.ts';
import { Job } from './job.ts';
import { Keys } from './keys.ts';
import { Lane } from './lane.ts';
import { connectRedis } from './link/connect-redis.ts';
import { LinkLostError, type Argument, type Link, type Reply } from './link/link.ts';
import type { Membership } from './membership.ts';
import { DEFAULT_REDIS_ENGINE_OPTIONS } from './options.ts';
import { RedisEngine } from './redis-engine.ts';
import { SCRIPTS } from './scripts.ts';
import { startRedis, type RedisServer } from './testing/redis-server.ts';
import { until } from './testing/until.ts';

describe('a node whose store forgets', () => {
  let server: RedisServer;
  let engine: RedisEngine;
  let keys: Keys;

  beforeEach(async () => {
    server = await startRedis();
    const prefix = `t${randomBytes(6).toString('hex')}`;
    keys = new Keys(prefix);
    const redis = connectRedis(server.url, { key: keys.nodes, scripts: Object.values(SCRIPTS) });
    engine = new RedisEngine({ ...DEFAULT_REDIS_ENGINE_OPTIONS, prefix, redis });
    await engine.start(new RecordedEvents(), testNode());
    for (const id of ['m1', 'm2']) await engine.apply({ operations: [enqueue('q', id)], lane: 'durable' });
  });

  afterEach(async () => {
    await engine.close();
    await server.close();
  });

  const claim = async (credit: number): Promise<Claimed[]> => engine.claim('q', [{ credit }], 1_000_000);
  const key = (name: string): string => keys.nodes.replace(/nodes$/, name);

  test('gets back what it gave back, where the store forgot that, and says that it may be known', async () => {
    const [held] = await claim(1);
    await engine.apply({ operations: [release('q', held!, 'undelivered')], lane: 'durable' });
    // As after a failover to a replica that has the claim and not the release.
    await server.command('LPOP', key('ready:q'));
    await server.command('HINCRBY', key('counts:q'), 'ready', -1);
    const node = String(engine.health().facts['node']);
    await server.command('SADD', keys.busy(node), 'q');
    await server.command('HSET', key(`held:${node}:q`), held!.seq, 10);
    await server.command('HSET', key('store'), 'run', 'another server');
    const connections = await server.info('stats', 'total_connections_received');
    for (const type of ['normal', 'pubsub']) await server.command('CLIENT', 'KILL', 'TYPE', type).catch(() => undefined);
    await until('new connections', async () => Number(await server.info('stats', 'total_connections_received')) > Number(connections) + 5 && engine.health().state === 'up');
    const claimed: Claimed[] = [];
    await until('both messages', async () => claimed.push(...(await claim(2))) > 0 && claimed.length === 2);
    assert.deepEqual(claimed.map((each) => [each.message.id, each.recoveries]), [['m1', 1], ['m2', 1]]);
  });

  test('claims nothing that stands behind what it is about to give back', async () => {
    const [held] = await claim(1);
    const released = engine.apply({ operations: [release('q', held!, 'gone')], lane: 'durable' });
    assert.deepEqual((await claim(1)).map((each) => each.message.id), ['m1']);
    await released;
  });
});

test('a lane sends again what a store may have had that has forgotten it, and says so', async () => {
  const sent: (readonly Argument[])[] = [];
  let answer: (reply: Reply) => void = () => {};
  const run = (_script: unknown, _key: string, argv: readonly Argument[]): Promise<Reply> => {
    sent.push(argv);
    if (sent.length === 1) {
      link.isUp = false;
      return Promise.reject(new LinkLostError('it was cut', true));
    }
    return new Promise((resolve) => (answer = resolve));
  };
  const link = { isUp: true, run };
  const lane = new Lane({
    keys: new Keys('test'),
    link: link as unknown as Link,
    membership: { node: 'n.1', isMember: true } as Membership,
    lane: 'durable',
    holds: new Holds(),
    wildcards: { version: 0, match: () => '' },
    topicLogBytes: 0,
  });
  const outcome = new Promise<Outcome>((resolve) => {
    lane.add(new Job({ operations: [enqueue('q', 'm1')], lane: 'durable' }, performance.now() + 60_000, resolve));
  });
  await until('the batch to be lost', () => sent.length === 1);
  await new Promise((resume) => setImmediate(resume));
  lane.repeat();
  link.isUp = true;
  lane.wake();
  await until('the batch again', () => sent.length === 2);
  assert.deepEqual(sent.map((argv) => argv.filter((argument) => argument === 'E' || argument === 'e')), [['E'], ['e']]);
  answer([Buffer.from('OK'), Buffer.from('0'), 0]);
  assert.equal((await outcome).ok, true);
});
