import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../../harness/eventually.ts';
import { seededRandom } from '../../harness/random.ts';
import type { RedisServer } from '../../../server/engines/redis/testing/redis-server.ts';
import { startSentinels, type SentinelGroup } from '../../../server/engines/redis/testing/sentinels.ts';
import { startCluster, type BrokerCluster } from './broker-cluster.ts';
import { hold, send } from './hands.ts';
import { QueueLoad } from './queue-load.ts';

export interface FailoverOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly leaseMs: number;
  readonly beatMs: number;
}

const WAITING = Array.from({ length: 20 }, (_, i) => String(i + 1));

/**
 * Sentinels make the replica the primary, by turns because the primary was killed and because somebody asked for it, under
 * load. What the new primary never got is gone: no more than the nodes count and tell. Everything it has is flagged as
 * possibly redelivered. Returns the ledger's figures.
 */
export async function failover({ rounds, seed, leaseMs, beatMs }: FailoverOptions) {
  const random = seededRandom(seed);
  const group = await startSentinels({ appendonly: 'yes', appendfsync: 'everysec' });
  try {
    const allowFault = ({ event }: Readonly<Record<string, unknown>>): boolean => event === 'store-forgot';
    const cluster = await startCluster({ redis: group.url, leaseMs, beatMs, allowFault });
    try {
      const load = new QueueLoad(cluster, { queue: '/queue/chaos', random });
      await load.progress('before the first failover');
      const resumedMs: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const queue = `/queue/waiting.${round}`;
        await send(cluster.nodes[0]!, queue, WAITING);
        await pause(500);
        const from = performance.now();
        await (round % 2 === 0 ? killPrimary(group) : askForFailover(group));
        await load.progress(`after failover ${round + 1}`, 60_000);
        resumedMs.push(Math.round(performance.now() - from));
        await expectFlagged(cluster, queue);
        await inStep(group);
      }
      await load.settle(await primaryOf(group), () => cluster.sum('lostGroups'));
      load.expectKept('disordered', 'undone');
      const lostGroups = await cluster.sum('lostGroups');
      const [missing, undone] = [load.ledger.missing().length, load.ledger.violations.undone.length];
      assert.ok(missing + undone <= lostGroups, `${missing} messages lost and ${undone} ACKs undone, of which ${lostGroups} were counted`);
      await cluster.close();
      return { rounds, resumedMs, missing, undone, lostGroups, ...load.figures() };
    } finally {
      await cluster.abandon();
    }
  } finally {
    await group.close();
  }
}

async function expectFlagged(cluster: BrokerCluster, queue: string): Promise<void> {
  const holding = await hold(cluster.nodes[1]!, queue, WAITING.length);
  await eventually(() => assert.equal(holding.frames.length, WAITING.length, 'messages that waited before the failover'), 20_000);
  assert.ok(holding.frames.every(({ headers }) => headers['redelivered'] === 'true'), 'all of them flagged');
  for (const { headers } of holding.frames) holding.client.send('ACK', { id: headers['ack'] ?? '', receipt: headers['ack'] ?? '' });
  await eventually(() => assert.equal(holding.frames.length, 2 * WAITING.length));
  holding.client.destroy();
}

async function killPrimary(group: SentinelGroup): Promise<void> {
  const primary = await primaryOf(group);
  await primary.kill();
  await eventually(async () => assert.notEqual(await primaryOf(group), primary), 30_000);
  await primary.start();
}

async function askForFailover(group: SentinelGroup): Promise<void> {
  const primary = await primaryOf(group);
  await eventually(() => group.sentinels[0]!.command('SENTINEL', 'FAILOVER', group.masterName), 30_000);
  await eventually(async () => assert.notEqual(await primaryOf(group), primary), 30_000);
  // For a while both take writes. Those of the old one are lost when it is told to follow.
  await eventually(async () => assert.equal(await primary.info('replication', 'role'), 'slave'), 30_000);
}

/** Where the sentinels send everybody. */
async function primaryOf({ primary, replica, sentinels, masterName }: SentinelGroup): Promise<RedisServer> {
  const [, port] = (await sentinels[0]!.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', masterName)) as string[];
  return Number(port) === primary.port ? primary : replica;
}

/** Before the next failover: there must be a replica to fail over to. */
async function inStep(group: SentinelGroup): Promise<void> {
  await eventually(async () => {
    const primary = await primaryOf(group);
    const other = primary === group.primary ? group.replica : group.primary;
    assert.equal(await primary.info('replication', 'role'), 'master');
    assert.equal(await other.info('replication', 'master_link_status'), 'up');
    const words = (await group.sentinels[0]!.command('SENTINEL', 'MASTER', group.masterName)) as string[];
    assert.equal(words[words.indexOf('flags') + 1], 'master');
  }, 60_000);
}
