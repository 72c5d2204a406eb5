import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { claimedIds, enqueue, publish, settle } from '../engine-contract/rig.ts';
import { names } from '../engine-contract/messages.ts';
import { FaultyEngine, turn } from './testing/faulty-engine.ts';

const code = (error: string): { code: string } => ({ code: error });

describe('after a flush failed', () => {
  test('what was on its way has an unknown outcome, what waits was not stored, and nothing succeeds any more', async (t) => {
    const { rig, disk } = await FaultyEngine.start(t);
    await rig.send('a', 'm1', 'm2');
    const held = await rig.claimOne('a');
    let letGo = (): void => undefined;
    const begun = new Promise<void>((resolve) => {
      disk.beforeFlush = () => {
        resolve();
        return new Promise((release) => {
          letGo = release;
        });
      };
    });
    const onTheirWay = [rig.apply([enqueue('a', 'm3')]), rig.apply([settle('a', held)])];
    await begun;
    const waiting = [rig.apply([enqueue('a', 'm4')]), rig.apply([enqueue('b', 'm5')])];
    disk.failing.set('flush', 'EIO');
    letGo();
    for (const outcome of await Promise.all(onTheirWay)) {
      assert.ok(!outcome.ok);
      assert.equal(outcome.failure.code, 'store-failed');
      assert.equal(outcome.failure.certainty, 'outcome-unknown');
    }
    for (const outcome of await Promise.all(waiting)) {
      assert.ok(!outcome.ok);
      assert.equal(outcome.failure.certainty, 'not-stored');
    }
    assert.deepEqual(
      rig.events.fatal.map((error) => (error as NodeJS.ErrnoException).code),
      ['EIO'],
    );

    disk.failing.clear();
    disk.calls.length = 0;
    await rig.refused('store-failed', enqueue('a', 'm6'));
    await rig.refused('store-failed', publish('news', 'n1'));
    assert.deepEqual(await rig.claim('a'), []);
    await assert.rejects(rig.engine.purge('a', 1), /failed or is closed/);
    await assert.rejects(rig.engine.dropQueue('a'), /failed or is closed/);
    await turn();
    assert.deepEqual(disk.calls, []);
    assert.equal(rig.events.fatal.length, 1);
  });

  test('a restart finds everything that was confirmed before', async (t) => {
    const faulty = await FaultyEngine.start(t);
    await faulty.rig.send('a', ...names(20));
    faulty.disk.failing.set('flush', 'EIO');
    await faulty.rig.apply([enqueue('a', 'unknown')]);
    await faulty.crash();
    assert.deepEqual(claimedIds(await faulty.rig.claim('a')).slice(0, 20), names(20));
    assert.deepEqual(faulty.rig.events.fatal, []);
  });
});

describe('the store ends as well', () => {
  test('when a write fails, unless the disk is full', async (t) => {
    const { rig, disk } = await FaultyEngine.start(t);
    disk.failing.set('write', 'EIO');
    const outcome = await rig.apply([enqueue('a', 'm1')]);
    assert.ok(!outcome.ok && outcome.failure.certainty === 'outcome-unknown');
    assert.equal(rig.events.fatal.length, 1);
  });

  test('when the disk is full and a part of a record cannot be taken back', async (t) => {
    const { rig, disk } = await FaultyEngine.start(t);
    disk.roomBytes = 100;
    disk.failing.set('truncate', 'EIO');
    const outcome = await rig.apply([enqueue('a', 'm1')]);
    assert.ok(!outcome.ok && outcome.failure.code === 'store-failed');
    assert.equal(rig.events.fatal.length, 1);
  });

  test('when a claim cannot be noted, and then nobody is given a message', async (t) => {
    const { rig, disk } = await FaultyEngine.start(t);
    await rig.send('a', 'm1');
    disk.failing.set('writeNow', 'EIO');
    assert.deepEqual(await rig.claim('a'), []);
    assert.equal(rig.events.fatal.length, 1);
  });

  test('when a message cannot be read back', async (t) => {
    const { rig, disk } = await FaultyEngine.start(t, { memoryBytes: 0 });
    await rig.send('a', 'm1');
    disk.failing.set('read', 'EIO');
    assert.deepEqual(await rig.claim('a'), []);
    assert.deepEqual(
      rig.events.fatal.map((error) => (error as NodeJS.ErrnoException).code),
      ['EIO'],
    );
    await rig.refused('store-failed', enqueue('a', 'm2'));
  });
});

describe('a start', () => {
  test('that finds the directory in use says so and leaves it alone', async (t) => {
    const faulty = await FaultyEngine.start(t);
    const second = await FaultyEngine.start(t);
    await faulty.rig.send('a', 'm1');
    const { EmbeddedEngine } = await import('./embedded-engine.ts');
    const newcomer = new EmbeddedEngine({ directory: faulty.directory });
    await assert.rejects(newcomer.start(second.rig.events, second.rig.node), { name: 'DirectoryInUseError' });
    await newcomer.close();
    await faulty.rig.send('a', 'm2');
    assert.deepEqual(claimedIds(await faulty.rig.claim('a')), ['m1', 'm2']);
  });

  test('that fails lets go of the directory', async (t) => {
    const faulty = await FaultyEngine.start(t);
    await faulty.rig.engine.close();
    const { EmbeddedEngine } = await import('./embedded-engine.ts');
    const broken = new EmbeddedEngine({ directory: faulty.directory }, faulty.disk);
    faulty.disk.failing.set('flush', 'EIO');
    await assert.rejects(broken.start(faulty.rig.events, faulty.rig.node), code('EIO'));
    await faulty.crash();
    await faulty.rig.send('a', 'm1');
  });
});
