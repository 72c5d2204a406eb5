import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { Timers } from '../lib/timers.ts';
import type { EngineHealth } from './engine.ts';
import type { LogFields } from './log.ts';
import { StoreWatch } from './store-watch.ts';

const WELL: EngineHealth = { state: 'up', warnings: [], facts: {} };

function watch(context: TestContext) {
  let time = 0;
  const clock = { now: () => time, monotonic: () => time };
  const timers = new Timers(clock);
  context.after(() => timers.close());
  const lines: LogFields[] = [];
  const note = (fields: LogFields): void => {
    lines.push(fields);
  };
  const engine = { present: WELL, health: () => engine.present };
  const watching = new StoreWatch({ engine, timers, clock, log: { debug: note, info: note, warn: note, error: note } });
  watching.start();
  return {
    watching,
    engine,
    lines,
    /** Moves time second by second, as the wheel would. */
    pass(seconds: number): void {
      for (let second = 0; second < seconds; second++) {
        time += 1_000;
        timers.runDue();
      }
    },
  };
}

describe('the watch over the store', () => {
  test('is patient for five seconds, and tells when it went and when it came back', (context) => {
    const { watching, engine, lines, pass } = watch(context);
    engine.present = { ...WELL, state: 'down' };
    pass(2);
    assert.equal(watching.isLongDown, false);
    pass(5);
    assert.equal(watching.isLongDown, true);
    engine.present = WELL;
    pass(2);
    assert.equal(watching.isLongDown, false);
    assert.deepEqual(lines.map(({ event }) => event), ['store-down', 'store-up']);
    assert.ok(Number(lines[1]?.['downMs']) >= 5_000);
  });

  test('forgets an absence that ended', (context) => {
    const { watching, engine, pass } = watch(context);
    for (let absence = 0; absence < 3; absence++) {
      engine.present = { ...WELL, state: 'down' };
      pass(4);
      assert.equal(watching.isLongDown, false);
      engine.present = WELL;
      pass(2);
    }
  });

  test('tells each warning once as long as it lasts', (context) => {
    const { engine, lines, pass } = watch(context);
    engine.present = { ...WELL, warnings: ['No replica.'] };
    pass(3);
    engine.present = { ...WELL, warnings: ['No replica.', 'No disk.'] };
    pass(3);
    engine.present = WELL;
    pass(2);
    engine.present = { ...WELL, warnings: ['No replica.'] };
    pass(2);
    assert.deepEqual(lines.map((line) => line['warning']), ['No replica.', 'No disk.', 'No replica.']);
  });
});
