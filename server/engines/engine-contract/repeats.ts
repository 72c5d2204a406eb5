import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import type { Once, Operation, Outcome } from '../../broker/engine.ts';
import { names } from './messages.ts';
import { assertRefused, claimedIds, enqueue, ids, logged, publish, Rig, settle, type CreateSubject } from './rig.ts';

const HOUR_MS = 3_600_000;

/** The same operation, to happen once. */
export function once<Kind extends Operation>(operation: Kind, key: string, windowMs = HOUR_MS): Operation {
  const given: Once = { key, windowMs };
  if (operation.kind !== 'enqueue' && operation.kind !== 'publish') throw new Error(`expected enqueue or publish, got ${operation.kind}`);
  return { ...operation, once: given };
}

const done = (repeats: number): Outcome => ({ ok: true, missed: 0, repeats });

export function describeRepeats(create: CreateSubject): void {
  describe('an operation that is to happen once', () => {
    test('is left out when its key was used, and the first of them stands', () =>
      Rig.use(create, async (rig) => {
        assert.deepEqual(await rig.apply([once(enqueue('a', 'm1'), 'k')]), done(0));
        assert.deepEqual(await rig.apply([once(enqueue('a', 'm2'), 'k')]), done(1));
        assert.deepEqual(await rig.apply([once(enqueue('a', 'm3'), 'other')]), done(0));
        assert.deepEqual(await rig.apply([enqueue('a', 'm4')]), done(0));
        assert.deepEqual(await rig.idsAtRest('a'), ['m1', 'm3', 'm4']);
      }));

    test('is told apart by its key alone, whatever queue or topic it is for, and also after the message was consumed', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.watch('#');
        await rig.done(once(enqueue('a', 'm1'), 'k'), once(publish('news', 'n1'), 'größe'));
        await rig.done(settle('a', await rig.claimOne('a')));
        assert.deepEqual(await rig.apply([once(enqueue('b', 'm2'), 'k'), once(publish('other', 'n2'), 'größe'), publish('news', 'end')]), done(2));
        assert.deepEqual(await rig.events.untilPublished(2), ['news n1', 'news end']);
        assert.deepEqual(await rig.engine.queues(), []);
      }));

    test('may be for a topic, with a log and without', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.watch('#');
        const log = { maxMessages: 10, maxAgeMs: 0 };
        for (const id of names(3)) await rig.done(once(logged('chat', id, log), 'k1'), once(publish('news', id), 'k2'));
        await rig.done(publish('news', 'end'));
        assert.deepEqual(await rig.events.untilPublished(3), ['chat m1', 'news m1', 'news end']);
        const { entries } = await rig.engine.readLog('chat', undefined, 10);
        assert.deepEqual(ids(entries.map((entry) => entry.message)), ['m1']);
      }));

    test('is left out alone: the rest of its group is applied', () =>
      Rig.use(create, async (rig) => {
        await rig.send('in', 'i1');
        await rig.done(once(enqueue('a', 'm1'), 'k'));
        const claimed = await rig.claimOne('in');
        assert.deepEqual(await rig.apply([enqueue('a', 'm2'), once(enqueue('a', 'm3'), 'k'), settle('in', claimed), once(enqueue('a', 'm4'), 'l')]), done(1));
        assert.deepEqual(await rig.idsAtRest('a'), ['m1', 'm2', 'm4']);
        assert.deepEqual(await rig.counts('in'), { ready: 0, inFlight: 0 });
      }));

    test('happens once in a group that has it twice', () =>
      Rig.use(create, async (rig) => {
        assert.deepEqual(await rig.apply([once(enqueue('a', 'm1'), 'k'), once(enqueue('a', 'm2'), 'k')]), done(1));
        assert.deepEqual(await rig.idsAtRest('a'), ['m1']);
      }));

    test('uses no key if its group fails', () =>
      Rig.use(create, async (rig) => {
        await rig.refused('not-held', once(enqueue('a', 'm1'), 'k'), settle('a', { seq: 1_000_000 }));
        assert.deepEqual(await rig.apply([once(enqueue('a', 'm2'), 'k')]), done(0));
        assert.deepEqual(await rig.idsAtRest('a'), ['m2']);
      }));

    test('does not break its chain by being left out, and uses no key in a chain that is broken', () =>
      Rig.use(create, async (rig) => {
        const chain = { broken: false };
        const outcomes = await Promise.all([
          rig.apply([once(enqueue('a', 'm1'), 'k')], { chain }),
          rig.apply([once(enqueue('a', 'm2'), 'k')], { chain }),
          rig.apply([settle('a', { seq: 1_000_000 })], { chain }),
          rig.apply([once(enqueue('a', 'm3'), 'l')], { chain }),
          rig.apply([once(enqueue('a', 'm4'), 'l')]),
        ]);
        assert.deepEqual([outcomes[0], outcomes[1], outcomes[4]], [done(0), done(1), done(0)]);
        assertRefused(outcomes[3], 'chain-broken');
        assert.deepEqual(await rig.idsAtRest('a'), ['m1', 'm4']);
      }));

    test('happens once of a hundred under way together, to a temporary queue, too', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.createTemporaryQueue('temp:q');
        const outcomes = await Promise.all(names(100).map((id) => rig.apply([once(enqueue('temp:q', id), 'k')])));
        assert.deepEqual(outcomes, names(100).map((_, index) => done(index === 0 ? 0 : 1)));
        assert.deepEqual(claimedIds(await rig.claim('temp:q')), ['m1']);
      }));

    test('happens again when the window of the first is over, which no repeat prolongs', () =>
      Rig.use(create, async (rig) => {
        const windowMs = 60;
        const sentAt = performance.now();
        await rig.done(once(enqueue('a', 'first'), 'k', windowMs));
        let repeats = 0;
        for (;;) {
          const outcome = await rig.apply([once(enqueue('a', `m${repeats}`), 'k')]);
          assert.ok(outcome.ok);
          if (outcome.repeats === 0) break;
          repeats++;
          await setImmediate();
        }
        // The store's clock and this one are read in whole ms.
        assert.ok(performance.now() - sentAt >= windowMs - 2, `it was taken after ${performance.now() - sentAt} ms`);
        assert.deepEqual(await rig.idsAtRest('a'), ['first', `m${repeats}`]);
        assert.deepEqual(await rig.apply([once(enqueue('a', 'late'), 'k')]), done(1));
      }));
  });
}

