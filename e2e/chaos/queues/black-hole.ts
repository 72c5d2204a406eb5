import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../../harness/eventually.ts';
import { seededRandom } from '../../harness/random.ts';
import { onCluster } from './broker-cluster.ts';
import { ackAll, hold, send } from './hands.ts';
import { QueueLoad } from './queue-load.ts';

export interface BlackHoleOptions {
  readonly holes: number;
  readonly seed: number;
  readonly leaseMs: number;
  readonly beatMs: number;
  /** Of the lease, how long the octets of one node vanish. */
  readonly lengths: readonly number[];
}

const KEPT = ['1', '2', '3', '4', '5'];

/**
 * The octets between one node and Redis vanish for a while. If that is shorter than the lease, the node keeps what it holds;
 * if it is longer, the node is fenced, what it held is delivered elsewhere, its late ACKs are refused or ignored, and it is
 * a member again by itself. Returns how long each node took to go on.
 */
export async function blackHole({ holes, seed, leaseMs, beatMs, lengths }: BlackHoleOptions) {
  const random = seededRandom(seed);
  return onCluster({ leaseMs, beatMs, hasProxies: true }, async (cluster, redis) => {
    const load = new QueueLoad(cluster, { queue: '/queue/chaos', random, isFaithful: true });
    await load.progress('before the first hole');
    const runs: { length: number; takenOverMs?: number; backMs: number }[] = [];
    for (let hole = 0; hole < holes; hole++) {
      const index = hole % cluster.nodes.length;
      const node = cluster.nodes[index]!;
      const length = lengths[hole % lengths.length]!;
      const queue = `/queue/kept.${hole}`;
      const other = cluster.nodes[(index + 1) % cluster.nodes.length]!;
      await send(node, queue, KEPT);
      const holding = await hold(node, queue, KEPT.length);
      await eventually(() => assert.equal(holding.frames.length, KEPT.length));
      const heir = await hold(other, queue, KEPT.length);
      const silent = await hold(node, `${queue}.silent`, 1);
      await send(node, `${queue}.silent`, ['1']);
      await eventually(() => assert.equal(silent.frames.length, 1));

      const brokenAt = performance.now();
      node.proxy.blackHole();
      await pause(leaseMs * length);
      const healedAt = performance.now();
      await node.proxy.heal();
      const consumer = load.consumers.findLast(({ home }) => home === index)!;
      await eventually(() => assert.ok(consumer.lastAt > healedAt, 'the node does not go on'), 30_000);
      const backMs = Math.round(consumer.lastAt - healedAt);

      if (length < 1) {
        await pause(leaseMs + 2 * beatMs);
        assert.deepEqual(heir.frames, [], 'redelivered, although a live consumer holds it');
        assert.deepEqual(await ackAll(holding), []);
        runs.push({ length, backMs });
      } else {
        assert.deepEqual(heir.frames.map(({ text }) => text), KEPT, 'what the node held is delivered elsewhere');
        assert.ok(heir.frames.every(({ headers }) => headers['redelivered'] === 'true'));
        // Without a receipt nobody is told, and the session goes on.
        silent.client.send('ACK', { id: silent.frames[0]!.headers['ack'] ?? '' });
        silent.client.send('SEND', { destination: '/topic/void', receipt: 'alive' });
        await eventually(() => assert.ok(silent.frames.some(({ headers }) => headers['receipt-id'] === 'alive')));
        assert.deepEqual(await ackAll(holding), ['ack-too-late']);
        assert.deepEqual(await ackAll(heir), []);
        runs.push({ length, takenOverMs: Math.round(heir.frames[0]!.arrivedAt - brokenAt), backMs });
      }
      for (const { client } of [holding, heir, silent]) client.destroy();
    }
    await load.settle(redis);
    load.expectKept('disordered');
    const reapedNodes = await cluster.sum('reapedNodes');
    assert.equal(reapedNodes, runs.filter(({ length }) => length >= 1).length, 'nodes that were reaped');
    return { leaseMs, runs, overtaken: load.ledger.violations.disordered.length, ...load.figures() };
  });
}
