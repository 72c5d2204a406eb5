import assert from 'node:assert/strict';
import { eventually } from '../../harness/eventually.ts';
import { SCRIPTS } from '../../../server/engines/redis/scripts.ts';
import type { RedisServer } from '../../../server/engines/redis/testing/redis-server.ts';
import { onCluster } from './broker-cluster.ts';
import { hold, send, type Holding } from './hands.ts';

export interface MassReleaseOptions {
  readonly messages: number;
  readonly consumers: number;
  /** A busy machine only adds to what a script takes, so the best of these is what counts. */
  readonly rounds: number;
  readonly leaseMs: number;
  readonly beatMs: number;
}

/** No script may keep Redis from others for longer. */
const LONGEST_SCRIPT_MS = 50;
/** Less is not worth a line. */
const SLOW_US = 1_000;

/**
 * All messages of a queue are in flight across many consumers, and come back at once: first because all connections drop,
 * then because the node that held them dies. They are redelivered in their order, and Redis is never blocked for long.
 * Returns the slowest script of each
 * round.
 */
export async function massRelease({ messages, consumers, rounds, leaseMs, beatMs }: MassReleaseOptions) {
  const names = Array.from({ length: messages }, (_, i) => String(i + 1));
  const prefetch = messages / consumers;
  return onCluster({ leaseMs, beatMs, env: { STOMPEDE_LIMITS_MAX_PREFETCH: String(messages) } }, async (cluster, redis) => {
    redis.preferOverOthers();
    const [first, second] = cluster.nodes;
    await send(first!, '/queue/mass', names);
    const dropped: Slowest[] = [];
    const reaped: Slowest[] = [];
    for (let round = 0; round < rounds; round++) {
      const spread = await holdAll(messages, (i) => hold(cluster.nodes[i % cluster.nodes.length]!, '/queue/mass', prefetch), consumers);
      await watchScripts(redis);
      for (const { client } of spread) client.destroy();
      await allReady(redis, messages);
      dropped.push(await slowest(redis));
      await expectOrder(await hold(second!, '/queue/mass', messages), names);
      await allReady(redis, messages);

      const gathered = await holdAll(messages, () => hold(first!, '/queue/mass', prefetch), consumers);
      const heir = await hold(second!, '/queue/mass', messages);
      await watchScripts(redis);
      await first!.broker.kill();
      for (const { client } of gathered) client.destroy();
      await expectOrder(heir, names, 2 * leaseMs + 30_000);
      reaped.push(await slowest(redis));
      await allReady(redis, messages);
      await first!.broker.start();
    }
    for (const runs of [dropped, reaped]) {
      const { ms, script } = runs.reduce((best, each) => (each.ms < best.ms ? each : best));
      assert.ok(ms <= LONGEST_SCRIPT_MS, `${script} kept Redis for ${ms} ms`);
    }
    return { messages, consumers, dropped, reaped };
  });
}

async function holdAll(messages: number, open: (i: number) => Promise<Holding>, consumers: number): Promise<Holding[]> {
  const holdings = await Promise.all(Array.from({ length: consumers }, (_, i) => open(i)));
  await eventually(() => assert.equal(holdings.reduce((sum, { frames }) => sum + frames.length, 0), messages), 60_000);
  return holdings;
}

async function expectOrder({ client, frames }: Holding, names: readonly string[], withinMs = 30_000): Promise<void> {
  await eventually(() => assert.equal(frames.length, names.length), withinMs);
  const wrong = frames.findIndex(({ text }, i) => text !== names[i]);
  assert.equal(wrong, -1, `place ${wrong + 1} has message ${frames[wrong]?.text}`);
  assert.ok(frames.every(({ headers }) => headers['redelivered'] === 'true'), 'all of them flagged');
  client.destroy();
}

async function allReady(redis: RedisServer, messages: number): Promise<void> {
  await eventually(async () => assert.equal(Number(await redis.command('HGET', 'stompede:{stompede}:counts:mass', 'ready')), messages), 30_000);
}

async function watchScripts(redis: RedisServer): Promise<void> {
  await redis.command('CONFIG', 'SET', 'slowlog-log-slower-than', SLOW_US);
  await redis.command('CONFIG', 'SET', 'slowlog-max-len', 1_000);
  await redis.command('SLOWLOG', 'RESET');
}

interface Slowest {
  readonly ms: number;
  readonly script: string;
  /** Scripts that took more than `SLOW_US`. */
  readonly count: number;
}

/** Since `watchScripts`. */
async function slowest(redis: RedisServer): Promise<Slowest> {
  const entries = (await redis.command('SLOWLOG', 'GET', -1)) as [id: number, at: number, microseconds: number, words: string[]][];
  const [longest] = entries.sort(([, , a], [, , b]) => b - a);
  if (!longest) return { ms: 0, script: 'none', count: 0 };
  const [, , microseconds, [command, sha]] = longest;
  return { ms: microseconds / 1_000, script: nameOf(sha ?? '') ?? command ?? '', count: entries.length };
}

const nameOf = (sha: string): string | undefined => Object.values(SCRIPTS).find((script) => script.sha === sha)?.name;
