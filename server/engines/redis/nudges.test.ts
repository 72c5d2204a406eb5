import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import { enqueue } from '../engine-contract/rig.ts';
import { SCRIPTS } from './scripts.ts';
import { startMeddled, type MeddledEngine } from './testing/meddled-engine.ts';
import { startRedis, type RedisServer } from './testing/redis-server.ts';
import { gate } from './testing/scripted-link.ts';
import { until } from './testing/until.ts';

const ROOM = 2 ** 20;

describe('nudges', () => {
  let server: RedisServer;
  const nodes: MeddledEngine[] = [];
  let prefix: string;

  before(async () => {
    server = await startRedis();
  });
  afterEach(async () => {
    for (const { engine } of nodes.splice(0)) await engine.close();
  });
  after(() => server.close());

  const start = async (count: number): Promise<MeddledEngine[]> => {
    prefix = `t${randomBytes(6).toString('hex')}`;
    for (let i = 0; i < count; i++) nodes.push(await startMeddled(server.url, { prefix }));
    return nodes;
  };
  const send = ({ engine }: MeddledEngine, ...ids: string[]) => Promise.all(ids.map((id) => engine.apply({ operations: [enqueue('q', id)], lane: 'durable' })));
  const waiting = () => server.command('ZRANGE', `${prefix}:{${prefix}}:waiting:q`, 0, -1);
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
    assert.deepEqual([await waiting(), await claim(node)], [[], ['a']]);
  });
});
