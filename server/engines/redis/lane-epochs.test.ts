import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LinkLostError, type Argument } from './link/link.ts';
import { LaneRig } from './testing/lane-rig.ts';
import { until } from './testing/until.ts';

const VERSION = 5;

for (const wasSent of [true, false]) {
  test(`a batch that ${wasSent ? 'was' : 'could not be'} sent before an epoch began is sent in it as by one who knows no wildcards`, async () => {
    const versions: (Argument | undefined)[] = [];
    const rig: LaneRig = new LaneRig((argv) => {
      versions.push(argv[VERSION]);
      if (versions.length > 1) return Promise.resolve([Buffer.from('OK'), Buffer.from('0')]);
      rig.link.isUp = false;
      return Promise.reject(new LinkLostError('it was cut', wasSent));
    });
    const sent = rig.send();
    await until('the batch to be lost', () => versions.length === 1);
    // What was sent is repeated by the durable lane alone; what never left goes its way in both.
    if (wasSent) rig.lane.repeat();
    else rig.lane.forgot();
    rig.link.isUp = true;
    rig.lane.wake();
    assert.equal(await sent, 'ok');
    assert.deepEqual(versions, ['7', '0']);
    assert.equal(await rig.send(), 'ok');
    assert.equal(versions.at(-1), '7');
  });
}
