import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { claimedIds, release, settle, settleLate } from '../engine-contract/rig.ts';
import { FaultyEngine, put } from './testing/faulty-engine.ts';

const SEGMENT = 16 * 1024;
const OPTIONS = { segmentBytes: SEGMENT, memoryBytes: 64 * 1024 };

/** Sends and settles messages, some at a time, so that the journal fills with what is over. */
async function churn({ rig }: FaultyEngine, queue: string, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await Promise.all(Array.from({ length: 20 }, (_, i) => rig.done(put(queue, `r${round}-${i}`, 500))));
    const claimed = await rig.claim(queue);
    assert.equal(claimed.length, 20);
    await rig.done(...claimed.map((each) => settle(queue, each)));
  }
}

/** Holds all reads or flushes until they are let go, which they then are for good. */
function hold(
  { disk }: FaultyEngine,
  hook: 'beforeRead' | 'beforeFlush',
): { release: () => void; begun: Promise<void> } {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const begun = new Promise<void>((resolve) => {
    disk[hook] = () => {
      resolve();
      return held;
    };
  });
  return { begun, release };
}

/** Does something just before the batch that moves an old message to the end is composed, or while it is flushed. */
async function whileMoved(
  faulty: FaultyEngine,
  when: 'before' | 'meanwhile',
  act: () => Promise<unknown>,
): Promise<void> {
  await faulty.rig.done(put('old', 'm', 300));
  const reads = hold(faulty, 'beforeRead');
  await churn(faulty, 'a', 6);
  await reads.begun;
  const flushes = hold(faulty, 'beforeFlush');
  const other = faulty.rig.done(put('b', 'x', 10));
  await flushes.begun;
  reads.release();
  await faulty.until('the front to be read', () => faulty.disk.readsUnderWay === 0);
  if (when === 'before') {
    const acting = act();
    flushes.release();
    await Promise.all([other, acting]);
    return;
  }
  const moving = hold(faulty, 'beforeFlush');
  flushes.release();
  await other;
  await moving.begun;
  const acting = act();
  moving.release();
  await acting;
}

describe('the journal', () => {
  test('does not grow with what is settled', async (t) => {
    const faulty = await FaultyEngine.start(t, OPTIONS);
    await churn(faulty, 'a', 60);
    await faulty.until('two segments', () => faulty.journalBytes() <= 3 * SEGMENT);
  });

  test('does not keep many segments for a few old messages, which stay as they were', async (t) => {
    const faulty = await FaultyEngine.start(t, OPTIONS);
    const { rig } = faulty;
    for (let i = 0; i < 10; i++) {
      await rig.done(put('old', `old ${i}`, 300));
      await churn(faulty, 'a', 1);
    }
    const [first, second] = await rig.claim('old', 2);
    await rig.done(release('old', first!, 'nack'));
    await churn(faulty, 'a', 40);
    await faulty.until('a small journal', () => faulty.journalBytes() <= 5 * SEGMENT);
    const third = await rig.claimOne('old');
    assert.equal(third.message.id, 'old 0');
    assert.equal(third.failures, 1);
    assert.deepEqual(third.message.body, Buffer.alloc(300, 'old 0'));
    await rig.done(settle('old', second!));
    await faulty.crash();
    const again = await faulty.rig.claim('old');
    assert.deepEqual(
      again.map(({ message, failures, recoveries }) => [message.id, failures, recoveries]),
      [['old 0', 1, 1], ...Array.from({ length: 8 }, (_, i) => [`old ${i + 2}`, 0, 0])],
    );
  });

  test('brings nothing back to life, wherever a crash comes while it is compacted', async (t) => {
    const faulty = await FaultyEngine.start(t, { ...OPTIONS, segmentBytes: 4096 });
    const expected: string[] = [];
    for (let round = 0; round < 25; round++) {
      const kept = `kept ${round}`;
      await faulty.rig.done(put('old', kept, 100));
      expected.push(kept);
      await churn(faulty, 'a', 2);
      if (round % 3 === 2) {
        const claimed = await faulty.rig.claimOne('old');
        assert.equal(claimed.message.id, expected.shift());
        await faulty.rig.done(settle('old', claimed));
      }
      // In the middle of whatever the compactor does.
      await faulty.crash();
      assert.deepEqual(await faulty.rig.idsAtRest('old'), expected);
      assert.deepEqual(await faulty.rig.counts('a'), { ready: 0, inFlight: 0 });
    }
    assert.deepEqual(claimedIds(await faulty.rig.claim('old')), expected);
  });

  test('lets go of a segment that is settled while it is read', async (t) => {
    const faulty = await FaultyEngine.start(t, OPTIONS);
    const { rig } = faulty;
    await rig.done(put('old', 'm', 300));
    const reads = hold(faulty, 'beforeRead');
    await churn(faulty, 'a', 6);
    await reads.begun;
    await rig.done(settleLate('old', { seq: 1 }));
    reads.release();
    await faulty.until('two segments', () => faulty.journalBytes() <= 3 * SEGMENT);
    assert.deepEqual(rig.events.fatal, []);
  });

  test('forgets a message that is settled with the batch that moves it', async (t) => {
    const faulty = await FaultyEngine.start(t, OPTIONS);
    await whileMoved(faulty, 'before', () => faulty.rig.done(settleLate('old', { seq: 1 })));
    await faulty.crash();
    assert.deepEqual(await faulty.rig.idsAtRest('old'), []);
  });

  test('lets go of a message whose queue is dropped while it is moved', async (t) => {
    const faulty = await FaultyEngine.start(t, OPTIONS);
    await whileMoved(faulty, 'meanwhile', () => faulty.rig.engine.dropQueue('old'));
    await churn(faulty, 'a', 10);
    await faulty.until('two segments', () => faulty.journalBytes() <= 3 * SEGMENT);
    await faulty.crash();
    assert.deepEqual(
      (await faulty.rig.engine.queues()).map(({ name }) => name),
      ['b'],
    );
  });

  test('forgets a queue that was dropped, and keeps a new one of that name', async (t) => {
    const faulty = await FaultyEngine.start(t, OPTIONS);
    const { rig } = faulty;
    for (let i = 0; i < 50; i++) await rig.done(put('a', `old ${i}`, 900));
    await rig.claim('a', 10);
    const dropping = rig.engine.dropQueue('a');
    const sending = rig.done(put('a', 'new', 900));
    await Promise.all([dropping, sending]);
    await churn(faulty, 'b', 10);
    await faulty.until('a small journal', () => faulty.journalBytes() <= 5 * SEGMENT);
    await faulty.crash();
    assert.deepEqual(await faulty.rig.idsAtRest('a'), ['new']);
  });

  test('is read and compacted at once', async (t) => {
    const faulty = await FaultyEngine.start(t, { ...OPTIONS, memoryBytes: 0 });
    const { rig } = faulty;
    const sent = Array.from({ length: 200 }, (_, i) => `m${i}`);
    for (const id of sent) await rig.done(put('a', id, 400));
    const got: string[] = [];
    while (got.length < sent.length) {
      const [claimed] = await Promise.all([rig.claim('a', 7), rig.engine.browse('a', 0, 20), churn(faulty, 'b', 1)]);
      assert.equal(claimed.length, Math.min(7, sent.length - got.length));
      await rig.done(...claimed.map((each) => settle('a', each)));
      for (const { message } of claimed) assert.deepEqual(message.body, Buffer.alloc(400, message.id));
      got.push(...claimedIds(claimed));
    }
    assert.deepEqual(got, sent);
  });
});
