import { test, describe, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { ClaimMarks, type LeftBehind } from './claim-marks.ts';
import { FaultyDisk } from './testing/faulty-disk.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

/** Marks in a directory, with the set of held messages that an engine would have. */
class Desk {
  readonly disk = new FaultyDisk();
  readonly held = new Set<number>();
  readonly directory: string;
  marks!: ClaimMarks;

  constructor(directory: string) {
    this.directory = directory;
  }

  static async begin(t: TestContext, boot = 'boot 1'): Promise<Desk> {
    const desk = new Desk(await temporaryDirectory(t));
    await desk.open(boot);
    await desk.marks.begin(desk.disk, desk.directory);
    t.after(() => desk.marks.abandon().catch(() => undefined));
    return desk;
  }

  async open(boot = 'boot 1'): Promise<LeftBehind> {
    const { marks, left } = await ClaimMarks.open(this.disk, this.directory, boot, () => this.held);
    this.marks = marks;
    return left;
  }

  claim(...seqs: number[]): boolean {
    for (const seq of seqs) this.held.add(seq);
    return this.marks.claimed(seqs);
  }

  giveBack(...seqs: number[]): boolean {
    for (const seq of seqs) this.held.delete(seq);
    return this.marks.returned(seqs);
  }

  /** The process is gone; another one looks. */
  async crash(boot?: string): Promise<LeftBehind> {
    await this.marks.abandon();
    return this.open(boot);
  }
}

describe('claim marks', () => {
  test('tell a process that follows a crash what was claimed and did not come back', async (t) => {
    const desk = await Desk.begin(t);
    desk.claim(1, 2, 3);
    desk.giveBack(2);
    desk.claim(2 ** 40, 4);
    desk.giveBack(1, 3);
    desk.claim(3);
    assert.deepEqual(await desk.crash(), new Set([2 ** 40, 4, 3]));
  });

  test('are gone when the next process has begun', async (t) => {
    const desk = await Desk.begin(t);
    desk.claim(1, 2);
    await desk.crash();
    await desk.marks.begin(desk.disk, desk.directory);
    assert.deepEqual(await desk.crash(), new Set());
    await desk.marks.begin(desk.disk, desk.directory);
    desk.claim(7);
    assert.deepEqual(await desk.crash(), new Set([7]));
  });

  test('are not trusted after the machine itself went down, or where that cannot be known', async (t) => {
    const desk = await Desk.begin(t);
    desk.claim(1);
    assert.equal(await desk.crash('boot 2'), 'unknown');
    assert.deepEqual(await desk.crash('boot 1'), new Set([1]));
    const nameless = await Desk.begin(t, '');
    assert.equal(await nameless.crash(''), 'unknown');
  });

  test('are trusted after an orderly end, whatever the machine did then', async (t) => {
    const desk = await Desk.begin(t);
    desk.claim(1, 2);
    desk.giveBack(2);
    await desk.marks.close();
    assert.deepEqual(await desk.open('boot 2'), new Set([1]));
  });

  test('are unknown where there are none, or none that can be read', async (t) => {
    const desk = new Desk(await temporaryDirectory(t));
    assert.equal(await desk.open(), 'unknown');
    await desk.marks.begin(desk.disk, desk.directory);
    await desk.marks.abandon();
    for (const name of ['claims-a', 'claims-b']) fs.writeFileSync(path.join(desk.directory, name), 'what is this?');
    assert.equal(await desk.open(), 'unknown');
    await desk.marks.abandon();
  });

  test('take no more room over time, and none of it later', async (t) => {
    const desk = await Desk.begin(t);
    desk.disk.roomBytes = 0;
    const size = (): number =>
      fs.statSync(path.join(desk.directory, 'claims-a')).size + fs.statSync(path.join(desk.directory, 'claims-b')).size;
    const before = size();
    desk.claim(5);
    for (let seq = 10; seq < 200_010; seq += 100) {
      const some = Array.from({ length: 100 }, (_, i) => seq + i);
      assert.ok(desk.claim(...some));
      for (const each of some) desk.held.delete(each);
    }
    desk.claim(6);
    assert.equal(size(), before);
    const left = await desk.crash();
    assert.ok(left instanceof Set && left.has(5) && left.has(6) && left.size < 33_000);
  });

  test('grow with what is held at once, and say so when there is no room for that', async (t) => {
    const desk = await Desk.begin(t);
    for (let seq = 0; seq < 50_000; seq += 1000)
      assert.ok(desk.claim(...Array.from({ length: 1000 }, (_, i) => seq + i)));
    assert.equal(((await desk.crash()) as ReadonlySet<number>).size, 50_000);

    const cramped = await Desk.begin(t);
    cramped.disk.roomBytes = 0;
    const noted: number[] = [];
    let seq = 0;
    while (cramped.claim(seq)) noted.push(seq++);
    assert.ok(noted.length >= 32 * 1024);
    cramped.held.delete(seq);
    assert.deepEqual(await cramped.crash(), new Set(noted));
  });

  test('let an error of the disk through', async (t) => {
    const desk = await Desk.begin(t);
    desk.disk.failing.set('writeNow', 'EIO');
    assert.throws(() => desk.claim(1), { code: 'EIO' });
  });
});
