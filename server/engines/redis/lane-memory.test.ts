import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Operation, Outcome } from '../../broker/engine.ts';
import { message } from '../engine-contract/messages.ts';
import { Holds } from './holds.ts';
import { Job } from './job.ts';
import { Keys } from './keys.ts';
import { Lane } from './lane.ts';
import { ReplyError, type Argument, type Link, type Reply } from './link/link.ts';
import type { Membership } from './membership.ts';

const MAX_CALLS = 20;

test('at maxmemory an ACK passes though a new SEND comes with each turn', async () => {
  let calls = 0;
  const run = (_script: unknown, _key: string, argv: readonly Argument[]): Promise<Reply> => {
    calls++;
    if (calls < MAX_CALLS) void add({ kind: 'enqueue', queue: 'q', message: message('m') });
    if (argv[4] === '1') return Promise.reject(new ReplyError('OOM command not allowed'));
    return Promise.resolve([Buffer.from('OK'), Buffer.from('0')]);
  };
  const lane = new Lane({
    keys: new Keys('test'),
    link: { isUp: true, run } as unknown as Link,
    membership: { node: 'n.1', isMember: true } as Membership,
    lane: 'durable',
    holds: new Holds(),
    wildcards: { version: 0, match: () => '' },
    topicLogBytes: 0,
  });
  const add = (operation: Operation): Promise<Outcome> =>
    new Promise((resolve) => {
      lane.add(new Job({ operations: [operation], lane: 'durable' }, performance.now() + 60_000, resolve));
    });
  const sent = add({ kind: 'enqueue', queue: 'q', message: message('m') });
  assert.deepEqual(await add({ kind: 'settle', queue: 'q', seq: 1 }), { ok: true, missed: 0, repeats: 0 });
  assert.ok(calls < 4, `expected it at once, it took ${calls} calls`);
  assert.equal((await sent).ok, false);
});
