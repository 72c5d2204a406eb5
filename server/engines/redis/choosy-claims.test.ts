import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import type { Claimed, MessageSelector } from '../../broker/engine.ts';
import { names } from '../engine-contract/messages.ts';
import { claimedIds, enqueue, release, settle } from '../engine-contract/rig.ts';
import { called } from '../engine-contract/selecting.ts';
import { startMeddledNodes, type MeddledEngine } from './testing/meddled-engine.ts';
import { startRedis, type RedisServer } from './testing/redis-server.ts';
import { until } from './testing/until.ts';

const ROOM = 2 ** 30;

describe('nodes that look through a queue', () => {
  let server: RedisServer;
  const nodes: MeddledEngine[] = [];

  before(async () => {
    server = await startRedis();
  });
  afterEach(async () => {
    for (const { engine } of nodes.splice(0)) await engine.close();
  });
  after(() => server.close());

  const start = async (count: number): Promise<MeddledEngine[]> => {
    nodes.push(...(await startMeddledNodes(server.url, count)));
    return nodes;
  };
  const keyOf = (name: string): string => nodes[0]!.keys.nodes.replace(/nodes$/, () => name);
  const apply = async ({ engine }: MeddledEngine, ...operations: Parameters<typeof engine.apply>[0]['operations']): Promise<void> => {
    assert.equal((await engine.apply({ operations, lane: 'durable' })).ok, true);
  };
  const send = (node: MeddledEngine, ...ids: string[]) => apply(node, ...ids.map((id) => enqueue('q', id)));
  const claim = ({ engine }: MeddledEngine, selector?: MessageSelector, credit = 100): Promise<Claimed[]> =>
    engine.claim('q', [selector ? { credit, selector } : { credit }], ROOM);
  const hints = ({ events }: MeddledEngine): number => events.ready.filter((queue) => queue === 'q').length;
  const claimWhenHinted = async (node: MeddledEngine, selector?: MessageSelector): Promise<string[]> => {
    const seen = hints(node);
    const claimed = await claim(node, selector);
    if (claimed.length > 0) return claimedIds(claimed);
    await until('a hint', () => hints(node) > seen);
    return claimedIds(await claim(node, selector));
  };

  test('take nothing of the hints that others wait for', async () => {
    const [choosy, other, waiting, sender] = (await start(4)) as [MeddledEngine, MeddledEngine, MeddledEngine, MeddledEngine];
    assert.deepEqual(await claim(choosy, called('y')), []);
    assert.deepEqual(await claim(other, called('z')), []);
    for (const id of ['x1', 'x2']) {
      const coming = claimWhenHinted(waiting);
      await until('the node to wait', async () => (await server.command('ZSCORE', keyOf('waiting:q'), `${waiting.node}.1`)) !== null);
      const seen = [hints(choosy), hints(other)];
      await send(sender, id);
      assert.deepEqual(await coming, [id]);
      await until('both to be told as well', () => hints(choosy) > seen[0]! && hints(other) > seen[1]!);
      assert.deepEqual(await claim(choosy, called('y')), []);
    }
    await send(sender, 'y1', 'z1', 'x3');
    assert.deepEqual(claimedIds(await claim(choosy, called('y'))), ['y1']);
    assert.deepEqual(claimedIds(await claim(other, called('z'))), ['z1']);
    assert.deepEqual(claimedIds(await claim(waiting)), ['x3']);
  });

  test('pass on a hint that is for somebody who takes anything, when they have nobody who does', async () => {
    const [both, waiting, sender] = (await start(3)) as [MeddledEngine, MeddledEngine, MeddledEngine];
    assert.deepEqual(await claim(both), []);
    const seen = hints(waiting);
    assert.deepEqual(await claim(waiting), []);
    await send(sender, 'x1');
    await until('the first to be told', () => hints(both) > 0);
    // By now it has only consumers with selectors.
    assert.deepEqual(await claim(both, called('y')), []);
    await until('the other one to be told', () => hints(waiting) > seen);
    assert.deepEqual(claimedIds(await claim(waiting)), ['x1']);
  });

  test('hear of what others give back, one by one and many at once, and of what a dead node held', async () => {
    const [choosy, other, third] = (await start(3)) as [MeddledEngine, MeddledEngine, MeddledEngine];
    const all = names(300).map((name, i) => (i % 3 === 0 ? `y${name}` : `x${name}`));
    await send(other, ...all);
    const held = await claim(other, undefined, 1000);
    const selector = called('y');
    assert.deepEqual(await claim(choosy, selector), []);
    for (const each of held.slice(0, 3)) await apply(other, release('q', each));
    assert.deepEqual(await claimWhenHinted(choosy, selector), ['ym1']);
    await apply(other, ...held.slice(3, 200).map((each) => release('q', each)));
    assert.equal((await claimWhenHinted(choosy, selector)).length, 66);
    assert.deepEqual(claimedIds(await claim(third, undefined, 2)), ['xm2', 'xm3']);
    await other.engine.close();
    assert.equal((await claimWhenHinted(choosy, selector)).length, 33);
    assert.deepEqual(await claim(choosy, selector), []);
    assert.equal((await claim(third, undefined, 1000)).length, 198);
  });

  test('never get the same message, however they race', async () => {
    const racing = await start(4);
    const ids = names(400, 'y');
    await send(racing[0]!, ...ids.flatMap((id) => [id, `x${id}`]));
    const got: string[] = [];
    await Promise.all(racing.map(async (node) => {
      while (got.length < ids.length) {
        const claimed = await claim(node, called('y'), 7);
        got.push(...claimedIds(claimed));
        if (claimed.length > 0) await apply(node, ...claimed.map((each) => settle('q', each)));
        else if (got.length < ids.length) await new Promise((resolve) => setImmediate(resolve));
      }
    }));
    assert.deepEqual(got.sort(), [...ids].sort());
    assert.equal((await claim(racing[0]!, undefined, 1000)).length, 400);
  });

  test('begin anew where the store does not know them any more, which they find out by themselves', async () => {
    const [choosy, other] = (await start(2)) as [MeddledEngine, MeddledEngine];
    await send(other, 'y1', 'x1');
    const [held] = await claim(other, undefined, 1);
    assert.deepEqual(await claim(choosy, called('y')), []);
    await server.command('DEL', keyOf('choosy:q'), keyOf('waiting:q'));
    await apply(other, release('q', held!));
    assert.deepEqual(await claimWhenHinted(choosy, called('y')), ['y1']);
  });

  test('begin anew where they missed what was told', async () => {
    const [choosy, other] = (await start(2)) as [MeddledEngine, MeddledEngine];
    await send(other, 'y1', 'y2', 'x1');
    const held = await claim(other, undefined, 2);
    assert.deepEqual(await claim(choosy, called('y')), []);
    // As if the store had told of a number and nobody had heard.
    await server.command('HINCRBY', keyOf('choosy:q'), 'told', 1);
    await apply(other, release('q', held[1]!));
    assert.deepEqual(await claimWhenHinted(choosy, called('y')), ['y2']);
    await server.command('HINCRBY', keyOf('choosy:q'), 'told', 1);
    assert.deepEqual(await claim(choosy, called('y')), []);
    await apply(other, release('q', held[0]!));
    assert.deepEqual(await claimWhenHinted(choosy, called('y')), ['y1']);
  });

  test('leave no long list behind a head that nobody wants', async () => {
    const [choosy] = (await start(1)) as [MeddledEngine];
    await send(choosy, 'x1');
    for (let round = 0; round < 20; round++) {
      await send(choosy, ...names(500, 'y'), `x${round + 2}`);
      const claimed = await claim(choosy, called('y'), 500);
      assert.equal(claimed.length, 500);
      await apply(choosy, ...claimed.map((each) => settle('q', each)));
    }
    const length = Number(await server.command('LLEN', keyOf('ready:q')));
    assert.ok(length < 3_000, `expected the list to stay short, got ${length}`);
    assert.equal(Number(await server.command('SCARD', keyOf('gaps:q'))), 0);
    assert.deepEqual(claimedIds(await claim(choosy)), names(21, 'x'));
  });

  test('leave nothing in the store when their selectors are gone, or they are', async () => {
    const [one, other] = (await start(2)) as [MeddledEngine, MeddledEngine];
    await send(one, 'x1', 'x2');
    for (const node of [one, other]) assert.deepEqual(await claim(node, called('y')), []);
    one.engine.forgetSelector('q', 'called y');
    await until('one to be left', async () => Number(await server.command('HLEN', keyOf('choosy:q'))) === 2);
    await other.engine.close();
    assert.deepEqual(await server.command('EXISTS', keyOf('choosy:q'), keyOf('waiting:q'), keyOf(`choosing:${one.node}.1`), keyOf(`choosing:${other.node}.1`)), 0);
    const [held] = await claim(one);
    await apply(one, settle('q', held!));
  });
});
