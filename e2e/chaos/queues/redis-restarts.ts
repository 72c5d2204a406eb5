import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { seededRandom } from '../../harness/random.ts';
import { onCluster, type StoreHealth } from './broker-cluster.ts';
import { QueueLoad } from './queue-load.ts';

export interface RedisRestartsOptions {
  readonly restarts: number;
  readonly seed: number;
  readonly leaseMs: number;
  readonly beatMs: number;
  /** How Redis keeps its append-only file; `never`: it has none, and every restart finds it empty. */
  readonly fsync: 'always' | 'everysec' | 'never';
}

/** Consumption goes on within that time of Redis' return. */
const RESUME_MS = 5_000;

/**
 * Redis is killed by SIGKILL and started again, several times, under load. With `always` nothing is lost and no ACK is
 * undone. With `everysec` it may be, since Redis answers before it writes while a flush of its file takes long; without a
 * file all is lost. Whatever is, is counted and told by every node that lost something, and all of them go on. Returns the
 * ledger's figures, and how long the cluster took to go on.
 */
export async function redisRestarts({ restarts, seed, leaseMs, beatMs, fsync }: RedisRestartsOptions) {
  const random = seededRandom(seed);
  return onCluster(
    {
      leaseMs,
      beatMs,
      redisOptions: fsync === 'never' ? {} : { appendFsync: fsync },
      allowFault: ({ event }) => fsync !== 'always' && event === 'store-forgot',
    },
    async (cluster, redis) => {
      const load = new QueueLoad(cluster, { queue: '/queue/chaos', random, isFaithful: true, workMs: 50, prefetch: 50 });
      await load.progress('before the first restart');
      const resumedMs: number[] = [];
      for (let restart = 1; restart <= restarts; restart++) {
        await pause(200 + random() * 800);
        await redis.kill();
        await pause(random() * leaseMs * 1.5);
        await redis.start();
        resumedMs.push(await load.progress(`after restart ${restart}`, RESUME_MS));
      }
      await load.settle(redis, () => cluster.sum('lostGroups'));
      // A consumer whose ACK fails with what was lost comes back, and others have passed what was on its way to it.
      load.expectKept('disordered', 'undone');
      const lostGroups = await cluster.sum('lostGroups');
      const [missing, undone] = [load.ledger.missing().length, load.ledger.violations.undone.length];
      assert.ok(missing + undone <= lostGroups, `${missing} messages lost and ${undone} ACKs undone, of which ${lostGroups} were counted`);
      if (fsync === 'always') assert.equal(lostGroups, 0, 'lost in spite of the append-only file');
      if (fsync === 'never') assert.ok(lostGroups > 0, 'a loss that was not counted');
      for (const node of cluster.nodes) expectTold(await cluster.store(node), node.broker.logs);
      return { restarts, fsync, resumedMs, missing, undone, lostGroups, ...load.figures() };
    },
  );
}

/** A node that lost something says so to whoever asks, and in its log; no other does. */
function expectTold({ warnings, facts }: StoreHealth, logs: readonly Readonly<Record<string, unknown>>[]): void {
  const hasLost = Number(facts['lostGroups']) > 0;
  assert.equal(warnings.some((warning) => warning.startsWith('Redis forgot ')), hasLost, 'what /healthz tells of the loss');
  assert.equal(logs.some(({ event }) => event === 'store-forgot'), hasLost, 'what the log tells of the loss');
}