/** For engines whose store outlives them. */
export function describeRepeatsRestart(create: CreateSubject): void {
  test('a key that was used is known after a crash, time and again, be the message consumed or never stored', () =>
    Rig.use(create, async (rig) => {
      await rig.engine.watch('news');
      await rig.done(once(enqueue('a', 'm1'), 'consumed'), once(enqueue('b', 'm2'), 'at rest'), once(publish('news', 'n1'), 'passed'));
      await rig.done(settle('a', await rig.claimOne('a')));
      for (let round = 0; round < 3; round++) {
        await rig.restart();
        const again = [once(enqueue('a', 'x'), 'consumed'), once(enqueue('b', 'x'), 'at rest'), once(publish('news', 'x'), 'passed')];
        assert.deepEqual(await rig.apply(again), done(3));
        // So that a store which tidies up has something to do.
        await rig.send('c', ...names(50));
        await rig.engine.purge('c', 100);
      }
      assert.deepEqual(await rig.idsAtRest('a'), []);
      assert.deepEqual(await rig.idsAtRest('b'), ['m2']);
      assert.deepEqual(rig.events.published, []);
    }));

  test('a window goes on over a crash, and ends', () =>
    Rig.use(create, async (rig) => {
      await rig.done(once(enqueue('a', 'm1'), 'k', 50));
      await rig.restart();
      for (let outcome = done(1); outcome.ok && outcome.repeats === 1; outcome = await rig.apply([once(enqueue('a', 'm2'), 'k')])) await setImmediate();
      assert.deepEqual(await rig.idsAtRest('a'), ['m1', 'm2']);
    }));
}
