import assert from 'node:assert/strict';
import type { ClientName } from '../../server/engines/redis/link/source.ts';
import { until } from '../../server/engines/redis/testing/until.ts';
import { Fleet } from './fleet/fleet.ts';
import { FleetRun, type FleetRunOptions } from './fleet/fleet-run.ts';

/**
 * What a store keeps of a cluster that all nodes have left, and in which nothing was left to do.
 *
 * - `store`: what it knows of itself: its epoch, its format, versions and counters
 * - `seq`, `seq:temporary`: the last numbers that were given to messages, so that none is given out twice
 * - `reaper`: who had the term last, and since when
 * - `log`, `log:<generation>`: parcels of topics, from which nodes heal; bounded in octets
 * - `wildcards:gone`: the last changes of the table of wildcards; bounded in number
 * - `nudged:<queue>`: who was told of the queue a moment ago, for half a second
 * - `node:<member>`: the last batches of a member that went, for an hour
 */
export const KEPT = [/^store$/, /^seq(:temporary)?$/, /^reaper$/, /^log(:\d+)?$/, /^wildcards:gone$/, /^nudged:/, /^node:/];

/** Random work of several live nodes on one store, with trouble; then everything is settled, and all nodes leave. */
export async function manyNodes(options: FleetRunOptions & { readonly client?: ClientName }): Promise<object> {
  const fleet = await Fleet.start(options.client ?? 'redis', { beatMs: 100, leaseMs: 3_000, waitMs: 4_000 });
  try {
    const figures = await new FleetRun(fleet, options).run();
    await until('dead nodes to be reaped', async () => (await memberCount(fleet)) === fleet.alive.length, 30_000);
    await Promise.all(fleet.alive.map((node) => node.leave()));
    await assertNothingLeft(fleet);
    return figures;
  } finally {
    await fleet.close();
  }
}

/** Fails if a key is there that is not documented above, or one of a node that went for ever. */
export async function assertNothingLeft(fleet: Fleet): Promise<void> {
  const names = await fleet.keyNames();
  const strays = names.filter((name) => !KEPT.some((kept) => kept.test(name)));
  assert.deepEqual(strays, []);
  for (const name of names.filter((each) => each.startsWith('node:'))) {
    const leftMs = Number(await fleet.server.command('PTTL', fleet.key(name)));
    assert.ok(leftMs > 0 && leftMs <= 3_600_000, `${name} goes in ${leftMs} ms`);
  }
}

async function memberCount(fleet: Fleet): Promise<number> {
  return Number(await fleet.server.command('ZCARD', fleet.keys.nodes));
}
