import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LaneRig } from './testing/lane-rig.ts';

for (const [what, results] of [['fewer', '0'], ['none', ''], ['more', '0,0,0']] as const) {
  test(`an answer with ${what} results than groups concludes nothing, and the next batch is sent`, async () => {
    let calls = 0;
    const rig = new LaneRig(() => Promise.resolve([Buffer.from('OK'), Buffer.from(calls++ === 0 ? results : '0')]));
    assert.deepEqual(await Promise.all([rig.send(), rig.send()]), ['store-failed outcome-unknown', 'store-failed outcome-unknown']);
    assert.equal(await rig.send(), 'ok');
    assert.equal(calls, 2);
  });
}
