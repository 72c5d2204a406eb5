import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import type { ConsumerWant, Operation } from '../../broker/engine.ts';
import { messageBytes } from '../../broker/message.ts';
import { claimedIds, enqueue, move, release, Rig, settle, settleLate, type CreateSubject } from './rig.ts';
import { message, names } from './messages.ts';
import { called, claimSelected, everyNth } from './selecting.ts';

const NO_BOUND = 2 ** 40;
/** More than any selector looks at in one go. */
const DEEP = 100_000;

/** Puts that many messages into the queue, in groups of a thousand. */
async function fill(rig: Rig, queue: string, prefix: string, count: number): Promise<void> {
  for (let from = 0; from < count; from += 1000) {
    await rig.done(...names(Math.min(1000, count - from), `${prefix}${from}.`).map((id) => enqueue(queue, id)));
  }
}

export function describeSelectors(create: CreateSubject): void {
  const claim = (rig: Rig, ...wants: ConsumerWant[]) => rig.engine.claim('a', wants, NO_BOUND);
  const selected = async (rig: Rig, prefix: string, credit = 100) => claimedIds(await claim(rig, { credit, selector: called(prefix) }));

  describe('a want with a selector', () => {
    test('takes what matches, in order, and leaves the rest where it is', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'x1', 'y1', 'x2', 'y2', 'y3', 'x3');
        assert.deepEqual(await selected(rig, 'y', 2), ['y1', 'y2']);
        assert.deepEqual(await rig.counts('a'), { ready: 4, inFlight: 2 });
        assert.deepEqual(await rig.idsAtRest('a'), ['x1', 'x2', 'y3', 'x3']);
        assert.deepEqual(claimedIds(await rig.claim('a')), ['x1', 'x2', 'y3', 'x3']);
      }));

    test('gets nothing where nothing matches, and what matches later', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'x1');
        assert.deepEqual(await selected(rig, 'y'), []);
        assert.deepEqual(await selected(rig, 'y'), []);
        await rig.send('a', 'y1', 'x2');
        assert.deepEqual(await selected(rig, 'y', 0), []);
        assert.deepEqual(await selected(rig, 'y'), ['y1']);
        assert.deepEqual(await rig.idsAtRest('a'), ['x1', 'x2']);
      }));

    test('is not starved by others in front, however many, and does not look at them again', () =>
      Rig.use(create, async (rig) => {
        await fill(rig, 'a', 'x', DEEP);
        await rig.send('a', 'y1');
        const selector = called('y');
        const [first] = await claimSelected(rig, 'a', selector, 1);
        assert.equal(first!.id, 'y1');
        await rig.done(settle('a', first!));
        const asked = selector.asked;
        for (const id of names(50, 'y')) {
          const coming = claimSelected(rig, 'a', selector, 1);
          await rig.send('a', id);
          const [claimed] = await coming;
          assert.equal(claimed!.id, id);
          await rig.done(settle('a', claimed!));
        }
        assert.ok(selector.asked - asked <= 200, `expected some looks for each of 50 messages, got ${selector.asked - asked}`);
        assert.deepEqual(await rig.counts('a'), { ready: DEEP, inFlight: 0 });
        assert.deepEqual(claimedIds(await rig.claim('a', 2)), ['x0.1', 'x0.2']);
      }));

    test('hears of a message that was given back after it had passed', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', ...names(3, 'y'), ...names(5, 'x'));
        const held = await rig.claim('a', 6);
        for (const reason of ['undelivered', 'nack', 'gone'] as const) {
          assert.deepEqual(await selected(rig, 'y'), []);
          const coming = claimSelected(rig, 'a', called('y'), 1);
          const back = held.shift()!;
          await rig.done(release('a', back, reason));
          assert.deepEqual((await coming).map(({ seq }) => seq), [back.seq]);
        }
        await rig.done(...held.map((each) => release('a', each)));
        assert.deepEqual(await selected(rig, 'y'), []);
        assert.deepEqual(await rig.idsAtRest('a'), names(5, 'x'));
      }));

    test('hears of all that were given back, however many and scattered', () =>
      Rig.use(create, async (rig) => {
        const all = Array.from({ length: 600 }, (_, i) => `${i % 3 === 0 ? 'y' : 'x'}${i}`);
        await rig.done(...all.map((id) => enqueue('a', id)));
        const held = await rig.claim('a');
        await rig.send('a', 'x600');
        assert.deepEqual(await selected(rig, 'y'), []);
        const [even, odd] = [0, 1].map((rest) => held.filter((_each, i) => i % 2 === rest)) as [typeof held, typeof held];
        await rig.done(...even.toReversed().map((each) => release('a', each)));
        const wanted = (some: typeof held): string[] => claimedIds(some).filter((id) => id.startsWith('y'));
        assert.deepEqual((await claimSelected(rig, 'a', called('y'), 100)).map(({ id }) => id), wanted(even));
        for (const each of odd) await rig.done(release('a', each));
        assert.deepEqual((await claimSelected(rig, 'a', called('y'), 100)).map(({ id }) => id), wanted(odd));
        assert.deepEqual(await rig.idsAtRest('a'), [...all.filter((id) => id.startsWith('x')), 'x600']);
      }));

    test('gives a message back to its place, for everybody', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'x1', 'y1', 'x2', 'y2', 'x3', 'y3');
        const held = await claim(rig, { credit: 9, selector: called('y') });
        await rig.done(release('a', held[2]!, 'nack'), release('a', held[0]!, 'gone'));
        assert.deepEqual(await rig.idsAtRest('a'), ['x1', 'y1', 'x2', 'x3', 'y3']);
        assert.deepEqual(await selected(rig, 'y', 1), ['y1']);
        await rig.done(release('a', held[1]!));
        const rest = await rig.claim('a');
        assert.deepEqual(claimedIds(rest), ['x1', 'x2', 'y2', 'x3', 'y3']);
        assert.deepEqual(rest.map(({ failures, recoveries }) => `${failures} ${recoveries}`), ['0 0', '0 0', '0 0', '0 0', '1 0']);
      }));

    test('hears a hint when something comes, also when others than it wants were there', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'x1');
        for (const id of names(20, 'y')) {
          assert.deepEqual(await selected(rig, 'y'), []);
          const seen = rig.events.hintCount('a');
          await rig.send('a', id);
          await rig.events.untilReady('a', seen);
          assert.deepEqual(await selected(rig, 'y'), [id]);
        }
      }));

    test('takes the highest priority first, and a late one of a higher priority before what waits', () =>
      Rig.use(create, async (rig) => {
        const ranked = (id: string, priority: number): Operation => ({ kind: 'enqueue', queue: 'a', message: message(id, { priority }) });
        await rig.done(ranked('y1', 2), ranked('x1', 9), ranked('y2', 4), ranked('y3', 7), ranked('y4', 4), ranked('x2', 4));
        const first = await claim(rig, { credit: 2, selector: called('y') });
        assert.deepEqual(claimedIds(first), ['y3', 'y2']);
        await rig.done(ranked('y5', 3), ranked('y6', 8));
        await rig.done(release('a', first[0]!));
        assert.deepEqual(await selected(rig, 'y'), ['y6', 'y3', 'y4', 'y5', 'y1']);
        assert.deepEqual(await rig.idsAtRest('a'), ['x1', 'x2']);
      }));

    test('serves a temporary queue as well', () =>
      Rig.use(create, async (rig) => {
        const selector = called('y');
        assert.deepEqual(await rig.engine.claim('temp:q', [{ credit: 5, selector }], NO_BOUND), []);
        await rig.engine.createTemporaryQueue('temp:q');
        await rig.send('temp:q', 'x1', 'y1', 'x2');
        const [held] = await claimSelected(rig, 'temp:q', selector, 1);
        await rig.done(release('temp:q', held!));
        assert.deepEqual((await claimSelected(rig, 'temp:q', selector, 1)).map(({ id }) => id), ['y1']);
        await rig.engine.dropQueue('temp:q');
        await rig.engine.createTemporaryQueue('temp:q');
        await rig.send('temp:q', 'x3', 'y2');
        assert.deepEqual((await claimSelected(rig, 'temp:q', selector, 1)).map(({ id }) => id), ['y2']);
      }));

    test('begins anew where it was forgotten', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'x1', 'x2', 'y1');
        const selector = called('y');
        assert.deepEqual(claimedIds(await claim(rig, { credit: 9, selector })), ['y1']);
        rig.engine.forgetSelector('a', selector.text);
        rig.engine.forgetSelector('a', 'never asked with');
        rig.engine.forgetSelector('never used', selector.text);
        await rig.send('a', 'y2');
        assert.deepEqual(claimedIds(await claim(rig, { credit: 9, selector })), ['y2']);
      }));

    test('does not count what it passes over in the bound of octets', () =>
      Rig.use(create, async (rig) => {
        const large = (id: string): Operation => ({ kind: 'enqueue', queue: 'a', message: message(id, { body: Buffer.alloc(1000) }) });
        const one = messageBytes(message('y1', { body: Buffer.alloc(1000) }));
        await rig.done(...['x1', 'y1', 'x2', 'y2', 'x3', 'y3', 'y4'].map(large));
        const upTo = async (maxBytes: number) => claimedIds(await rig.engine.claim('a', [{ credit: 9, selector: called('y') }], maxBytes));
        assert.deepEqual(await upTo(2 * one), ['y1', 'y2']);
        const seen = rig.events.hintCount('a');
        assert.deepEqual(await upTo(1), ['y3']);
        await rig.events.untilReady('a', seen);
        assert.deepEqual(await upTo(0), ['y4']);
      }));

    test('leaves nothing behind when what it took is settled, moved or purged', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'x1', 'y1', 'x2', 'y2', 'x3', 'y3', 'x4');
        const held = await claim(rig, { credit: 3, selector: called('y') });
        await rig.done(settle('a', held[0]!), move('a', held[1]!, 'b', 'z'));
        assert.equal(await rig.engine.purge('a', 2), 2);
        assert.deepEqual(await rig.idsAtRest('a'), ['x3', 'x4']);
        const [x3] = await rig.claim('a', 1);
        await rig.done(release('a', held[2]!), release('a', x3!));
        assert.equal(await rig.done(settleLate('a', held[2]!), settleLate('a', held[0]!)), 1);
        assert.deepEqual(await rig.idsAtRest('a'), ['x3', 'x4']);
        assert.deepEqual(await rig.idsAtRest('b'), ['z']);
        await rig.done(...(await rig.claim('a')).map((each) => settle('a', each)));
        assert.deepEqual((await rig.engine.queues()).map(({ name }) => name), ['b']);
      }));

    test('may take from the middle for ever: a head that nobody wants does not make the queue grow', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'x1');
        const selector = called('y');
        for (let round = 0; round < 10; round++) {
          await fill(rig, 'a', 'y', 1000);
          await rig.send('a', `x${round + 2}`);
          const claimed = await claimSelected(rig, 'a', selector, 1000);
          await rig.done(...claimed.map((each) => settle('a', each)));
        }
        assert.deepEqual(await rig.idsAtRest('a'), names(11, 'x'));
        assert.deepEqual(claimedIds(await rig.claim('a')), names(11, 'x'));
      }));
  });

  describe('a want with a selector before message groups', () => {
    const grouped = (...ids: string[]): Operation[] => ids.map((id) => ({ kind: 'enqueue', queue: 'a', message: message(id, { group: 'g' }) }));

    test('takes what matches, whoever has others of the group', () =>
      Rig.use(create, async (rig) => {
        await rig.done(...grouped('x1', 'y1', 'x2', 'y2'));
        const [x1] = await claim(rig, { credit: 1, consumer: 'one' });
        assert.equal(x1!.isFirstOfGroup, true);
        const taken = await claim(rig, { credit: 9, consumer: 'two', selector: called('y') });
        assert.deepEqual(claimedIds(taken), ['y1', 'y2']);
        assert.deepEqual(await claim(rig, { credit: 9, consumer: 'three' }), []);
        await rig.done(settle('a', x1!), ...taken.map((each) => settle('a', each)));
        assert.deepEqual(claimedIds(await claim(rig, { credit: 9, consumer: 'three' })), ['x2']);
        assert.deepEqual(await rig.counts('a'), { ready: 0, inFlight: 1 });
      }));

    test('is not kept from what waits behind one that it does not match', () =>
      Rig.use(create, async (rig) => {
        await rig.done(...grouped('x1', 'x2', ...names(100, 'x3.'), 'y1', 'x4', 'y2'));
        const [x1] = await claim(rig, { credit: 1, consumer: 'one' });
        assert.deepEqual(await claim(rig, { credit: 9, consumer: 'two' }), []);
        assert.deepEqual(await selected(rig, 'y'), []);
        await rig.done(settle('a', x1!));
        assert.deepEqual((await claimSelected(rig, 'a', called('y'), 2)).map(({ id }) => id), ['y1', 'y2']);
        assert.deepEqual(await rig.counts('a'), { ready: 102, inFlight: 2 });
        assert.deepEqual(await rig.idsAtRest('a'), ['x2', ...names(100, 'x3.'), 'x4']);
      }));
  });

  describe('wants with selectors and without', () => {
    test('are served in turn, each message to the next who takes it', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', ...names(12));
        const claimed = await claim(rig, { credit: 2, selector: everyNth(2) }, { credit: 3 }, { credit: 2, selector: everyNth(3) });
        assert.deepEqual(
          claimed.map(({ message: { id }, want }) => `${id} ${want}`),
          ['m1 1', 'm2 0', 'm3 1', 'm4 0', 'm5 1', 'm6 2', 'm9 2'],
        );
        assert.deepEqual(await rig.idsAtRest('a'), ['m7', 'm8', 'm10', 'm11', 'm12']);
      }));

    test('of one text share, of several take what is theirs', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'x1', 'y1', 'z1', 'y2', 'z2', 'y3');
        const wants = [called('y'), called('z'), called('y')].map((selector) => ({ credit: 2, selector }));
        const claimed = await claim(rig, ...wants);
        assert.deepEqual(claimed.map(({ message: { id }, want }) => `${id} ${want}`), ['y1 0', 'z1 1', 'y2 2', 'z2 1', 'y3 2']);
      }));

    test('by the hundred are each given theirs', () =>
      Rig.use(create, async (rig) => {
        const selectors = names(200, 'c').map((name) => called(`${name}.`));
        assert.deepEqual(await claim(rig, ...selectors.map((selector) => ({ credit: 5, selector }))), []);
        await fill(rig, 'a', 'x', 3000);
        await rig.done(...names(200, 'c').toReversed().map((name) => enqueue('a', `${name}.reply`)));
        const got = new Map<number, string>();
        while (got.size < 200) {
          const seen = rig.events.hintCount('a');
          const claimed = await claim(rig, ...selectors.map((selector) => ({ credit: 5, selector })));
          for (const each of claimed) got.set(each.want, each.message.id);
          if (claimed.length === 0) await rig.events.untilReady('a', seen);
        }
        for (const [want, id] of got) assert.equal(id, `c${want + 1}.reply`);
        assert.deepEqual(await rig.counts('a'), { ready: 3000, inFlight: 200 });
      }));
  });
}

/** For engines whose store outlives them. */
export function describeSelectorsRestart(create: CreateSubject): void {
  describe('after a crash', () => {
    test('what selectors took out of the middle is back there, and offered to them again', () =>
      Rig.use(create, async (rig) => {
        await rig.send('a', 'x1', 'y1', 'x2', 'y2', 'x3', 'y3', 'y4');
        const held = await rig.engine.claim('a', [{ credit: 3, selector: called('y') }], NO_BOUND);
        await rig.done(settle('a', held[1]!));
        await rig.restart();
        assert.deepEqual(await rig.idsAtRest('a'), ['x1', 'y1', 'x2', 'x3', 'y3', 'y4']);
        const again = await rig.engine.claim('a', [{ credit: 9, selector: called('y') }], NO_BOUND);
        assert.deepEqual(claimedIds(again), ['y1', 'y3', 'y4']);
        assert.deepEqual(again.map((each) => each.recoveries), [1, 1, 0]);
        assert.deepEqual(claimedIds(await rig.claim('a')), ['x1', 'x2', 'x3']);
      }));
  });
}
