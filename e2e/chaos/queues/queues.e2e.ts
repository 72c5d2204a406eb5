import { describe, test } from 'node:test';
import { blackHole } from './black-hole.ts';
import { cutLinks } from './cut-links.ts';
import { deadNode } from './dead-node.ts';
import { failover } from './failover.ts';
import { flushedScripts } from './flushed-scripts.ts';
import { frozenRedis } from './frozen-redis.ts';
import { fullRedis } from './full-redis.ts';
import { killNodes } from './kill-nodes.ts';
import { massRelease } from './mass-release.ts';
import { redisRestarts } from './redis-restarts.ts';

// The cluster's scenarios of `npm run chaos` at a small size; each asserts its own promises, on a Redis and nodes of its
// own. A failure names the seed to repeat it. Mostly they wait for leases, so they wait together.
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const lease = { leaseMs: 2_000, beatMs: 200 };

describe(`queues of three nodes on one Redis (seed ${seed})`, { concurrency: 3 }, () => {
  test('nodes killed at random moments lose nothing, undo nothing, and repeat only what they say is repeated', async () => {
    await killNodes({ kills: 3, seed, ...lease });
  });

  test('what a dead node held comes elsewhere in its order, within lease and beat, also when it was the reaper', async () => {
    await deadNode({ held: 100, ...lease });
  });

  test('a Redis that stands still for longer than a lease costs nobody his claims, and work goes on at once', async () => {
    await frozenRedis({ freezes: 1, seed, ...lease });
  });

  test('links that are cut at random moments cost nothing, not even order', async () => {
    await cutLinks({ cuts: 15, seed, leaseMs: 5_000, beatMs: 200 });
  });

  test('a node in a black hole is fenced, heard again by itself, and its late ACKs are refused', async () => {
    await blackHole({ holes: 1, seed, ...lease, lengths: [2] });
  });

  test('Redis restarts with its append-only file, and nothing is lost', async () => {
    await redisRestarts({ restarts: 2, seed, ...lease, fsync: 'always' });
  });

  test('Redis restarts without one, and what is lost is counted and told', async () => {
    await redisRestarts({ restarts: 1, seed, ...lease, fsync: 'never' });
  });

  test('Redis forgets its scripts again and again', async () => {
    await flushedScripts({ flushes: 60, seed });
  });

  test('a full Redis refuses SENDs to queues, and nothing else', async () => {
    await fullRedis({ ...lease, roomBytes: 2_000_000 });
  });

  test('what many consumers held comes back in its order, in short scripts', async () => {
    await massRelease({ messages: 2_000, consumers: 20, rounds: 1, ...lease });
  });

  test('Sentinels fail over: what is lost is counted, what is there is flagged', async () => {
    await failover({ rounds: 1, seed, leaseMs: 3_000, beatMs: 200 });
  });
});
