import { test } from 'node:test';
import assert from 'node:assert/strict';
import { assertRefused, enqueue, publish, settle } from '../engine-contract/rig.ts';
import { once } from '../engine-contract/repeats.ts';
import { assertDone, FaultyEngine, put } from './testing/faulty-engine.ts';

const SEGMENT = 16 * 1024;

/** Sends and settles messages, so that the journal fills with what is over. */
async function churn({ rig }: FaultyEngine): Promise<void> {
  await rig.done(...Array.from({ length: 20 }, (_, i) => put('a', `m${i}`, 500)));
  await rig.done(...(await rig.claim('a')).map((each) => settle('a', each)));
}

const isRepeat = async ({ rig }: FaultyEngine, key: string): Promise<boolean> => {
  const outcome = await rig.apply([once(enqueue('b', key), key)]);
  assert.ok(outcome.ok);
  return outcome.repeats === 1;
};

test('used keys outlive the segments they were noted in, and crashes, and keep no segment alive', async (t) => {
  const faulty = await FaultyEngine.start(t, { segmentBytes: SEGMENT, memoryBytes: 0 });
  for (let i = 0; i < 5; i++) {
    await faulty.rig.done(once(enqueue('b', `m${i}`), `key ${i}`));
    for (let round = 0; round < 10; round++) await churn(faulty);
  }
  await faulty.rig.engine.purge('b', 100);
  await churn(faulty);
  await faulty.until('the journal to be small', () => faulty.journalBytes() <= 3 * SEGMENT);
  for (let round = 0; round < 3; round++) {
    await faulty.crash();
    for (let i = 0; i < 5; i++) assert.ok(await isRepeat(faulty, `key ${i}`), `key ${i} after ${round + 1} crashes`);
    for (let again = 0; again < 10; again++) await churn(faulty);
  }
  assert.equal(faulty.rig.engine.health().facts.usedKeys, 5);
  assert.deepEqual(await faulty.rig.idsAtRest('b'), []);
});

test('a key whose window is over is let go of, and what it took on the disk', async (t) => {
  const faulty = await FaultyEngine.start(t, { segmentBytes: SEGMENT });
  const before = faulty.rig.engine.health().facts.neededBytes;
  await faulty.rig.done(...Array.from({ length: 100 }, (_, i) => once(enqueue('temp:nobody', `m${i}`), `key ${i}`, 5)));
  await faulty.untilAsync('the keys to go', async () => {
    await churn(faulty);
    return faulty.rig.engine.health().facts.usedKeys === 0;
  });
  assert.equal(faulty.rig.engine.health().facts.neededBytes, before);
  await faulty.crash();
  assert.deepEqual([faulty.rig.engine.health().facts.usedKeys, faulty.rig.engine.health().facts.neededBytes], [0, before]);
});

test('what leaned on a group that found no room is refused as well, and may be sent again', async (t) => {
  const faulty = await FaultyEngine.start(t, { segmentBytes: SEGMENT, ballastBytes: 32 * 1024, reserveBytes: 0 });
  const { rig } = faulty;
  await rig.send('a', 'm1');
  const held = await rig.claimOne('a');
  faulty.disk.roomBytes = 0;
  const chain = { broken: false };
  const [large, first, repeat, other] = await Promise.all([
    rig.apply([put('b', 'large', 200_000)], { chain }),
    rig.apply([once(enqueue('b', 'x1'), 'k'), settle('a', held)], { chain }),
    rig.apply([once(enqueue('b', 'x2'), 'k')]),
    rig.apply([publish('news', 'n')], { lane: 'durable' }),
  ]);
  assertRefused(large, 'disk-full');
  assertRefused(first, 'chain-broken');
  assertRefused(repeat, 'disk-full');
  assertDone([other]);
  faulty.disk.roomBytes = Infinity;
  await faulty.untilOpen();
  await rig.done(once(enqueue('b', 'x3'), 'k'), settle('a', held));
  assert.deepEqual(await rig.idsAtRest('b'), ['x3']);
});
