import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Claimed } from '../../broker/engine.ts';
import { names } from '../engine-contract/messages.ts';
import { claimedIds, enqueue, settle } from '../engine-contract/rig.ts';
import { withLink } from './testing/redis-subject.ts';
import { startMeddledNodes, type MeddledEngine } from './testing/meddled-engine.ts';
import { startRedis, type RedisServer } from './testing/redis-server.ts';

let server: RedisServer;
before(async () => {
  server = await startRedis();
});
after(() => server.close());

/** Two nodes of one cluster; the test claims for them. */
async function useTwo(run: (low: MeddledEngine, high: MeddledEngine) => Promise<void>): Promise<void> {
  const [low, high] = (await startMeddledNodes(server.url, 2)) as [MeddledEngine, MeddledEngine];
  try {
    await run(low, high);
  } finally {
    await Promise.all([low.engine.close(), high.engine.close()]);
  }
}

const claim = ({ engine }: MeddledEngine, credit: number, priority: number): Promise<Claimed[]> =>
  engine.claim('q', [{ consumer: 'c', credit, priority }], 2 ** 30);
const send = async ({ engine }: MeddledEngine, ...ids: string[]): Promise<void> => {
  assert.deepEqual(await engine.apply({ operations: ids.map((id) => enqueue('q', id)), lane: 'durable' }), { ok: true, missed: 0, repeats: 0 });
};

describe('consumers of several priorities on two nodes', () => {
  test('are told of a message in the order of their priorities, whoever waits longer', () =>
    useTwo(async (low, high) => {
      for (const [lower, higher] of [[0, 5], [-3, 0], [-128, 127]] as const) {
        await claim(low, 1, lower);
        await claim(high, 1, higher);
        const seen = high.events.hintCount('q');
        const unseen = low.events.hintCount('q');
        await send(low, 'm');
        await high.events.untilReady('q', seen);
        assert.equal(low.events.hintCount('q'), unseen);
        const [claimed] = await claim(high, 1, higher);
        await high.engine.apply({ operations: [settle('q', claimed!)], lane: 'durable' });
        for (const each of [low, high]) each.engine.leave('q');
      }
    }));

  test('leave to a higher one what it was told of and can take', () =>
    useTwo(async (low, high) => {
      await claim(high, 2, 5);
      await send(low, ...names(3));
      assert.deepEqual(claimedIds(await claim(low, 9, 0)), ['m1']);
      assert.deepEqual(claimedIds(await claim(low, 9, 4)), []);
      assert.deepEqual(claimedIds(await claim(high, 2, 5)), ['m2', 'm3']);
    }));

  test('also one that found something before, and is as any other but for those below it', () =>
    useTwo(async (low, high) => {
      await claim(low, 1, -1);
      await send(low, 'm1');
      assert.deepEqual(claimedIds(await claim(high, 5, 0)), ['m1']);
      await send(low, 'm2', 'm3');
      assert.deepEqual(claimedIds(await claim(low, 9, -1)), []);
      const seen = low.events.hintCount('q');
      assert.deepEqual(claimedIds(await claim(high, 1, 0)), ['m2']);
      await low.events.untilReady('q', seen);
      assert.deepEqual(claimedIds(await claim(low, 9, -1)), ['m3']);
    }));

  test('get what a higher one does not fetch, a moment later', () =>
    useTwo(async (low, high) => {
      await claim(high, 5, 5);
      await send(low, ...names(4));
      assert.deepEqual(claimedIds(await claim(low, 9, 0)), []);
      const before = performance.now();
      await low.events.untilReady('q', low.events.hintCount('q'));
      assert.ok(performance.now() - before < 2_000, 'expected no wait for the slow poll');
      assert.deepEqual(claimedIds(await claim(low, 9, 0)), names(4));
      await send(low, 'm5');
      assert.deepEqual(claimedIds(await claim(low, 9, 0)), ['m5']);
    }));

  test('get at once what a higher one leaves behind or has no use for', () =>
    useTwo(async (low, high) => {
      await claim(high, 1, 5);
      await send(low, ...names(3));
      assert.deepEqual(claimedIds(await claim(low, 9, 0)), ['m1', 'm2']);
      const seen = low.events.hintCount('q');
      high.engine.leave('q');
      await low.events.untilReady('q', seen);
      assert.deepEqual(claimedIds(await claim(low, 9, 0)), ['m3']);
    }));

  test('do not wait for a node that is dead', () =>
    useTwo(async (low, high) => {
      await claim(high, 5, 5);
      await high.engine.close();
      await send(low, 'm1');
      assert.deepEqual(claimedIds(await claim(low, 9, 0)), ['m1']);
      await withLink(low.redis, async (link) => {
        assert.deepEqual(await link.command(['EXISTS', low.keys.nodes.replace(/nodes$/, 'ranks:q')]), 0);
      });
    }));
});
