import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { Outcome } from '../../broker/engine.ts';
import { enqueue } from '../engine-contract/rig.ts';
import { ReplyError } from './link/link.ts';
import { SCRIPTS } from './scripts.ts';
import { startMeddled, type MeddledEngine } from './testing/meddled-engine.ts';
import type { ScriptCall } from './testing/meddled-redis.ts';
import { startRedis, type RedisServer } from './testing/redis-server.ts';
import { until } from './testing/until.ts';

const COUNT = 150;
const QUEUES = Array.from({ length: COUNT }, (_, i) => `temp:queue:${i}`);

/** How many queues that script drops. */
const drops = ({ script, argv }: ScriptCall): number => (script === SCRIPTS.apply ? argv.filter((each) => each === 'D').length : 0);

describe('temporary queues of a node that was taken for dead', () => {
  let server: RedisServer;
  let subject: MeddledEngine;

  before(async () => {
    server = await startRedis();
  });

  after(() => server.close());

  beforeEach(async () => {
    subject = await startMeddled(server.url, { beatMs: 50, waitMs: 3_000 });
    await Promise.all(QUEUES.map((queue) => subject.engine.createTemporaryQueue(queue)));
  });

  afterEach(() => subject.engine.close());

  const send = (queue: string, lane: 'durable' | 'volatile'): Promise<Outcome> => subject.engine.apply({ operations: [enqueue(queue, 'm')], lane });

  const allMade = () =>
    until('all of them to be there', async () => (await subject.engine.queues()).filter(({ temporary }) => temporary).length === COUNT);

  test('are made anew a few at a time', async () => {
    const pieces: number[] = [];
    subject.redis.meddle = (call, pass) => {
      if (drops(call) > 0) pieces.push(drops(call));
      return pass();
    };
    await subject.fence();
    await allMade();
    assert.ok(pieces.every((piece) => piece <= 64), `expected pieces of 64 at most, got ${pieces.join(' ')}`);
    assert.equal(pieces.reduce((sum, piece) => sum + piece), COUNT);
  });

  test('are made anew after an outage that is longer than work may wait', async () => {
    subject.redis.cut('quick');
    await subject.fence();
    // By the other connection the node becomes a member again.
    assert.equal((await send('q', 'durable')).ok, true);
    assert.equal((await send(QUEUES[0]!, 'volatile')).ok, false);
    subject.redis.heal('quick');
    await allMade();
  });

  test('are made anew though Redis refused', async () => {
    let refusals = 0;
    subject.redis.meddle = (call, pass) => (drops(call) > 0 && refusals++ < 3 ? Promise.reject(new ReplyError('ERR out of sorts')) : pass());
    await subject.fence();
    await allMade();
    assert.ok(refusals > 3, `expected more than 3 attempts, got ${refusals}`);
  });
});
