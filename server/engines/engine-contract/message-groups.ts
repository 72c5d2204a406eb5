import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Claimed, ConsumerWant, Operation } from '../../broker/engine.ts';
import { message, names } from './messages.ts';
import { claimedIds, enqueue, release, Rig, settle, settleLate, type CreateSubject } from './rig.ts';

const NO_BOUND = 2 ** 40;

const grouped = (id: string, group: string, priority = 4): Operation => ({ kind: 'enqueue', queue: 'a', message: message(id, { group, priority }) });
const wants = (credits: Readonly<Record<string, number>>): ConsumerWant[] => Object.entries(credits).map(([consumer, credit]) => ({ consumer, credit }));

export function describeMessageGroups(create: CreateSubject): void {
  describe('a message group', () => {
    const claim = (rig: Rig, credits: Readonly<Record<string, number>>): Promise<Claimed[]> => rig.engine.claim('a', wants(credits), NO_BOUND);
    /** `consumer message` of each. */
    const dealt = async (rig: Rig, credits: Readonly<Record<string, number>>): Promise<string[]> =>
      (await claim(rig, credits)).map((each) => `${Object.keys(credits)[each.want]!} ${each.message.id}`);

    test('goes to one consumer as long as any of it is in flight, and others get what is behind it', () =>
      Rig.use(create, async (rig) => {
        await rig.done(...['g1', 'g2', 'h1', 'g3'].map((id) => grouped(id, id[0]!)), enqueue('a', 'm1'), grouped('h2', 'h'));
        assert.deepEqual(await dealt(rig, { one: 9, other: 9 }), ['one g1', 'one g2', 'other h1', 'one g3', 'one m1', 'other h2']);
      }));

    test('says of the first that it is the first for its consumer', () =>
      Rig.use(create, async (rig) => {
        await rig.done(...names(4).map((id) => grouped(id, 'g')), enqueue('a', 'plain'));
        const first = await claim(rig, { one: 1 });
        const second = await claim(rig, { one: 1 });
        assert.deepEqual([...first, ...second].map((each) => each.isFirstOfGroup), [true, undefined]);
        await rig.done(settle('a', first[0]!), settle('a', second[0]!));
        assert.deepEqual((await claim(rig, { other: 9 })).map((each) => each.isFirstOfGroup), [true, undefined, undefined]);
      }));

    test('waits while its consumer has no room, and goes on in order when all of it was settled', () =>
      Rig.use(create, async (rig) => {
        await rig.done(...names(5).map((id) => grouped(id, 'g')), enqueue('a', 'plain'));
        const [first, second] = await claim(rig, { one: 2 });
        assert.deepEqual(await dealt(rig, { other: 9 }), ['other plain']);
        assert.deepEqual(await rig.counts('a'), { ready: 3, inFlight: 3 });
        assert.deepEqual(await rig.idsAtRest('a'), ['m3', 'm4', 'm5']);
        await rig.done(settle('a', first!));
        assert.deepEqual(await dealt(rig, { other: 9 }), []);
        const seen = rig.events.hintCount('a');
        await rig.done(settle('a', second!));
        await rig.events.untilReady('a', seen);
        assert.deepEqual(await dealt(rig, { other: 2 }), ['other m3', 'other m4']);
        await rig.done(...(await claim(rig, { other: 2 })).map((each) => settle('a', each)));
      }));

    test('goes on for its consumer as soon as that has room, and for nobody else', () =>
      Rig.use(create, async (rig) => {
        await rig.done(...names(6).map((id) => grouped(id, 'g')));
        const [first] = await claim(rig, { one: 2 });
        assert.deepEqual(await dealt(rig, { one: 0, other: 9 }), []);
        await rig.done(settle('a', first!));
        assert.deepEqual(await dealt(rig, { other: 9, one: 1 }), ['one m3']);
        assert.deepEqual(await dealt(rig, { one: 2 }), ['one m4', 'one m5']);
        assert.deepEqual(await rig.idsAtRest('a'), ['m6']);
      }));

    test('gives its consumer the next one directly if nobody was kept waiting for it', () =>
      Rig.use(create, async (rig) => {
        await rig.done(...names(4).map((id) => grouped(id, 'g')));
        for (const id of names(4)) assert.deepEqual(await dealt(rig, { one: 1 }), [`one ${id}`]);
      }));

    test('keeps its order when messages come back', () =>
      Rig.use(create, async (rig) => {
        await rig.done(...names(5).map((id) => grouped(id, 'g')));
        const [first, second, third] = await claim(rig, { one: 3 });
        assert.deepEqual(await dealt(rig, { other: 9 }), []);
        await rig.done(release('a', second!, 'nack'));
        assert.deepEqual(await dealt(rig, { other: 9 }), []);
        await rig.done(settle('a', third!), release('a', first!, 'gone'));
        assert.deepEqual(await rig.idsAtRest('a'), ['m1', 'm2', 'm4', 'm5']);
        assert.deepEqual(await dealt(rig, { other: 9 }), ['other m1', 'other m2', 'other m4', 'other m5']);
      }));

    test('is ordered by priority like anything else', () =>
      Rig.use(create, async (rig) => {
        await rig.done(grouped('m1', 'g'), grouped('m2', 'g'), grouped('low', 'g', 1));
        const [first] = await claim(rig, { one: 1 });
        assert.deepEqual(await dealt(rig, { other: 9 }), []);
        await rig.done(grouped('high', 'g', 9), grouped('lower', 'g', 0));
        assert.deepEqual(await rig.idsAtRest('a'), ['high', 'm2', 'low', 'lower']);
        await rig.done(settle('a', first!));
        assert.deepEqual(await dealt(rig, { other: 9 }), ['other high', 'other m2', 'other low', 'other lower']);
      }));

    test('loses parked messages to purges and late settles, wherever in line', () =>
      Rig.use(create, async (rig) => {
        await rig.done(...names(8).map((id) => grouped(id, 'g')), ...names(2, 'p').map((id) => enqueue('a', id)));
        const claimed = await claim(rig, { one: 5 });
        await rig.done(...claimed.slice(1).map((each) => release('a', each)));
        assert.deepEqual(await dealt(rig, { other: 1 }), ['other p1']);
        assert.equal(await rig.done(settleLate('a', claimed[2]!), settleLate('a', claimed[4]!)), 0);
        assert.deepEqual(await rig.idsAtRest('a'), ['m2', 'm4', 'm6', 'm7', 'm8', 'p2']);
        assert.equal(await rig.engine.purge('a', 1), 1);
        await rig.done(settle('a', claimed[0]!));
        assert.equal(await rig.engine.purge('a', 1), 1);
        assert.deepEqual(await dealt(rig, { other: 2 }), ['other m6', 'other m7']);
        assert.equal(await rig.engine.purge('a', 9), 2);
        assert.deepEqual(await rig.counts('a'), { ready: 0, inFlight: 3 });
      }));

    test('begins anew with a queue that was dropped', () =>
      Rig.use(create, async (rig) => {
        await rig.done(...names(4).map((id) => grouped(id, 'g')));
        await claim(rig, { one: 1 });
        assert.deepEqual(await dealt(rig, { other: 9 }), []);
        await rig.engine.dropQueue('a');
        await rig.done(...names(2).map((id) => grouped(id, 'g')));
        assert.deepEqual(await dealt(rig, { other: 9 }), ['other m1', 'other m2']);
      }));

    test('keeps its order, and nothing waits for ever, whatever its consumers do', () =>
      fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(fc.nat(2), fc.nat(4), fc.nat(3)), { minLength: 10, maxLength: 40 }), (turns) =>
          Rig.use(create, async (rig) => {
            const sent = names(40).map((id, index) => ({ id, group: ['g', 'h', ''][index % 3]! }));
            await rig.done(...sent.map(({ id, group }) => grouped(id, group)));
            const held = new Map<string, { readonly consumer: string; readonly claimed: Claimed }>();
            const settled: string[] = [];
            const step = async (consumer: string, credit: number, way: number): Promise<void> => {
              for (const claimed of await claim(rig, { [consumer]: credit })) {
                const { group } = claimed.message;
                for (const each of held.values()) if (group !== '' && each.claimed.message.group === group) assert.equal(each.consumer, consumer, `${claimed.message.id} while ${each.claimed.message.id} is in flight`);
                held.set(claimed.message.id, { consumer, claimed });
              }
              const [oldest] = [...held.values()].filter((each) => each.consumer === consumer).sort((one, other) => one.claimed.seq - other.claimed.seq);
              if (!oldest || way === 0) return;
              held.delete(oldest.claimed.message.id);
              if (way === 1) await rig.done(release('a', oldest.claimed, 'nack'));
              else await rig.done(settle('a', oldest.claimed));
              if (way > 1) settled.push(oldest.claimed.message.id);
            };
            for (const [who, credit, way] of turns) await step(`c${who}`, credit, way);
            for (let round = 0; settled.length < sent.length; round++) {
              assert.ok(round < 500, `${settled.length} of ${sent.length} came`);
              await step(`c${round % 3}`, 2, 2);
            }
            for (const group of ['g', 'h']) {
              const order = sent.filter((each) => each.group === group).map(({ id }) => id);
              const nacked = turns.some(([, , way]) => way === 1);
              if (!nacked) assert.deepEqual(settled.filter((id) => order.includes(id)), order);
            }
            assert.deepEqual(await rig.engine.queues(), []);
          }),
        ),
        { numRuns: 15 },
      ));
  });
}

/** For engines whose store outlives them. */
export function describeMessageGroupsRestart(create: CreateSubject): void {
  describe('message groups after a crash', () => {
    test('are free, and in order', () =>
      Rig.use(create, async (rig) => {
        await rig.done(...names(4).map((id) => grouped(id, 'g')), grouped('h1', 'größer'));
        await rig.engine.claim('a', wants({ one: 2 }), NO_BOUND);
        assert.deepEqual(claimedIds(await rig.engine.claim('a', wants({ other: 9 }), NO_BOUND)), ['h1']);
        await rig.restart();
        assert.deepEqual(await rig.idsAtRest('a'), [...names(4), 'h1']);
        const claimed = await rig.engine.claim('a', wants({ other: 9 }), NO_BOUND);
        assert.deepEqual(claimedIds(claimed), [...names(4), 'h1']);
        assert.deepEqual(claimed.map((each) => each.isFirstOfGroup), [true, undefined, undefined, undefined, true]);
        await rig.done(...claimed.map((each) => settle('a', each)));
        assert.deepEqual(await rig.engine.queues(), []);
      }));
  });
}
