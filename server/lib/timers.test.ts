import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import type { Clock } from './clock.ts';
import { Timers } from './timers.ts';

class MovableClock implements Clock {
  time = 0;
  now(): number {
    return this.time;
  }
  monotonic(): number {
    return this.time;
  }
}

function wheel(context: TestContext) {
  const clock = new MovableClock();
  const timers = new Timers(clock);
  context.after(() => {
    timers.close();
  });
  return {
    timers,
    moveTo(time: number): void {
      clock.time = time;
      timers.runDue();
    },
  };
}

describe('timers', () => {
  test('run a deadline once, never early and at most one turn late', (context) => {
    const { timers, moveTo } = wheel(context);
    for (const delay of [0, 1, 49, 50, 51, 999, 51_200, 60_000, 200_000]) {
      const start = Math.ceil(Math.random() * 1_000_000) + 1_000_000 * delay;
      moveTo(start);
      let runs = 0;
      timers.after(delay, () => runs++);
      moveTo(start + delay - 1);
      assert.equal(runs, 0, `a delay of ${delay} ms came early`);
      moveTo(start + delay + 50);
      assert.equal(runs, 1, `a delay of ${delay} ms did not come`);
      moveTo(start + delay + 500_000);
      assert.equal(runs, 1, `a delay of ${delay} ms came again`);
    }
  });

  test('keep the order of deadlines, also over a jump of many rounds', (context) => {
    const { timers, moveTo } = wheel(context);
    const ran: string[] = [];
    timers.after(120_000, () => ran.push('third'));
    timers.after(100, () => ran.push('first'));
    timers.after(60_000, () => ran.push('second'));
    timers.after(60_000, () => ran.push('second, set later'));
    moveTo(10_000_000);
    assert.deepEqual(ran, ['first', 'second', 'second, set later', 'third']);
  });

  test('reach farther than the 24.8 days Node can', (context) => {
    const { timers, moveTo } = wheel(context);
    const delay = 2 ** 31 + 1_000;
    let runs = 0;
    timers.after(delay, () => runs++);
    timers.after(Infinity, () => assert.fail('infinity came'));
    for (let time = 0; time < delay; time += 5_000_000) moveTo(time);
    assert.equal(runs, 0);
    moveTo(delay + 50);
    assert.equal(runs, 1);
  });

  test('run nothing that was cancelled, even by a callback of the same turn', (context) => {
    const { timers, moveTo } = wheel(context);
    const early = timers.after(100, () => assert.fail('cancelled before'));
    early.cancel();
    early.cancel();
    let runs = 0;
    timers.after(200, () => {
      runs++;
      later.cancel();
    });
    const later = timers.after(200, () => assert.fail('cancelled in the same turn'));
    moveTo(1_000);
    assert.equal(runs, 1);
    assert.equal(timers.pendingCount, 0);
  });

  test('run nothing after they were closed', (context) => {
    const { timers, moveTo } = wheel(context);
    const pending = timers.after(100, () => assert.fail('ran after close'));
    timers.close();
    timers.close();
    timers.after(100, () => assert.fail('was set after close'));
    assert.equal(timers.pendingCount, 0);
    assert.equal(pending.isPending, false);
    moveTo(1_000);
  });

  test('let a callback set and cancel deadlines without running them in the same turn', (context) => {
    const { timers, moveTo } = wheel(context);
    const ran: number[] = [];
    const again = (): void => {
      ran.push(ran.length);
      timers.after(0, again);
    };
    timers.after(0, again);
    moveTo(50);
    assert.equal(ran.length, 1);
    moveTo(100);
    assert.equal(ran.length, 2);
  });

  test('refuse a delay that is no number', (context) => {
    const { timers } = wheel(context);
    assert.throws(() => timers.after(Number.NaN, () => {}), /Expected a delay in ms, got NaN/);
  });

  test('set, cancel and run a hundred thousand deadlines in no time', (context) => {
    const { timers, moveTo } = wheel(context);
    const start = performance.now();
    let runs = 0;
    for (let i = 0; i < 100_000; i++) {
      const timer = timers.after(i % 60_000, () => runs++);
      if (i % 2 === 0) timer.cancel();
    }
    assert.equal(timers.pendingCount, 50_000);
    for (let time = 50; time <= 60_100; time += 50) moveTo(time);
    assert.equal(runs, 50_000);
    assert.ok(performance.now() - start < 5_000);
  });

  test('run by themselves in real time', async () => {
    const timers = new Timers();
    const start = performance.now();
    await new Promise<void>((resolve) => {
      timers.after(80, resolve);
    });
    assert.ok(performance.now() - start >= 80);
    assert.equal(timers.pendingCount, 0);
    timers.close();
  });

  test('report what a callback throws, run the others, and then let the process end by itself', async () => {
    const program = `
      import { Timers } from ${JSON.stringify(new URL('timers.ts', import.meta.url).href)};
      const timers = new Timers();
      process.on('uncaughtException', (error) => console.log('uncaught', error.message));
      timers.after(10, () => { throw new Error('first'); });
      timers.after(10, () => console.log('second'));
    `;
    const args = ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', program];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
    assert.deepEqual(stdout.trim().split('\n').sort(), ['second', 'uncaught first']);
  });
});
