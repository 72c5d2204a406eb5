import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { assertRefused, claimedIds, enqueue, move, publish, release, Rig, settle, type CreateSubject } from './rig.ts';
import { names } from './messages.ts';

export function describeGroups(create: CreateSubject): void {
  describe('a group', () => {
    test('is applied whole: queues, topics and settlements', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.watch('news');
        await rig.send('in', 'm1', 'm2');
        const [first, second] = await rig.claim('in');
        await rig.done(settle('in', first!), enqueue('out', 'o1'), publish('news', 'n1'), release('in', second!), enqueue('out', 'o2'));
        assert.deepEqual(await rig.idsAtRest('out'), ['o1', 'o2']);
        assert.deepEqual(await rig.idsAtRest('in'), ['m2']);
        assert.deepEqual(await rig.events.untilPublished(1), ['news n1']);
      }));

    test('changes nothing when one of its operations cannot be done', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.watch('news');
        await rig.send('in', ...names(4));
        const [first, second, third] = await rig.claim('in', 3);
        const stranger = settle('in', { seq: third!.seq + 1000 });
        await rig.refused(
          'not-held',
          enqueue('out', 'o1'),
          publish('news', 'n1'),
          settle('in', first!),
          release('in', second!, 'nack'),
          move('in', third!, 'DLQ.in', 'm3'),
          stranger,
        );
        assert.deepEqual(await rig.idsAtRest('out'), []);
        assert.deepEqual(await rig.idsAtRest('DLQ.in'), []);
        assert.deepEqual(await rig.counts('in'), { ready: 1, inFlight: 3 });
        await rig.done(release('in', first!), release('in', second!), release('in', third!));
        const again = await rig.claim('in');
        assert.deepEqual(claimedIds(again), names(4));
        assert.ok(again.every((each) => each.failures === 0));
        await rig.done(publish('news', 'n2'));
        assert.deepEqual(await rig.events.untilPublished(1), ['news n2']);
      }));

    test('gives back a message at rest that a failed group wanted to settle late', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', ...names(3));
        const claimed = await rig.claim('a');
        await rig.done(...claimed.map((each) => release('a', each)));
        const late = { kind: 'settle', queue: 'a', seq: claimed[1]!.seq, late: true } as const;
        await rig.refused('not-held', late, settle('a', claimed[0]!));
        assert.deepEqual(claimedIds(await rig.claim('a')), names(3));
      }));

    test('fails when it settles the same message twice', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'm1');
        const claimed = await rig.claimOne('a');
        await rig.refused('not-held', settle('a', claimed), settle('a', claimed));
        await rig.refused('not-held', release('a', claimed), settle('a', claimed));
        await rig.done(settle('a', claimed));
      }));

    test('may be empty', () =>
      Rig.use(create, async (rig) => {
        assert.equal(await rig.done(), 0);
      }));

    test('takes a thousand operations', () =>
      Rig.use(create, async (rig) => {
        await rig.done(...names(1000).map((id) => enqueue('a', id)));
        const claimed = await rig.claim('a');
        await rig.done(...claimed.map((each) => settle('a', each)));
        assert.deepEqual(await rig.engine.queues(), []);
      }));
  });

  describe('a chain', () => {
    test('breaks with a failing group: later ones change nothing', () =>
      Rig.use(create, async (rig) => {
        const chain = { broken: false };
        const outcomes = await Promise.all([
          rig.apply([enqueue('a', 'm1')], { chain }),
          rig.apply([settle('a', { seq: 1_000_000 })], { chain }),
          rig.apply([enqueue('a', 'm2')], { chain }),
          rig.apply([publish('news', 'n1')], { chain }),
        ]);
        assert.equal(outcomes[0].ok, true);
        assertRefused(outcomes[1], 'not-held');
        assertRefused(outcomes[2], 'chain-broken');
        assertRefused(outcomes[3], 'chain-broken');
        assert.equal(chain.broken, true);
        assertRefused(await rig.apply([enqueue('a', 'm3')], { chain }), 'chain-broken');
        assert.deepEqual(await rig.idsAtRest('a'), ['m1']);
      }));

    test('leaves other chains and groups without one alone', () =>
      Rig.use(create, async (rig) => {
        const [broken, whole] = [{ broken: false }, { broken: false }];
        const outcomes = await Promise.all([
          rig.apply([settle('a', { seq: 1_000_000 })], { chain: broken }),
          rig.apply([enqueue('a', 'm1')], { chain: whole }),
          rig.apply([enqueue('a', 'm2')]),
        ]);
        assert.deepEqual(outcomes.map((outcome) => outcome.ok), [false, true, true]);
        assert.equal(whole.broken, false);
        assert.deepEqual(await rig.idsAtRest('a'), ['m1', 'm2']);
      }));
  });

  describe('lanes', () => {
    for (const lane of ['durable', 'volatile'] as const) {
      test(`groups of the ${lane} lane take effect in the order of the calls`, () =>
        Rig.use(create, async (rig) => {
          await rig.engine.createTemporaryQueue('temp:q');
          await rig.engine.watch('news');
          const groups = names(100).map((id) => rig.apply([publish('news', id), enqueue('temp:q', id)], { lane }));
          for (const outcome of await Promise.all(groups)) assert.deepEqual(outcome, { ok: true, missed: 0, repeats: 0 });
          const published = await rig.events.untilPublished(100);
          assert.deepEqual(published, names(100).map((id) => `news ${id}`));
          assert.deepEqual(claimedIds(await rig.claim('temp:q')), names(100));
        }));
    }

    test('both lanes may be busy at once, and each group is whole', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.createTemporaryQueue('temp:q');
        const groups = names(200).map((id, index) => {
          if (index % 2 === 0) return rig.apply([enqueue('a', id), enqueue('temp:q', id)], { lane: 'durable' });
          return rig.apply([enqueue('temp:q', id)], { lane: 'volatile' });
        });
        for (const outcome of await Promise.all(groups)) assert.deepEqual(outcome, { ok: true, missed: 0, repeats: 0 });
        const claimed = await rig.claim('temp:q');
        assert.deepEqual(claimed.map((each) => each.seq), claimed.map((each) => each.seq).sort((l, r) => l - r));
        const isEven = (id: string): boolean => names(200).indexOf(id) % 2 === 0;
        const even = names(200).filter(isEven);
        assert.deepEqual(await rig.idsAtRest('a'), even);
        assert.deepEqual(claimedIds(claimed).filter(isEven), even);
        assert.deepEqual(claimedIds(claimed).filter((id) => !isEven(id)), names(200).filter((id) => !isEven(id)));
      }));
  });
}
