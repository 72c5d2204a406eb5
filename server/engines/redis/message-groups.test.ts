import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Claimed, Operation } from '../../broker/engine.ts';
import { message, names } from '../engine-contract/messages.ts';
import { claimedIds, release, settle } from '../engine-contract/rig.ts';
import { LinkLostError } from './link/link.ts';
import { listOf, textOf } from './reply.ts';
import { startMeddledNodes, type MeddledEngine } from './testing/meddled-engine.ts';
import { startRedis, type RedisServer } from './testing/redis-server.ts';
import { reapAll, withLink } from './testing/redis-subject.ts';

let server: RedisServer;
before(async () => {
  server = await startRedis();
});
after(() => server.close());

async function useNodes(count: number, run: (...nodes: readonly MeddledEngine[]) => Promise<void>): Promise<void> {
  const nodes = await startMeddledNodes(server.url, count);
  try {
    await run(...nodes);
  } finally {
    await Promise.all(nodes.map(({ engine }) => engine.close()));
  }
}

const claim = ({ engine }: MeddledEngine, credit: number, consumer = 'c'): Promise<Claimed[]> => engine.claim('q', [{ consumer, credit }], 2 ** 30);
const done = async ({ engine }: MeddledEngine, ...operations: Operation[]): Promise<void> => {
  const outcome = await engine.apply({ operations, lane: 'durable' });
  assert.ok(outcome.ok, JSON.stringify(outcome));
};
const send = (node: MeddledEngine, ...ids: string[]): Promise<void> =>
  done(node, ...ids.map((id): Operation => ({ kind: 'enqueue', queue: 'q', message: message(id, { group: id[0]! }) })));

/** Keys of the cluster but for those of nodes and of the store. */
const keysOfQueues = ({ redis, keys }: MeddledEngine): Promise<string[]> =>
  withLink(redis, async (link) => {
    const base = keys.nodes.slice(0, -'nodes'.length);
    const all = listOf(await link.command(['KEYS', `${base}*`])).map((key) => textOf(key).slice(base.length));
    // Who waits, and who was just nudged, is no content; the latter goes by itself.
    return all.filter((key) => /:q$/.test(key) && !/^(waiting|nudged):/.test(key)).sort();
  });

describe('a message group on several nodes', () => {
  test('belongs to one consumer of one node, also where others are called the same', () =>
    useNodes(2, async (one, other) => {
      await send(one, 'g1', 'h1', 'g2', 'h2', 'g3');
      const [first] = await claim(one, 1);
      assert.deepEqual(claimedIds(await claim(other, 9)), ['h1', 'h2']);
      await done(one, settle('q', first!));
      await other.events.untilReady('q');
      assert.deepEqual(claimedIds(await claim(other, 9)), ['g2', 'g3']);
    }));

  test('is told to its owner where somebody else met it', () =>
    useNodes(2, async (one, other) => {
      await send(one, 'g1');
      await claim(one, 5);
      await send(other, 'g2', 'g3');
      // It waited, and so was told of one that came; what follows is told because it was parked.
      await one.events.untilReady('q');
      const seen = one.events.hintCount('q');
      assert.deepEqual(await claim(other, 9), []);
      await one.events.untilReady('q', seen);
      assert.deepEqual(claimedIds(await claim(one, 1)), ['g2']);
      assert.deepEqual(await claim(other, 9), []);
      assert.deepEqual(claimedIds(await claim(one, 4)), ['g3']);
    }));

  test('goes on when the node of its owner is dead, from what that had in flight', () =>
    useNodes(2, async (dead, alive) => {
      await send(dead, ...names(5, 'g'));
      await claim(dead, 2);
      assert.deepEqual(await claim(alive, 9), []);
      const seen = alive.events.hintCount('q');
      await dead.engine.close();
      await alive.events.untilReady('q', seen);
      const claimed = await claim(alive, 9);
      assert.deepEqual(claimedIds(claimed), names(5, 'g'));
      assert.deepEqual(claimed.map((each) => each.recoveries), [1, 1, 0, 0, 0]);
      await done(alive, ...claimed.map((each) => settle('q', each)));
      assert.deepEqual(await keysOfQueues(alive), []);
    }));

  test('is free again where the answer to a claim was lost', () =>
    useNodes(2, async (one, other) => {
      await send(one, ...names(3, 'g'));
      let isLost = false;
      one.redis.meddle = async ({ script }, pass) => {
        const reply = listOf(await pass());
        if (script.name !== 'claim' || textOf(reply[0]) !== 'OK' || isLost) return reply;
        isLost = true;
        throw new LinkLostError('the answer was lost', true);
      };
      assert.deepEqual(await claim(one, 2), []);
      assert.deepEqual(await claim(other, 9), []);
      assert.deepEqual(claimedIds(await claim(one, 1)), ['g1']);
      assert.deepEqual(await claim(other, 9), []);
    }));

  test('keeps its order whichever nodes come and die', () =>
    useNodes(3, async (...nodes) => {
      const sent = names(60).map((id, index) => `${'ghi'[index % 3]!}${id}`);
      await send(nodes[0]!, ...sent);
      const settled: string[] = [];
      const deadline = performance.now() + 30_000;
      for (let round = 0; settled.length < sent.length; round++) {
        assert.ok(performance.now() < deadline, `${settled.length} of ${sent.length} came`);
        const node = nodes[round % nodes.length]!;
        const claimed = await claim(node, 1 + (round % 4), `c${round % 2}`);
        if (round % 17 === 16) {
          await reapAll(node.redis, node.keys.nodes.slice(0, node.keys.nodes.indexOf(':')));
          continue;
        }
        // Who was taken for dead has to come back first.
        if (claimed.length === 0) await turn();
        for (const [index, each] of claimed.entries()) {
          if ((round + index) % 5 === 4) {
            await done(node, ...claimed.slice(index).map((left) => release('q', left)));
            break;
          }
          await done(node, settle('q', each));
          settled.push(each.message.id);
        }
      }
      for (const group of 'ghi') assert.deepEqual(settled.filter((id) => id.startsWith(group)), sent.filter((id) => id.startsWith(group)));
      assert.deepEqual(await keysOfQueues(nodes[0]!), []);
    }));
});
