import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import type { Dead, Operation, QueueInfo } from '../../broker/engine.ts';
import { messageBytes } from '../../broker/message.ts';
import { ALL, claimedIds, enqueue, release, Rig, settle, settleLate, type CreateSubject } from './rig.ts';
import { message, names } from './messages.ts';

const NO_BOUND = 2 ** 40;
/** Long enough for what a test does before it, on a busy machine. */
const SOON_MS = 1_000;
/** Longer than any test. */
const FAR_MS = 3_600_000;

const mortal = (id: string, expiresAt: number, given: { queue?: string; dueAt?: number; priority?: number } = {}): Operation => {
  const { queue = 'a', ...terms } = given;
  return { kind: 'enqueue', queue, message: message(id, { expiresAt, ...terms }) };
};

type Counts = Pick<QueueInfo, 'ready' | 'inFlight' | 'scheduled' | 'dead'>;

async function counts(rig: Rig, queue = 'a'): Promise<Counts | undefined> {
  const found = (await rig.engine.queues()).find(({ name }) => name === queue);
  return found && { ready: found.ready, inFlight: found.inFlight, scheduled: found.scheduled, dead: found.dead };
}

/** By the clock of this machine, which is also the store's. */
async function untilPast(moment: number): Promise<void> {
  while (Date.now() <= moment) await new Promise((resume) => setTimeout(resume, moment + 1 - Date.now()));
}

const deadIds = (dead: readonly Dead[]): string[] => dead.map(({ message: { id } }) => id).sort();

