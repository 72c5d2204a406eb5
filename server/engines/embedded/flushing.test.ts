import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { claimedIds, enqueue, publish, settle } from '../engine-contract/rig.ts';
import { names } from '../engine-contract/messages.ts';
import { assertDone, FaultyEngine, turn } from './testing/faulty-engine.ts';

/** Holds every flush until it is let go. */
function holdFlushes({ disk }: FaultyEngine): { release: () => void; begun: Promise<void> } {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const begun = new Promise<void>((resolve) => {
    disk.beforeFlush = () => {
      resolve();
      return held;
    };
  });
  return { release, begun };
}

describe('a durable group', () => {
  test('is done when it was flushed and not before, and shows not before', async (t) => {
    const faulty = await FaultyEngine.start(t);
    const { rig, disk } = faulty;
    await rig.engine.watch('news');
    const { release, begun } = holdFlushes(faulty);
    disk.calls.length = 0;
    let isDone = false;
    const applied = rig.apply([enqueue('a', 'm1'), publish('news', 'n1')]).then(() => {
      isDone = true;
      assert.deepEqual(disk.calls, ['write', 'flush', 'flushed']);
    });
    await begun;
    await turn();
    assert.equal(isDone, false);
    assert.deepEqual(await rig.claim('a'), []);
    assert.deepEqual(rig.events.published, []);
    release();
    await applied;
    assert.deepEqual(await rig.events.untilPublished(1), ['news n1']);
    assert.deepEqual(claimedIds(await rig.claim('a')), ['m1']);
  });

  test('shares its flush with all that come while another is under way', async (t) => {
    const faulty = await FaultyEngine.start(t);
    const { release, begun } = holdFlushes(faulty);
    faulty.disk.calls.length = 0;
    const first = faulty.rig.apply([enqueue('a', 'm0')]);
    await begun;
    const others: Promise<unknown>[] = [];
    for (const id of names(500)) {
      others.push(faulty.rig.apply([enqueue('a', id)]));
      await turn();
    }
    release();
    await Promise.all([first, ...others]);
    assert.equal(faulty.disk.calls.filter((call) => call === 'flushed').length, 2);
  });

  test('shares its flush with all of the same turn', async (t) => {
    const { rig, disk } = await FaultyEngine.start(t);
    disk.calls.length = 0;
    assertDone(await Promise.all(names(200).map((id) => rig.apply([enqueue('a', id)]))));
    assert.deepEqual(disk.calls, ['write', 'flush', 'flushed']);
  });

  test('with nothing for the disk keeps its turn and needs no flush', async (t) => {
    const faulty = await FaultyEngine.start(t);
    const { rig, disk } = faulty;
    await rig.engine.watch('news');
    const { release, begun } = holdFlushes(faulty);
    const order: string[] = [];
    const first = rig.apply([enqueue('a', 'm1')]).then(() => order.push('m1'));
    await begun;
    const second = rig.apply([publish('news', 'n1')], { lane: 'durable' }).then(() => order.push('n1'));
    release();
    await Promise.all([first, second]);
    assert.deepEqual(order, ['m1', 'n1']);
    disk.calls.length = 0;
    await rig.apply([publish('news', 'n2')], { lane: 'durable' });
    assert.deepEqual(disk.calls, []);
  });

  test('larger than a batch goes through whole', async (t) => {
    const { rig } = await FaultyEngine.start(t);
    const large = await rig.apply(
      Array.from({ length: 12 }, (_, i) => ({ ...enqueue('a', `m${i}`), ...big(`m${i}`) })),
    );
    assertDone([large]);
    assert.equal((await rig.claim('a')).length, 12);
  });

  test('larger than a record is refused', async (t) => {
    const { rig } = await FaultyEngine.start(t);
    await rig.refused(
      'memory-limit',
      ...Array.from({ length: 70 }, (_, i) => ({ ...enqueue('a', `m${i}`), ...big(`m${i}`) })),
    );
    assert.deepEqual(await rig.engine.queues(), []);
  });
});

const megabyte = Buffer.alloc(1 << 20);
const big = (id: string) => ({
  kind: 'enqueue' as const,
  queue: 'a',
  message: { ...templateMessage, id, body: megabyte },
});
const templateMessage = {
  destination: '/queue/a',
  headers: [],
  isText: true,
  timestamp: 0,
  priority: 4,
  expiresAt: 0,
  dueAt: 0,
  group: '',
  lastValue: '',
  origin: '',
};

describe('while a flush takes long', () => {
  test('claims, volatile groups and temporary queues do not wait for it', async (t) => {
    const faulty = await FaultyEngine.start(t);
    const { rig } = faulty;
    await rig.send('a', 'm1', 'm2');
    await rig.engine.createTemporaryQueue('temp:q');
    await rig.engine.watch('news');
    const { release, begun } = holdFlushes(faulty);
    const waiting = rig.apply([enqueue('a', 'm3')]);
    await begun;
    const claimed = await rig.claim('a');
    assert.deepEqual(claimedIds(claimed), ['m1', 'm2']);
    await rig.done(publish('news', 'n1'), enqueue('temp:q', 't1'));
    assert.deepEqual(await rig.events.untilPublished(1), ['news n1']);
    await rig.done(settle('temp:q', await rig.claimOne('temp:q')));
    release();
    assertDone([await waiting]);
  });
});

describe('a claim that has to read from the disk', () => {
  test('is not passed by a later one of the queue', async (t) => {
    const { rig, disk } = await FaultyEngine.start(t, { memoryBytes: 1300 });
    await rig.send('a', ...names(10));
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    disk.beforeRead = () => held;
    const order: string[] = [];
    const claim = async (credit: number): Promise<void> => {
      order.push(...claimedIds(await rig.claim('a', credit)));
    };
    const claims = [claim(2), claim(5), claim(1), claim(10)];
    await turn();
    assert.deepEqual(order, []);
    release();
    await Promise.all(claims);
    assert.deepEqual(order, names(10));
    assert.equal(disk.readCount > 0, true);
  });
});

describe('the disk of an engine', () => {
  test('hears nothing of plain topics and temporary queues', async (t) => {
    const { rig, disk } = await FaultyEngine.start(t);
    disk.calls.length = 0;
    await rig.engine.createTemporaryQueue('temp:q');
    for (const id of names(20)) await rig.done(enqueue('temp:q', id), publish('news', id));
    for (const claimed of await rig.claim('temp:q')) await rig.done(settle('temp:q', claimed));
    await rig.engine.purge('temp:q', 10);
    await rig.engine.dropQueue('temp:q');
    assert.deepEqual(disk.calls, []);
  });

  test('notes a claim before anyone is told of it', async (t) => {
    const { rig, disk } = await FaultyEngine.start(t);
    await rig.send('a', ...names(10));
    disk.calls.length = 0;
    const claimed = await rig.claim('a', 10);
    assert.equal(claimed.length, 10);
    assert.deepEqual(disk.calls, ['write now']);
  });
});
