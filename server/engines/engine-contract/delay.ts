import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import type { Claimed, Operation, QueueInfo } from '../../broker/engine.ts';
import { messageBytes } from '../../broker/message.ts';
import { ALL, claimedIds, enqueue, release, Rig, settle, settleLate, type CreateSubject } from './rig.ts';
import { message, names } from './messages.ts';

/** Longer than any test. */
const FAR_MS = 3_600_000;
/** Long enough for what a test does before it, on a busy machine. */
const SOON_MS = 1_000;

const far = (): number => Date.now() + FAR_MS;
const soon = (): number => Date.now() + SOON_MS;
const delayed = (id: string, dueAt: number, priority = 4): Operation => ({ kind: 'enqueue', queue: 'a', message: message(id, { dueAt, priority }) });

async function info(rig: Rig, queue = 'a'): Promise<Pick<QueueInfo, 'ready' | 'inFlight' | 'scheduled'> | undefined> {
  const found = (await rig.engine.queues()).find(({ name }) => name === queue);
  return found && { ready: found.ready, inFlight: found.inFlight, scheduled: found.scheduled };
}

/** By the clock of this machine, which is also the store's. */
async function untilPast(moment: number): Promise<void> {
  while (Date.now() <= moment) await new Promise((resume) => setTimeout(resume, moment + 1 - Date.now()));
}

/** Claims whenever there is a hint, until that brings something. */
async function untilClaimed(rig: Rig): Promise<Claimed[]> {
  for (;;) {
    const seen = rig.events.hintCount('a');
    const claimed = await rig.claim('a');
    if (claimed.length > 0) return claimed;
    await rig.events.untilReady('a', seen);
  }
}

