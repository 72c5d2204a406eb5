import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { RecordedEvents } from '../engine-contract/recorded-events.ts';
import { testNode } from '../engine-contract/test-node.ts';
import { Keys } from './keys.ts';
import { connectRedis } from './link/connect-redis.ts';
import type { Link } from './link/link.ts';
import { DEFAULT_REDIS_ENGINE_OPTIONS } from './options.ts';
import { RedisEngine } from './redis-engine.ts';
import { listOf, numberOf, textOf } from './reply.ts';
import { call, SCRIPTS } from './scripts.ts';
import { startRedis, type RedisServer } from './testing/redis-server.ts';
import { withLink } from './testing/redis-subject.ts';

const keys = new Keys('test');

describe('the format of a store', () => {
  let server: RedisServer;
  before(async () => {
    server = await startRedis();
  });
  after(() => server.close());
  beforeEach(async () => {
    await server.command('FLUSHALL');
  });

  const use = (run: (link: Link) => Promise<void>): Promise<void> => withLink(connectRedis(server.url, { key: keys.nodes, scripts: Object.values(SCRIPTS) }), run);

  /** A node of a release that speaks that format joins; the store's format, or a word and that. */
  async function join(link: Link, node: string, spoken: number): Promise<number | string> {
    const reply = listOf(await call(link, keys, SCRIPTS.open, { node, isJoining: 1, info: '{}', spoken }));
    return textOf(reply[0]) === 'JOINED' ? numberOf(reply[10]) : `${textOf(reply[0])} ${numberOf(reply[1])}`;
  }

  async function beat(link: Link, node: string, spoken: number): Promise<number> {
    return numberOf(listOf(await call(link, keys, SCRIPTS.beat, { node, lease: 15_000, info: '{}', heardCommands: 0, spoken }))[6]);
  }

  const leave = (link: Link, node: string) => call(link, keys, SCRIPTS.reap, { node, lease: -1, limit: 10 });

  test('is that of its first node, and of the oldest release while two adjacent ones share it', () =>
    use(async (link) => {
      assert.equal(await join(link, 'old.1', 4), 4);
      assert.equal(await join(link, 'new.1', 5), 4);
      assert.equal(await beat(link, 'new.1', 5), 4);
      assert.equal(await join(link, 'old again.1', 4), 4, 'a deploy can be taken back');
      assert.equal(await join(link, 'newer.1', 6), 'FOREIGN 4');
      assert.equal(await join(link, 'older.1', 3), 'FOREIGN 4');
    }));

  test('rises with the beat that finds no older node left, and never falls', () =>
    use(async (link) => {
      for (const [node, spoken] of [['old.1', 4], ['other old.1', 4], ['new.1', 5]] as const) await join(link, node, spoken);
      await leave(link, 'old.1');
      assert.equal(await beat(link, 'new.1', 5), 4);
      await leave(link, 'other old.1');
      assert.equal(await beat(link, 'new.1', 5), 5);
      assert.equal(await join(link, 'old.2', 4), 'FOREIGN 5');
      await leave(link, 'new.1');
      assert.equal(await join(link, 'old.3', 4), 'FOREIGN 5', 'what was written since it cannot read');
      assert.equal(await join(link, 'newer.1', 6), 5);
      assert.equal(await beat(link, 'newer.1', 6), 6);
    }));

  test('that a node cannot read keeps it from starting, in words', async () => {
    await server.command('HSET', keys.store, 'format', 2);
    const redis = connectRedis(server.url, { key: keys.nodes, scripts: Object.values(SCRIPTS) });
    const engine = new RedisEngine({ ...DEFAULT_REDIS_ENGINE_OPTIONS, waitMs: 2_000, prefix: 'test', redis });
    await assert.rejects(engine.start(new RecordedEvents(), testNode()), /expected a store of format 1 or the one before, got 2: a newer release has written to it; start that one/);
  });
});
