import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import type { LogBounds, Operation } from '../../broker/engine.ts';
import { message, names } from '../engine-contract/messages.ts';
import { assertRefused, publish } from '../engine-contract/rig.ts';
import { FaultyEngine } from './testing/faulty-engine.ts';

const SEGMENT = 16 * 1024;
const OPTIONS = { segmentBytes: SEGMENT, memoryBytes: 32 * 1024 };

const put = (topic: string, id: string, log: LogBounds, bytes = 500): Operation => {
  return { kind: 'publish', topic, message: message(id, { body: Buffer.alloc(bytes, id) }), log };
};

const keep = (maxMessages: number): LogBounds => ({ maxMessages, maxAgeMs: 0 });

/** Publishes so many, some at a time. */
async function churn({ rig }: FaultyEngine, topic: string, count: number, log: LogBounds): Promise<void> {
  for (let sent = 0; sent < count; sent += 20) {
    await Promise.all(Array.from({ length: 20 }, (_, i) => rig.done(put(topic, `${topic}-${sent + i}`, log))));
  }
}

async function idsOf({ rig }: FaultyEngine, topic: string): Promise<string[]> {
  const { entries } = await rig.engine.readLog(topic, undefined, 1_000_000);
  for (const { message: each } of entries) assert.deepEqual(each.body, Buffer.alloc(each.body.length, each.id));
  return entries.map(({ message: { id } }) => id);
}

describe('topic logs on the disk', () => {
  test('take no more of it than their bounds', async (t) => {
    const faulty = await FaultyEngine.start(t, OPTIONS);
    await churn(faulty, 'chat', 2_000, keep(10));
    await faulty.until('the journal to shrink', () => faulty.journalBytes() <= 5 * SEGMENT);
    const expected = Array.from({ length: 10 }, (_, i) => `chat-${1_990 + i}`);
    assert.deepEqual(await idsOf(faulty, 'chat'), expected);
    await faulty.crash();
    assert.deepEqual(await idsOf(faulty, 'chat'), expected);
  });

  test('are moved on when they stand in the way, and are whole after a crash', async (t) => {
    const faulty = await FaultyEngine.start(t, OPTIONS);
    await faulty.rig.done(...names(8).map((id) => put('quiet', id, keep(20))));
    const { epoch } = await faulty.rig.engine.readLog('quiet', undefined, 0);
    for (let round = 0; round < 3; round++) {
      await churn(faulty, 'chat', 1_000, keep(5));
      await faulty.until('the journal to shrink', () => faulty.journalBytes() <= 5 * SEGMENT);
      assert.deepEqual(await idsOf(faulty, 'quiet'), names(8));
      await faulty.crash();
      assert.deepEqual(await idsOf(faulty, 'quiet'), names(8));
    }
    await faulty.rig.done(put('quiet', 'm9', keep(20)));
    const page = await faulty.rig.engine.readLog('quiet', { epoch, offset: 7 }, 10);
    assert.deepEqual([page.entries.map(({ offset }) => offset), page.epoch, page.isComplete], [[8, 9], epoch, true]);
  });

  test('hold in memory what fits, and read the rest back', async (t) => {
    const faulty = await FaultyEngine.start(t, OPTIONS);
    await churn(faulty, 'chat', 400, keep(1_000));
    const { memoryBytes, logBytes } = faulty.rig.engine.health().facts;
    assert.ok(Number(memoryBytes) <= OPTIONS.memoryBytes && Number(logBytes) > 10 * OPTIONS.memoryBytes);
    assert.equal((await idsOf(faulty, 'chat')).length, 400);
  });

  test('go with their segments when what is in them is too old', async (t) => {
    const faulty = await FaultyEngine.start(t, OPTIONS);
    await churn(faulty, 'chat', 400, { maxMessages: 1_000, maxAgeMs: 50 });
    await faulty.untilAsync('the journal to shrink', async () => {
      // Others have to be busy: nobody looks after logs where nothing happens.
      await faulty.rig.done(put('other', 'x', keep(1)));
      return faulty.journalBytes() <= 5 * SEGMENT;
    });
    const ids = await idsOf(faulty, 'chat');
    assert.ok(ids.length < 200 && !ids.includes('chat-0'), `expected most to be gone, got ${ids.length}`);
  });

  test('take nothing more when it is full, and find room again when what they hold is too old', async (t) => {
    const faulty = await FaultyEngine.start(t, { ...OPTIONS, ballastBytes: 32 * 1024, reserveBytes: 0 });
    faulty.disk.roomBytes = 200_000;
    const aged = { maxMessages: 1_000, maxAgeMs: 1_000 };
    for (let sent = 0; ; sent++) {
      const outcome = await faulty.rig.apply([put('chat', `m${sent}`, aged, 4_000)]);
      if (outcome.ok) continue;
      assertRefused(outcome, 'disk-full');
      assert.ok(sent > 10);
      break;
    }
    await faulty.rig.done(publish('chat', 'passing'));
    await faulty.untilAsync('room', async () => (await faulty.rig.apply([put('chat', 'again', aged, 4_000)])).ok);
    const ids = await idsOf(faulty, 'chat');
    assert.deepEqual([ids.includes('m0'), ids.at(-1)], [false, 'again']);
    assert.deepEqual(faulty.rig.events.fatal, []);
  });

  test('number on after a group that found no room', async (t) => {
    const faulty = await FaultyEngine.start(t, { ...OPTIONS, ballastBytes: 32 * 1024, reserveBytes: 0 });
    await faulty.rig.done(put('chat', 'm1', keep(10)));
    faulty.disk.roomBytes = 0;
    const outcomes = await Promise.all([1, 2].map((id) => faulty.rig.apply([put('chat', `x${id}`, keep(10)), put('new', `x${id}`, keep(10))])));
    for (const outcome of outcomes) assertRefused(outcome, 'disk-full');
    faulty.disk.roomBytes = Infinity;
    await faulty.untilOpen();
    assert.equal((await faulty.rig.engine.readLog('new', undefined, 1)).epoch, '');
    await faulty.rig.done(put('chat', 'm2', keep(10)));
    await faulty.crash();
    const page = await faulty.rig.engine.readLog('chat', undefined, 10);
    assert.deepEqual(page.entries.map(({ offset, message: { id } }) => [offset, id]), [[1, 'm1'], [2, 'm2']]);
  });
});
