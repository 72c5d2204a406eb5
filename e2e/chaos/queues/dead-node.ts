import assert from 'node:assert/strict';
import { eventually } from '../../harness/eventually.ts';
import { onCluster } from './broker-cluster.ts';
import { hold, send } from './hands.ts';

export interface DeadNodeOptions {
  /** Messages that each node holds when it dies. */
  readonly held: number;
  readonly leaseMs: number;
  readonly beatMs: number;
}

/** What a busy machine may take on top of what is promised. */
const SLACK_MS = 1_000;

/**
 * Each node in turn dies with messages in hand, so the one that reaps the dead is among them. A consumer that waits on
 * another node gets all of them, flagged, in their order, within lease + beat. Returns how long each took.
 */
export async function deadNode({ held, leaseMs, beatMs }: DeadNodeOptions) {
  return onCluster({ leaseMs, beatMs }, async (cluster) => {
    const tookMs: number[] = [];
    for (const [i, node] of cluster.nodes.entries()) {
      const queue = `/queue/dead.${i}`;
      const other = cluster.nodes[(i + 1) % cluster.nodes.length]!;
      const names = Array.from({ length: held }, (_, k) => String(k + 1));
      await send(other, queue, names);
      const holding = await hold(node, queue, held);
      await eventually(() => assert.equal(holding.frames.length, held));
      const heir = await hold(other, queue, held);
      const killedAt = performance.now();
      await node.broker.kill();
      await eventually(() => assert.equal(heir.frames.length, held), 3 * leaseMs + 10_000);
      assert.deepEqual(heir.frames.map(({ text }) => text), names, 'their order');
      assert.ok(heir.frames.every(({ headers }) => headers['redelivered'] === 'true'), 'all of them flagged');
      tookMs.push(Math.round(heir.frames.at(-1)!.arrivedAt - killedAt));
      heir.client.destroy();
      holding.client.destroy();
      await node.broker.start();
      // Its successor and the others have to be heard for a lease, or the next death would be a death in pairs.
      await eventually(async () => assert.equal((await cluster.store(node)).state, 'up'));
    }
    const limitMs = leaseMs + beatMs + SLACK_MS;
    assert.ok(tookMs.every((ms) => ms <= limitMs), `expected each within ${limitMs} ms, got ${tookMs.join(', ')} ms`);
    return { held, leaseMs, beatMs, tookMs };
  });
}
