import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Chain, Group, Outcome } from '../../broker/engine.ts';
import { names } from '../engine-contract/messages.ts';
import { claimedIds, enqueue, publish, Rig, settle } from '../engine-contract/rig.ts';
import { startRedis, type RedisServer } from './testing/redis-server.ts';
import { redisSubjects } from './testing/redis-subject.ts';

let server: RedisServer;
before(async () => {
  server = await startRedis();
});
after(() => server.close());

const subjects = redisSubjects(() => server.url, 'redis');

/** Groups of one turn, which go in one batch. */
async function verdicts(rig: Rig, groups: readonly Pick<Group, 'operations' | 'chain'>[]): Promise<string[]> {
  const outcomes = await Promise.all(groups.map((group) => rig.engine.apply({ ...group, lane: 'durable' })));
  return outcomes.map((outcome: Outcome) => (outcome.ok ? 'ok' : outcome.failure.code));
}

test('in a run of settlements each group stands for itself, and falls with its chain', () =>
  Rig.use(subjects, async (rig) => {
    await rig.send('a', ...names(6));
    const held = await rig.claim('a');
    const stranger = { seq: held[5]!.seq + 1000 };
    const [one, other]: Chain[] = [{ broken: false }, { broken: false }];
    const group = (seq: { readonly seq: number }, chain?: Chain) => ({ operations: [settle('a', seq)], ...(chain && { chain }) });

    const seen = await verdicts(rig, [
      group(held[0]!, one),
      group(stranger, one),
      group(held[1]!, other),
      group(held[2]!, one),
      group(held[3]!),
      group(held[3]!),
      group(held[4]!, other),
    ]);
    assert.deepEqual(seen, ['ok', 'not-held', 'ok', 'chain-broken', 'ok', 'not-held', 'ok']);
    assert.deepEqual(await rig.counts('a'), { ready: 0, inFlight: 2 });
  }));

test('runs keep the order of what is between them', () =>
  Rig.use(subjects, async (rig) => {
    await rig.engine.watch('t');
    const groups = [enqueue('a', 'm1'), enqueue('a', 'm2'), enqueue('b', 'o1'), publish('t', 'p1'), publish('t', 'p2'), enqueue('a', 'm3')];
    const seen = await verdicts(rig, groups.map((operation) => ({ operations: [operation] })));
    assert.deepEqual(seen, groups.map(() => 'ok'));
    assert.deepEqual(claimedIds(await rig.claim('a')), names(3));
    assert.deepEqual(claimedIds(await rig.claim('b')), ['o1']);
    assert.deepEqual(await rig.events.untilPublished(2), ['t p1', 't p2']);
  }));

test('settles more at once than one command takes', () =>
  Rig.use(subjects, async (rig) => {
    const ids = names(1024);
    await rig.send('a', ...ids);
    const held = await rig.claim('a');
    const seen = await verdicts(rig, held.map((each) => ({ operations: [settle('a', each)] })));
    assert.ok(seen.every((verdict) => verdict === 'ok'));
    assert.deepEqual(await rig.engine.queues(), []);
  }));
