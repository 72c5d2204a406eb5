import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Operation, Outcome } from '../../broker/engine.ts';
import { message } from '../engine-contract/messages.ts';
import { Holds } from './holds.ts';
import { Job } from './job.ts';
import { Keys } from './keys.ts';
import { Lane } from './lane.ts';
import type { Argument, Link, Reply } from './link/link.ts';
import type { Membership } from './membership.ts';

type Run = (argv: readonly Argument[]) => Promise<Reply>;

function laneOn(run: Run): Lane {
  return new Lane({
    keys: new Keys('test'),
    link: { isUp: true, run: (_script: unknown, _key: string, argv: readonly Argument[]) => run(argv) } as unknown as Link,
    membership: { node: 'n.1', isMember: true } as Membership,
    lane: 'durable',
    holds: new Holds(),
    wildcards: { version: 0, match: () => '' },
    topicLogBytes: 0,
  });
}

const add = (lane: Lane, operation: Operation): Promise<Outcome> =>
  new Promise((resolve) => {
    lane.add(new Job({ operations: [operation], lane: 'durable' }, performance.now() + 60_000, resolve));
  });

const enqueue: Operation = { kind: 'enqueue', queue: 'q', message: message('m') };

const verdict = (outcome: Outcome): string => (outcome.ok ? 'ok' : `${outcome.failure.code} ${outcome.failure.certainty}`);

for (const [what, results] of [['fewer', '0'], ['none', ''], ['more', '0,0,0']] as const) {
  test(`an answer with ${what} results than groups concludes nothing, and the next batch is sent`, async () => {
    let calls = 0;
    const lane = laneOn(() => Promise.resolve([Buffer.from('OK'), Buffer.from(calls++ === 0 ? results : '0')]));
    const outcomes = await Promise.all([add(lane, enqueue), add(lane, enqueue)]);
    assert.deepEqual(outcomes.map(verdict), ['store-failed outcome-unknown', 'store-failed outcome-unknown']);
    assert.equal(verdict(await add(lane, enqueue)), 'ok');
    assert.equal(calls, 2);
  });
}
