import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type { Claimed } from '../../broker/engine.ts';
import { assertRefused, enqueue, move, release, settle } from '../engine-contract/rig.ts';
import { FaultyEngine, put } from './testing/faulty-engine.ts';

const SMALL = { segmentBytes: 32 * 1024, ballastBytes: 32 * 1024, reserveBytes: 0 };

/** Sends until the disk is full; returns the ids that were taken. */
async function fill(faulty: FaultyEngine, roomBytes: number, queue = 'a'): Promise<string[]> {
  faulty.disk.roomBytes = roomBytes;
  const taken: string[] = [];
  for (let i = 0; ; i++) {
    const outcome = await faulty.send(queue, `m${i}`, 4000);
    if (!outcome.ok) {
      assertRefused(outcome, 'disk-full');
      return taken;
    }
    taken.push(`m${i}`);
  }
}

async function settleAll({ rig }: FaultyEngine, queue: string, credit = 10): Promise<string[]> {
  const ids: string[] = [];
  for (let claimed: Claimed[]; (claimed = await rig.claim(queue, credit)).length > 0;) {
    for (const each of claimed) await rig.done(settle(queue, each));
    ids.push(...claimed.map((each) => each.message.id));
  }
  return ids;
}

describe('on a full disk', () => {
  test('sending is refused, settling goes on, and that makes room again', async (t) => {
    const faulty = await FaultyEngine.start(t, SMALL);
    for (let round = 0; round < 3; round++) {
      const taken = await fill(faulty, 300_000);
      assert.ok(taken.length > 50);
      assertRefused(await faulty.send('a', 'refused'), 'disk-full');
      assert.deepEqual(await settleAll(faulty, 'a'), taken);
      await faulty.untilOpen();
      faulty.disk.roomBytes = Infinity;
    }
    assert.deepEqual(faulty.rig.events.fatal, []);
  });

  test('messages can be given back, counted and moved', async (t) => {
    const faulty = await FaultyEngine.start(t, SMALL);
    await fill(faulty, 100_000);
    const { rig } = faulty;
    const [first, second, third] = await rig.claim('a', 3);
    await rig.done(release('a', first!, 'nack'));
    await rig.done(release('a', second!));
    await rig.done(move('a', third!, 'DLQ.a', 'dead'));
    await faulty.crash();
    const again = await faulty.rig.claim('a', 2);
    assert.deepEqual(
      again.map(({ message, failures, recoveries }) => [message.id, failures, recoveries]),
      [
        ['m0', 1, 0],
        ['m1', 0, 0],
      ],
    );
    assert.deepEqual(await faulty.rig.idsAtRest('DLQ.a'), ['dead']);
  });

  test('nothing that was confirmed is missing after a crash, and nothing that was refused is there', async (t) => {
    const faulty = await FaultyEngine.start(t, SMALL);
    const taken = await fill(faulty, 150_000);
    const claimed = await faulty.rig.claim('a', 5);
    await faulty.rig.done(...claimed.map((each) => settle('a', each)));
    await faulty.crash();
    assert.deepEqual(await faulty.rig.idsAtRest('a'), taken.slice(5));
    assert.deepEqual(await settleAll(faulty, 'a'), taken.slice(5));
  });

  test('settling goes on where the ballast was, even if something else takes all the room there is', async (t) => {
    const faulty = await FaultyEngine.start(t, SMALL);
    const taken = await fill(faulty, 150_000);
    faulty.disk.roomBytes = 0;
    const half = Math.floor(taken.length / 2);
    for (const each of await faulty.rig.claim('a', half)) await faulty.rig.done(settle('a', each));
    await faulty.crash();
    assert.deepEqual(await faulty.rig.idsAtRest('a'), taken.slice(half));
    await faulty.send('a', 'more');
    for (let i = 0; i < 20; i++) await faulty.send('a', `m${i}`, 4000);
    await faulty.crash();
    assert.equal((await faulty.rig.idsAtRest('a')).length, taken.length - half + 21);
  });

  test('a ballast that somebody removed is no reason to end', async (t) => {
    const faulty = await FaultyEngine.start(t, SMALL);
    fs.rmSync(path.join(faulty.directory, 'ballast'));
    const taken = await fill(faulty, 60_000);
    assertRefused(await faulty.send('a', 'refused'), 'disk-full');
    faulty.disk.roomBytes = 100_000;
    assert.deepEqual(await settleAll(faulty, 'a'), taken);
  });

  test('a group that sends and settles is refused whole', async (t) => {
    const faulty = await FaultyEngine.start(t, SMALL);
    await fill(faulty, 100_000);
    const { rig } = faulty;
    const held = await rig.claimOne('a');
    await rig.refused('disk-full', settle('a', held), put('b', 'x'));
    await rig.done(settle('a', held));
    assert.deepEqual(await rig.idsAtRest('b'), []);
  });

  test('of groups under way together, only those that send and those behind them in their chain are refused', async (t) => {
    const faulty = await FaultyEngine.start(t, SMALL);
    const { rig } = faulty;
    await rig.send('a', 'm1', 'm2', 'm3', 'm4');
    const [first, second, third] = await rig.claim('a', 3);
    faulty.disk.roomBytes = 100;
    const chain = { broken: false };
    const outcomes = await Promise.all([
      rig.apply([settle('a', first!)], { chain }),
      rig.apply([put('b', 'x')], { chain }),
      rig.apply([settle('a', second!)], { chain }),
      rig.apply([settle('a', third!)]),
      rig.apply([enqueue('b', 'y')]),
    ]);
    assert.deepEqual(
      outcomes.map((each) => (each.ok ? 'done' : each.failure.code)),
      ['done', 'disk-full', 'chain-broken', 'done', 'disk-full'],
    );
    assert.ok(chain.broken);
    await faulty.crash();
    assert.deepEqual(await faulty.rig.idsAtRest('a'), ['m2', 'm4']);
  });

  test('a start is possible, and so is consuming what is there', async (t) => {
    for (const isSpent of [false, true]) {
      const faulty = await FaultyEngine.start(t, SMALL);
      const taken = isSpent ? await fill(faulty, 200_000) : ['m1', 'm2', 'm3', 'm4', 'm5', 'm6'];
      if (!isSpent) await faulty.rig.send('a', ...taken);
      await faulty.rig.claim('a', 5);
      await faulty.crash((disk) => {
        // What a start cuts off, or the ballast, is all the room it has.
        disk.roomBytes = 0;
      });
      assert.deepEqual(
        (await faulty.rig.engine.browse('a', 0, 1000)).map(({ id }) => id),
        taken,
      );
      assert.deepEqual(await settleAll(faulty, 'a', 7), taken);
    }
  });

  test('a start that finds no room at all says so', async (t) => {
    const faulty = await FaultyEngine.start(t, SMALL);
    await faulty.rig.send('a', 'm1');
    await faulty.rig.claim('a');
    const start = faulty.crash((disk) => {
      disk.roomBytes = 0;
      fs.rmSync(path.join(faulty.directory, 'ballast'));
    });
    await assert.rejects(start, /The volume is full: expected room for a few kilobytes to start with/);
  });

  test('one old message does not keep the room of all the others', async (t) => {
    const faulty = await FaultyEngine.start(t, SMALL);
    await faulty.send('old', 'keep me');
    const taken = await fill(faulty, 300_000);
    assert.deepEqual(await settleAll(faulty, 'a'), taken);
    await faulty.untilOpen();
    assert.ok(faulty.disk.roomBytes > 200_000, `${faulty.disk.roomBytes} of 300000 octets came back`);
    assert.deepEqual(await faulty.rig.idsAtRest('old'), ['keep me']);
  });
});