export function describeExpiry(create: CreateSubject): void {
  describe('a message whose time is over', () => {
    test('is neither claimed nor shown nor purged, and is not counted as ready', () =>
      Rig.use(create, async (rig) => {
        const end = Date.now() + SOON_MS;
        await rig.done(mortal('x1', end), enqueue('a', 'm2'), mortal('x3', end, { priority: 9 }), enqueue('a', 'm4'), mortal('m5', Date.now() + FAR_MS));
        await untilPast(end);
        assert.deepEqual(await counts(rig), { ready: 3, inFlight: 0, scheduled: 0, dead: 2 });
        assert.deepEqual(await rig.idsAtRest('a'), ['m2', 'm4', 'm5']);
        assert.deepEqual((await rig.engine.browse('a', 1, 1)).map(({ id }) => id), ['m4']);
        assert.deepEqual(claimedIds(await rig.claim('a', 1)), ['m2']);
        assert.equal(await rig.engine.purge('a', ALL), 2);
        assert.deepEqual(await counts(rig), { ready: 0, inFlight: 1, scheduled: 0, dead: 2 });
        assert.deepEqual(await rig.claim('a'), []);
      }));

    test('is told of, handed over once with its reason, and then held like any other', () =>
      Rig.use(create, async (rig) => {
        await rig.send('b', 'kept');
        await rig.done(mortal('x1', Date.now() + SOON_MS), mortal('x2', 1, { queue: 'b' }));
        const found: Dead[] = [];
        for (let seen = 0; found.length < 2; seen++) {
          await rig.events.untilDead(seen);
          found.push(...(await rig.engine.claimDead(10, NO_BOUND)));
        }
        assert.deepEqual(found.map(({ queue, reason, failures, recoveries, message: { id } }) => [queue, id, reason, failures, recoveries]).sort(), [
          ['a', 'x1', 'expired', 0, 0],
          ['b', 'x2', 'expired', 0, 0],
        ]);
        assert.deepEqual(await rig.engine.claimDead(10, NO_BOUND), []);
        assert.deepEqual(await counts(rig), { ready: 0, inFlight: 1, scheduled: 0, dead: 0 });
        const [first, second] = found as [Dead, Dead];
        assert.deepEqual(await rig.engine.readHeld(first.queue, first.seq), first.message);
        await rig.done({ kind: 'move', queue: first.queue, seq: first.seq, to: 'DLQ', message: message('letter') }, settle(second.queue, second));
        assert.deepEqual(await rig.idsAtRest('DLQ'), ['letter']);
        assert.deepEqual((await rig.engine.queues()).map(({ name }) => name).sort(), ['DLQ', 'b']);
      }));

    test('is dead again when it is given back', () =>
      Rig.use(create, async (rig) => {
        await rig.done(mortal('x1', 1));
        const [dead] = await rig.engine.claimDead(1, NO_BOUND);
        await rig.done(release('a', dead!));
        assert.deepEqual(await counts(rig), { ready: 0, inFlight: 0, scheduled: 0, dead: 1 });
        const [again] = await rig.engine.claimDead(1, NO_BOUND);
        assert.equal(again?.seq, dead!.seq);
        await rig.refused('not-held', settle('a', dead!), settle('a', dead!));
        await rig.done(settle('a', dead!));
        assert.deepEqual(await rig.engine.queues(), []);
      }));

    test('stays with whoever has it in flight, and is dead only when it comes back', () =>
      Rig.use(create, async (rig) => {
        const end = Date.now() + SOON_MS;
        await rig.done(mortal('x1', end), mortal('x2', end));
        const [first, second] = await rig.claim('a', 2);
        await untilPast(end);
        assert.deepEqual(await rig.engine.claimDead(10, NO_BOUND), []);
        await rig.done(settle('a', first!), release('a', second!, 'nack'));
        assert.deepEqual(await rig.claim('a'), []);
        const [dead] = await rig.engine.claimDead(10, NO_BOUND);
        assert.deepEqual([dead?.message.id, dead?.failures], ['x2', 1]);
      }));

    test('dies while it is scheduled, too', () =>
      Rig.use(create, async (rig) => {
        const end = Date.now() + SOON_MS;
        await rig.done(mortal('x1', end, { dueAt: end + FAR_MS }), mortal('x2', end, { dueAt: end - 1 }), mortal('m3', end + FAR_MS, { dueAt: end + FAR_MS }));
        assert.equal((await counts(rig))?.scheduled, 3);
        await untilPast(end);
        assert.deepEqual(await counts(rig), { ready: 0, inFlight: 0, scheduled: 1, dead: 2 });
        assert.deepEqual(await rig.claim('a'), []);
        assert.deepEqual(deadIds(await rig.engine.claimDead(10, NO_BOUND)), ['x1', 'x2']);
      }));

    test('can be settled late, as long as nobody has it', () =>
      Rig.use(create, async (rig) => {
        const end = Date.now() + SOON_MS;
        await rig.done(mortal('x1', end), mortal('x2', end));
        const [first, second] = await rig.claim('a');
        await rig.done(release('a', first!), release('a', second!));
        await untilPast(end);
        assert.equal(await rig.done(settleLate('a', first!)), 0);
        const [dead] = await rig.engine.claimDead(10, NO_BOUND);
        assert.equal(dead?.message.id, 'x2');
        assert.equal(await rig.done(settleLate('a', second!)), 1);
        assert.deepEqual(await counts(rig), { ready: 0, inFlight: 1, scheduled: 0, dead: 0 });
      }));

    test('goes with its queue', () =>
      Rig.use(create, async (rig) => {
        await rig.done(mortal('x1', 1), mortal('x2', Date.now() + FAR_MS));
        await rig.engine.dropQueue('a');
        assert.deepEqual(await rig.engine.claimDead(10, NO_BOUND), []);
        await rig.send('a', 'm1');
        assert.deepEqual(await counts(rig), { ready: 1, inFlight: 0, scheduled: 0, dead: 0 });
      }));

    test('may be one of very many, handed over by number and by octets', () =>
      Rig.use(create, async (rig) => {
        const all = names(2_500, 'x');
        for (let from = 0; from < all.length; from += 500) await rig.done(...all.slice(from, from + 500).map((id) => mortal(id, 1)));
        await rig.send('a', 'm1');
        const one = messageBytes(message('x1'));
        const few = await rig.engine.claimDead(10, 3 * one + 10);
        assert.equal(few.length, 3);
        assert.equal((await rig.engine.claimDead(1, 1)).length, 1, 'one at least');
        const found = [...few];
        while (found.length < all.length - 1) {
          const bite = await rig.engine.claimDead(700, NO_BOUND);
          assert.ok(bite.length > 0 && bite.length <= 700);
          found.push(...bite);
        }
        assert.deepEqual(await counts(rig), { ready: 1, inFlight: 2_500, scheduled: 0, dead: 0 });
        assert.deepEqual(claimedIds(await rig.claim('a')), ['m1']);
      }));

    test('may be of a temporary queue', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.createTemporaryQueue('temp:q');
        await rig.done(mortal('x1', 1, { queue: 'temp:q' }), enqueue('temp:q', 'm2'));
        assert.deepEqual(claimedIds(await rig.claim('temp:q')), ['m2']);
        const [dead] = await rig.engine.claimDead(10, NO_BOUND);
        assert.deepEqual([dead?.queue, dead?.message.id], ['temp:q', 'x1']);
        await rig.done(settle('temp:q', dead!));
        assert.deepEqual(await counts(rig, 'temp:q'), { ready: 0, inFlight: 1, scheduled: 0, dead: 0 });
      }));
  });
}

/** For engines whose store outlives them. */
export function describeExpiryRestart(create: CreateSubject): void {
  describe('what expires, after a crash', () => {
    test('is dead when its time is over, also if somebody had it as such', () =>
      Rig.use(create, async (rig) => {
        const end = Date.now() + SOON_MS;
        await rig.done(mortal('x1', 1), mortal('x2', 1), mortal('x3', end), mortal('m4', end + FAR_MS));
        assert.equal((await rig.engine.claimDead(1, NO_BOUND)).length, 1);
        await untilPast(end);
        await rig.restart();
        assert.deepEqual(await counts(rig), { ready: 1, inFlight: 0, scheduled: 0, dead: 3 });
        await rig.events.untilDead();
        const found: Dead[] = [];
        while (found.length < 3) found.push(...(await rig.engine.claimDead(10, NO_BOUND)));
        assert.deepEqual(deadIds(found), ['x1', 'x2', 'x3']);
        assert.deepEqual(claimedIds(await rig.claim('a')), ['m4']);
      }));
  });
}
