import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { enqueue } from '../engine-contract/rig.ts';
import { SCRIPTS } from './scripts.ts';
import { startMeddledNodes, type MeddledEngine } from './testing/meddled-engine.ts';
import { startRedis, type RedisServer } from './testing/redis-server.ts';
import { gate } from './testing/scripted-link.ts';
import { until } from './testing/until.ts';

const ROOM = 2 ** 20;

describe('nudges', () => {
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
  const send = ({ engine }: MeddledEngine, ...ids: string[]) => Promise.all(ids.map((id) => engine.apply({ operations: [enqueue('q', id)], lane: 'durable' })));
  const waiting = () => server.command('ZRANGE', nodes[0]!.keys.nodes.replace(/nodes$/, 'waiting:q'), 0, -1);
  const claim = async ({ engine }: MeddledEngine, credit = 100) => (await engine.claim('q', [{ credit }], ROOM)).map(({ message }) => message.id);

  test('come although the node left before, however late the store hears of that', async () => {
    const [node, sender] = (await start(2)) as [MeddledEngine, MeddledEngine];
    const held = gate();
    let late: Promise<unknown> = Promise.resolve();
    node.redis.meddle = ({ script }, pass) => {
      if (script !== SCRIPTS.leave) return pass();
      const passed = held.opened.then(pass);
      late = passed;
      return passed;
    };
    assert.deepEqual(await claim(node), []);
    node.engine.leave('q');
    assert.deepEqual(await claim(node), []);
    held.open();
    await late;
    assert.deepEqual(await waiting(), [`${node.node}.1`]);
    await send(sender, 'a');
    await until('a nudge', () => node.events.ready.includes('q'));
    assert.deepEqual(await claim(node), ['a']);
  });

  test('do not hide whom they went to: each of those who were told gets its part', async () => {
    const all = await start(3);
    for (const node of all) assert.deepEqual(await claim(node), []);
    await send(all[0]!, ...Array.from({ length: 30 }, (_, i) => `m${i}`));
    for (const node of all) await until('a nudge', () => node.events.ready.includes('q'));
    const parts = [];
    for (const node of all) parts.push((await claim(node)).length);
    assert.deepEqual(parts, [10, 10, 10]);
  });

  test('that nobody answers keep nothing from the others for long', async () => {
    const [silent, node] = (await start(2)) as [MeddledEngine, MeddledEngine];
    assert.deepEqual(await claim(silent), []);
    await send(node, 'a', 'b', 'c', 'd');
    await until('a nudge', () => silent.events.ready.includes('q'));
    assert.deepEqual(await claim(node), ['a', 'b']);
    assert.deepEqual([await claim(node), await claim(node)], [['c'], ['d']]);
    await until('the silent one to be forgotten', async () => {
      await send(node, 'e', 'f');
      const count = (await claim(node)).length;
      if (count === 1) assert.equal((await claim(node)).length, 1);
      return count === 2;
    });
  });

  test('that a dead node had are given to those who live', async () => {
    const [dead, node] = (await start(2)) as [MeddledEngine, MeddledEngine];
    for (const each of [dead, node]) assert.deepEqual(await claim(each), []);
    await send(node, 'a');
    await until('a nudge', () => dead.events.ready.includes('q'));
    await dead.engine.close();
    nodes.splice(0, 1);
    await until('a nudge', () => node.events.ready.includes('q'));
    assert.deepEqual(await claim(node), ['a']);
  });
});