describe('on a disk with little room', () => {
  test('sending is refused before the disk is full, and taken again when there is room', async (t) => {
    const faulty = await FaultyEngine.start(t, { ...SMALL, reserveBytes: 1 << 20 });
    const { rig, disk } = faulty;
    await rig.send('a', 'm1');
    disk.reported = { freeBytes: 1000, totalBytes: 1 << 30 };
    await faulty.untilShut();
    assertRefused(await faulty.send('a', 'm2'), 'disk-full');
    const chain = { broken: false };
    await rig.apply([put('a', 'm3')], { chain });
    assert.ok(chain.broken);
    await rig.done(settle('a', await rig.claimOne('a')));
    disk.reported = undefined;
    await faulty.untilOpen();
    await rig.send('a', 'm4');
    assert.deepEqual(await rig.idsAtRest('a'), ['m4']);
  });

  test('a last segment that is nearly done with is ended early', async (t) => {
    const faulty = await FaultyEngine.start(t, { reserveBytes: 1 << 20 });
    const { rig, disk } = faulty;
    for (let i = 0; i < 5; i++) await faulty.send('a', `m${i}`, 100_000);
    await faulty.send('keep', 'me');
    await settleAll(faulty, 'a');
    disk.reported = { freeBytes: 1000, totalBytes: 1 << 30 };
    await faulty.until('less than 64 KiB', () => faulty.journalBytes() < 65_536);
    assert.deepEqual(await rig.idsAtRest('keep'), ['me']);
    await faulty.crash();
    assert.deepEqual(await faulty.rig.idsAtRest('keep'), ['me']);
  });
});