export function describeDelay(create: CreateSubject): void {
  describe('a scheduled message', () => {
    test('is neither claimed nor shown nor purged before it is due, and is counted apart', () =>
      Rig.use(create, async (rig) => {
        await rig.done(enqueue('a', 'm1'), delayed('later', far()), enqueue('a', 'm2'));
        assert.deepEqual(await info(rig), { ready: 2, inFlight: 0, scheduled: 1 });
        assert.deepEqual(await rig.idsAtRest('a'), ['m1', 'm2']);
        assert.deepEqual(claimedIds(await rig.claim('a', 1)), ['m1']);
        assert.equal(await rig.engine.purge('a', ALL), 1);
        assert.deepEqual(await info(rig), { ready: 0, inFlight: 1, scheduled: 1 });
        assert.deepEqual(await rig.claim('a'), []);
      }));

    test('counts in the octets of its queue, which stays for it', () =>
      Rig.use(create, async (rig) => {
        const sent = message('later', { dueAt: far(), body: Buffer.alloc(500) });
        await rig.done({ kind: 'enqueue', queue: 'a', message: sent });
        const bytes = messageBytes(sent);
        assert.deepEqual(await rig.engine.queues(), [{ name: 'a', temporary: false, ready: 0, inFlight: 0, scheduled: 1, dead: 0, bytes }]);
        await rig.engine.dropQueue('a');
        assert.deepEqual(await rig.engine.queues(), []);
        await rig.send('a', 'm1');
        assert.deepEqual(claimedIds(await rig.claim('a')), ['m1']);
      }));

    test('stands at its original place when it is due', () =>
      Rig.use(create, async (rig) => {
        const dueAt = soon();
        await rig.done(enqueue('a', 'm1'), delayed('second', dueAt), enqueue('a', 'm3'), delayed('fourth', dueAt), delayed('urgent', dueAt, 9), enqueue('a', 'm6'));
        await untilPast(dueAt);
        assert.deepEqual(await info(rig), { ready: 6, inFlight: 0, scheduled: 0 });
        assert.deepEqual(await rig.idsAtRest('a'), ['urgent', 'm1', 'second', 'm3', 'fourth', 'm6']);
        assert.deepEqual(claimedIds(await rig.claim('a')), ['urgent', 'm1', 'second', 'm3', 'fourth', 'm6']);
      }));

    test('that is due already is at rest at once', () =>
      Rig.use(create, async (rig) => {
        assert.deepEqual(await rig.claim('a'), []);
        const seen = rig.events.hintCount('a');
        await rig.done(delayed('m1', Date.now() - 1000), delayed('m2', 1));
        await rig.events.untilReady('a', seen);
        assert.deepEqual(claimedIds(await rig.claim('a')), ['m1', 'm2']);
      }));

    test('is told of when it is due, to who found nothing before', () =>
      Rig.use(create, async (rig) => {
        assert.deepEqual(await rig.claim('a'), []);
        const dueAt = soon();
        await rig.done(delayed('m1', dueAt), delayed('m2', far()));
        assert.deepEqual(claimedIds(await untilClaimed(rig)), ['m1']);
        assert.ok(Date.now() >= dueAt, 'nobody gets it before');
        assert.deepEqual(await info(rig), { ready: 0, inFlight: 1, scheduled: 1 });
      }));

    test('is told of in time when it is due before one that was there first', () =>
      Rig.use(create, async (rig) => {
        await rig.done(delayed('far', far()));
        assert.deepEqual(await rig.claim('a'), []);
        const dueAt = soon();
        await rig.done(delayed('near', dueAt));
        assert.deepEqual(claimedIds(await untilClaimed(rig)), ['near']);
        // A slow poll would come, too.
        assert.ok(Date.now() < dueAt + 2_000, `${Date.now() - dueAt} ms late`);
      }));

    test('may be one of very many, in any order', () =>
      Rig.use(create, async (rig) => {
        const dueAt = Date.now() + 2_000;
        const all = names(3_000);
        for (let from = 0; from < all.length; from += 500) {
          await rig.done(...all.slice(from, from + 500).map((id, index) => delayed(id, dueAt - ((index * 7) % 50))));
        }
        await untilPast(dueAt);
        const claimed: string[] = [];
        for (let bite = await rig.claim('a'); bite.length > 0; bite = await rig.claim('a')) claimed.push(...claimedIds(bite));
        assert.deepEqual(claimed.toSorted(), all.toSorted());
        assert.deepEqual(await info(rig), { ready: 0, inFlight: 3_000, scheduled: 0 });
      }));

    test('of a temporary queue waits as well', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.createTemporaryQueue('temp:q');
        const dueAt = soon();
        await rig.done({ kind: 'enqueue', queue: 'temp:q', message: message('later', { dueAt }) }, enqueue('temp:q', 'm2'));
        assert.deepEqual(claimedIds(await rig.claim('temp:q')), ['m2']);
        await untilPast(dueAt);
        assert.deepEqual(claimedIds(await rig.claim('temp:q')), ['later']);
      }));
  });

  describe('a message given back for later', () => {
    test('is scheduled, and comes back to its place with what was counted', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', ...names(4));
        const [first, second] = await rig.claim('a', 2);
        const dueAt = soon();
        await rig.done(release('a', first!, 'nack', dueAt), release('a', second!));
        assert.deepEqual(await info(rig), { ready: 3, inFlight: 0, scheduled: 1 });
        assert.deepEqual(await rig.idsAtRest('a'), ['m2', 'm3', 'm4']);
        await rig.refused('not-held', settle('a', first!));
        assert.equal(await rig.engine.readHeld('a', first!.seq), undefined);
        await untilPast(dueAt);
        const claimed = await rig.claim('a');
        assert.deepEqual(claimedIds(claimed), names(4));
        assert.deepEqual(claimed.map((each) => each.failures), [1, 0, 0, 0]);
      }));

    test('can be settled late while it waits, also in the group that gave it back', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'm1', 'm2', 'm3');
        const [first, second, third] = await rig.claim('a');
        const later = (each: { readonly seq: number }): Operation => release('a', each, 'undelivered', far());
        await rig.done(later(first!), later(third!));
        assert.equal(await rig.done(settleLate('a', first!), later(second!), settleLate('a', second!)), 0);
        assert.deepEqual(await info(rig), { ready: 0, inFlight: 0, scheduled: 1 });
        await rig.refused('not-held', settleLate('a', third!), settle('a', { seq: 1 }));
        assert.deepEqual(await info(rig), { ready: 0, inFlight: 0, scheduled: 1 });
        assert.equal(await rig.done(settleLate('a', third!)), 0);
        assert.deepEqual(await rig.engine.queues(), []);
      }));
  });
}

/** For engines whose store outlives them. */
export function describeDelayRestart(create: CreateSubject): void {
  describe('what is scheduled, after a crash', () => {
    test('waits on, whether it was sent so or given back so', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', ...names(3));
        await rig.done(delayed('later', far()), delayed('soon', Date.now() + 1));
        const [first, second] = await rig.claim('a', 2);
        await rig.done(release('a', first!, 'nack', far()), release('a', second!, 'nack', Date.now() + 1));
        await untilPast(Date.now() + 2);
        for (let round = 0; round < 2; round++) {
          await rig.restart();
          assert.deepEqual(await info(rig), { ready: 3, inFlight: 0, scheduled: 2 });
          assert.deepEqual(await rig.idsAtRest('a'), ['m2', 'm3', 'soon']);
        }
        const claimed = await rig.claim('a');
        assert.deepEqual(claimed.map(({ message: { id }, failures }) => `${id} ${failures}`), ['m2 1', 'm3 0', 'soon 0']);
      }));

    test('is told of when it is due', () =>
      Rig.use(create, async (rig) => {
        await rig.done(delayed('m1', Date.now() + 1_000));
        await rig.restart();
        assert.deepEqual(claimedIds(await untilClaimed(rig)), ['m1']);
      }));
  });
}
