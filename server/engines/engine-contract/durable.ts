import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { EngineError, type DurableInfo, type DurableTerms, type HoldRefusal, type Operation } from '../../broker/engine.ts';
import { messageBytes } from '../../broker/message.ts';
import { ALL, claimedIds, enqueue, ids, move, publish, release, Rig, settle, settleLate, type CreateSubject } from './rig.ts';
import { message, names } from './messages.ts';

const NO_BOUNDS = { maxMessages: 0, maxBytes: 0, maxAgeMs: 0 };
const S = 'sub:s';

/** A durable subscription to `news`, unless said otherwise. */
export const durable = (given: Partial<DurableTerms> = {}): DurableTerms => {
  return { pattern: 'news', selector: '', noLocal: '', isShared: false, bounds: NO_BOUNDS, expireAfterMs: 0, ...given };
};

const infoOf = async (rig: Rig, name: string): Promise<DurableInfo | undefined> => (await rig.engine.subscriptions()).find((each) => each.name === name);

async function refusalOf(rig: Rig, terms: DurableTerms, holder: string): Promise<HoldRefusal> {
  const outcome = await rig.engine.hold(S, terms, holder);
  assert.ok(!outcome.ok, 'expected the hold to be refused');
  return outcome.refusal;
}

const published = (topic: string, id: string, headers: readonly string[], origin = 'session-1'): Operation => {
  return { kind: 'publish', topic, message: message(id, { headers, origin }) };
};

async function sendAll(rig: Rig, topic: string, ...sent: string[]): Promise<void> {
  await Promise.all(sent.map((id) => rig.done(publish(topic, id))));
}

/** Settles everything there is, and tells the ids. */
async function drain(rig: Rig, queue: string): Promise<string[]> {
  const drained: string[] = [];
  for (let claimed = await rig.claim(queue, 10); claimed.length > 0; claimed = await rig.claim(queue, 10)) {
    drained.push(...claimedIds(claimed));
    await rig.done(...claimed.map((each) => settle(queue, each)));
  }
  return drained;
}

/** Waits for what comes by itself and is told to nobody. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await isSo())) {
    assert.ok(Date.now() < deadline, 'expected it within ten seconds');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export function describeDurable(create: CreateSubject): void {
  describe('a durable subscription', () => {
    test('keeps what is published while nobody is there, in order', () =>
      Rig.use(create, async (rig) => {
        assert.deepEqual(await rig.engine.hold(S, durable(), 'h1'), { ok: true, isNew: true });
        rig.engine.endHold(S, 'h1');
        await sendAll(rig, 'news', ...names(30));
        assert.deepEqual(await rig.engine.hold(S, durable(), 'h2'), { ok: true, isNew: false });
        assert.deepEqual(claimedIds(await rig.claim(S, 7)), names(7));
        assert.deepEqual(claimedIds(await rig.claim(S)), names(30).slice(7));
        assert.deepEqual(await rig.claim(S), []);
      }));

    test('begins when it is made', () =>
      Rig.use(create, async (rig) => {
        await sendAll(rig, 'news', 'before');
        await rig.engine.hold(S, durable(), 'h1');
        await sendAll(rig, 'news', 'after');
        await rig.engine.hold('sub:later', durable(), 'h2');
        assert.deepEqual(claimedIds(await rig.claim(S)), ['after']);
        assert.deepEqual(await rig.claim('sub:later'), []);
      }));

    test('gets what is published to the topics of its pattern, once', () =>
      Rig.use(create, async (rig) => {
        const patterns = ['a.b', 'a.*', 'a.#', '#', '*.b', 'a.*.c'];
        for (const pattern of patterns) await rig.engine.hold(`sub:${pattern}`, durable({ pattern }), `h ${pattern}`);
        for (const topic of ['a', 'a.b', 'a.x.c', 'c.b', 'd']) await rig.done(publish(topic, topic));
        const expected = [['a.b'], ['a.b'], ['a', 'a.b', 'a.x.c'], ['a', 'a.b', 'a.x.c', 'c.b', 'd'], ['a.b', 'c.b'], ['a.x.c']];
        for (const [i, pattern] of patterns.entries()) assert.deepEqual(await drain(rig, `sub:${pattern}`), expected[i], pattern);
      }));

    test('has its own place, whatever the others of its pattern do', () =>
      Rig.use(create, async (rig) => {
        const subs = ['sub:1', 'sub:2', 'sub:3'];
        for (const each of subs) await rig.engine.hold(each, durable(), `h${each}`);
        await sendAll(rig, 'news', ...names(20));
        const held = await rig.claim('sub:1', 5);
        await rig.done(...held.slice(1).map((each) => settle('sub:1', each)));
        assert.deepEqual(await drain(rig, 'sub:2'), names(20));
        await rig.done(release('sub:1', held[0]!, 'nack'));
        assert.deepEqual(await drain(rig, 'sub:1'), ['m1', ...names(20).slice(5)]);
        assert.deepEqual(await drain(rig, 'sub:3'), names(20));
      }));

    test('tells of new messages by a hint, as a queue does', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.hold(S, durable({ pattern: 'news.#' }), 'h1');
        for (const id of names(10)) {
          assert.deepEqual(await rig.claim(S), []);
          const seen = rig.events.hintCount(S);
          await sendAll(rig, 'news.eu', id);
          await rig.events.untilReady(S, seen);
          const claimed = await rig.claimOne(S);
          assert.equal(claimed.message.id, id);
          await rig.done(settle(S, claimed));
        }
      }));

    test('hints for more where the octets ran out', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.hold(S, durable(), 'h1');
        await sendAll(rig, 'news', ...names(3));
        const seen = rig.events.hintCount(S);
        assert.deepEqual(claimedIds(await rig.claim(S, ALL, 1)), ['m1']);
        await rig.events.untilReady(S, seen);
        assert.deepEqual(claimedIds(await rig.claim(S)), ['m2', 'm3']);
      }));

    test('is settled, given back, moved and read as a queue is', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.hold(S, durable(), 'h1');
        await sendAll(rig, 'news', ...names(6));
        const claimed = await rig.claim(S, 5);
        assert.deepEqual(claimed.map((each) => each.want), [0, 0, 0, 0, 0]);
        assert.equal((await rig.engine.readHeld(S, claimed[1]!.seq))?.id, 'm2');
        await rig.done(settle(S, claimed[0]!), move(S, claimed[1]!, 'DLQ.news', 'm2'), release(S, claimed[2]!, 'nack'), release(S, claimed[3]!, 'gone'));
        await rig.refused('not-held', settle(S, claimed[0]!));
        assert.equal(await rig.done(settleLate(S, claimed[3]!)), 0);
        assert.deepEqual(await rig.idsAtRest('DLQ.news'), ['m2']);
        const again = await rig.claim(S);
        assert.deepEqual(claimedIds(again), ['m3', 'm6']);
        assert.deepEqual(again.map(({ failures, recoveries }) => [failures, recoveries]), [[1, 0], [0, 0]]);
        assert.deepEqual(await rig.counts(S), { ready: 0, inFlight: 3 });
      }));

    test('shares a group with queues: settled and sent at once or not at all', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.hold(S, durable(), 'h1');
        await sendAll(rig, 'news', 'm1');
        const claimed = await rig.claimOne(S);
        await rig.refused('not-held', publish('news', 'x'), settle(S, claimed), settle('a', { seq: 1_000_000 }));
        await rig.done(settle(S, claimed), enqueue('a', 'm2'), publish('news', 'm3'));
        assert.deepEqual(await rig.idsAtRest('a'), ['m2']);
        assert.deepEqual(claimedIds(await rig.claim(S)), ['m3']);
      }));

    test('takes what is sent to its queue by name, too', () =>
      Rig.use(create, async (rig) => {
        await rig.done(enqueue(S, 'early'));
        await rig.engine.hold(S, durable(), 'h1');
        await sendAll(rig, 'news', 'm1');
        await rig.done(enqueue(S, 'direct'));
        const got = claimedIds(await rig.claim(S));
        assert.deepEqual(got.toSorted(), ['direct', 'early', 'm1']);
        assert.ok(got.indexOf('early') < got.indexOf('direct'));
      }));

    test('is browsed and purged without being claimed from', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.hold(S, durable(), 'h1');
        await sendAll(rig, 'news', ...names(10));
        const claimed = await rig.claim(S, 4);
        await rig.done(release(S, claimed[3]!), release(S, claimed[1]!));
        const left = ['m2', 'm4', ...names(10).slice(4)];
        for (const [offset, limit] of [[0, 3], [1, 4], [2, 3], [4, 20], [8, 5], [0, ALL]] as const) {
          assert.deepEqual(ids(await rig.engine.browse(S, offset, limit)), left.slice(offset, offset + limit));
        }
        const one = messageBytes(message('m1'));
        assert.deepEqual(ids(await rig.engine.browse(S, 1, 10, one)), ['m4']);
        assert.equal(await rig.engine.purge(S, 3), 3);
        assert.deepEqual(await rig.idsAtRest(S), left.slice(3));
        assert.equal(await rig.engine.purge(S, 100), 5);
        assert.deepEqual(await rig.counts(S), { ready: 0, inFlight: 2 });
      }));

    test('is listed with what it has, and among the queues when it has something', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.hold(S, durable({ selector: '' }), 'h1');
        assert.deepEqual(await rig.engine.queues(), []);
        await sendAll(rig, 'news', ...names(5));
        const [first] = await rig.claim(S, 2);
        await rig.done(release(S, first!));
        const bytes = 5 * messageBytes(message('m1'));
        assert.deepEqual(await rig.engine.queues(), [{ name: S, temporary: false, ready: 4, inFlight: 1, scheduled: 0, dead: 0, bytes }]);
        const info = { name: S, pattern: 'news', selector: '', isShared: false, holderCount: 1, backlog: 3, ready: 1, inFlight: 1, unusedSince: 0 };
        assert.deepEqual(await rig.engine.subscriptions(), [info]);
        rig.engine.endHold(S, 'h1');
        await until(async () => (await infoOf(rig, S))?.holderCount === 0);
        assert.ok((await infoOf(rig, S))!.unusedSince > 1_700_000_000_000);
      }));

    test('makes its topics durable as far as the node knows', () =>
      Rig.use(create, async (rig) => {
        assert.equal(rig.engine.keeps('news.eu'), false);
        await rig.engine.hold(S, durable({ pattern: 'news.*' }), 'h1');
        await until(async () => rig.engine.keeps('news.eu'));
        assert.equal(rig.engine.keeps('news'), false);
        assert.equal(await rig.engine.unsubscribe(S, 'h1'), true);
        await until(async () => !rig.engine.keeps('news.eu'));
      }));

    test('misses nothing of a publisher that takes its topic for a volatile one', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.hold(S, durable(), 'h1');
        const outcomes = await Promise.all(names(50).map((id) => rig.apply([publish('news', id)], { lane: 'volatile' })));
        assert.ok(outcomes.every(({ ok }) => ok));
        assert.deepEqual(await drain(rig, S), names(50));
      }));

    test('reaches watchers of the topic all the same', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.watch('news');
        await rig.engine.hold(S, durable(), 'h1');
        await sendAll(rig, 'news', ...names(3));
        assert.deepEqual(await rig.events.untilPublished(3), names(3).map((id) => `news ${id}`));
      }));
  });

  describe('the selection of a durable subscription', () => {
    test('steps over what its selector does not select, however many they are', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.hold(S, durable({ selector: "colour = 'red'" }), 'h1');
        const sent = names(1500);
        const isRed = (i: number): boolean => i % 500 === 499;
        await Promise.all(sent.map((id, i) => rig.done(published('news', id, ['colour', isRed(i) ? 'red' : 'blue']))));
        const red = sent.filter((_, i) => isRed(i));
        assert.deepEqual(ids(await rig.engine.browse(S, 0, 2)), red.slice(0, 2));
        assert.deepEqual(ids(await rig.engine.browse(S, 1, 9)), red.slice(1));
        assert.deepEqual(claimedIds(await rig.claim(S, 1)), red.slice(0, 1));
        assert.deepEqual(claimedIds(await rig.claim(S)), red.slice(1));
        assert.deepEqual(await rig.counts(S), { ready: 0, inFlight: 3 });
      }));

    test('steps over what its own client sent, if it says so', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.hold(S, durable({ noLocal: 's1@page' }), 'h1');
        for (const [id, origin] of [['own', 's1@page'], ['tab', 's2@page'], ['other', 's3@else'], ['plain', 's4'], ['broker', '']] as const) {
          await rig.done(published('news', id, [], origin));
        }
        assert.deepEqual(claimedIds(await rig.claim(S)), ['other', 'plain', 'broker']);
      }));
  });

  describe('the holder of a durable subscription', () => {
    test('is one, and keeps it until he goes', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.hold(S, durable(), 'h1');
        const refusal = await refusalOf(rig, durable(), 'h2');
        assert.deepEqual([refusal.reason, refusal.reason === 'held' && refusal.holder], ['held', 'h1']);
        assert.deepEqual(await rig.engine.hold(S, durable(), 'h1'), { ok: true, isNew: false });
        rig.engine.endHold(S, 'h1');
        await until(async () => (await infoOf(rig, S))?.holderCount === 0);
        assert.deepEqual(await rig.engine.hold(S, durable(), 'h2'), { ok: true, isNew: false });
      }));

    test('makes way for one who names him', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.hold(S, durable(), 'h1');
        assert.equal((await rig.engine.hold(S, durable(), 'h3', 'h2')).ok, false);
        assert.equal((await rig.engine.hold(S, durable(), 'h3', 'h1')).ok, true);
        rig.engine.endHold(S, 'h1');
        assert.equal((await refusalOf(rig, durable(), 'h4')).reason, 'held');
      }));

    test('is any number where it is shared', () =>
      Rig.use(create, async (rig) => {
        const shared = durable({ isShared: true });
        for (const holder of names(3, 'h')) assert.equal((await rig.engine.hold(S, shared, holder)).ok, true);
        await sendAll(rig, 'news', ...names(9));
        const claims = await Promise.all([rig.claim(S, 3), rig.claim(S, 3), rig.claim(S, 3)]);
        assert.deepEqual(claimedIds(claims.flat()), names(9));
        assert.equal((await infoOf(rig, S))!.holderCount, 3);
        assert.equal((await refusalOf(rig, { ...shared, selector: 'a = 1' }, 'h4')).reason, 'in-use');
        assert.equal((await refusalOf(rig, { ...shared, pattern: 'else' }, 'h4')).reason, 'in-use');
      }));

    test('makes another one of it with another pattern, selector or no-local', () =>
      Rig.use(create, async (rig) => {
        let holders = 0;
        const takeUp = async (terms: DurableTerms): Promise<boolean> => {
          rig.engine.endHold(S, `h${holders}`);
          const outcome = await rig.engine.hold(S, terms, `h${++holders}`);
          assert.ok(outcome.ok);
          return outcome.isNew;
        };
        assert.equal(await takeUp(durable()), true);
        await sendAll(rig, 'news', 'old');
        const held = await rig.claimOne(S);
        assert.equal(await takeUp(durable({ pattern: 'news.#' })), true);
        await rig.refused('not-held', settle(S, held));
        assert.deepEqual(await rig.claim(S), []);
        await sendAll(rig, 'news.eu', 'm1');
        assert.equal(await takeUp(durable({ pattern: 'news.#', bounds: { ...NO_BOUNDS, maxMessages: 10 } })), false);
        assert.equal(await takeUp(durable({ pattern: 'news.#', selector: 'a = 1' })), true);
        assert.equal(await takeUp(durable({ pattern: 'news.#', selector: 'a = 1', noLocal: 's1' })), true);
        assert.equal(await takeUp(durable({ pattern: 'news.#', selector: 'a = 1', noLocal: 's2' })), false);
        assert.deepEqual(await rig.claim(S), []);
      }));
  });

  describe('the end of a durable subscription', () => {
    test('takes its messages along, and nobody else’s', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.hold(S, durable(), 'h1');
        await rig.engine.hold('sub:other', durable(), 'h2');
        await sendAll(rig, 'news', ...names(4));
        const held = await rig.claim(S, 2);
        assert.equal(await rig.engine.unsubscribe(S, 'h1'), true);
        assert.equal(await rig.engine.unsubscribe(S, 'h1'), false);
        assert.deepEqual(await rig.claim(S), []);
        await rig.refused('not-held', settle(S, held[0]!));
        await rig.engine.hold(S, durable(), 'h3');
        assert.deepEqual(await rig.claim(S), []);
        assert.deepEqual(await drain(rig, 'sub:other'), names(4));
        assert.deepEqual(await rig.engine.queues(), []);
      }));

    test('is refused while somebody else holds it', () =>
      Rig.use(create, async (rig) => {
        const shared = durable({ isShared: true });
        await rig.engine.hold(S, shared, 'h1');
        await rig.engine.hold(S, shared, 'h2');
        const refusal = await rig.engine.unsubscribe(S, 'h1');
        assert.ok(typeof refusal === 'object' && refusal.reason === 'held');
        rig.engine.endHold(S, 'h2');
        await until(async () => (await rig.engine.unsubscribe(S, 'h1')) === true);
      }));

    test('comes by itself when nobody has used it for long enough', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.hold(S, durable({ expireAfterMs: 100 }), 'h1');
        await rig.engine.hold('sub:kept', durable(), 'h2');
        await rig.engine.hold('sub:used', durable({ expireAfterMs: 100 }), 'h3');
        rig.engine.endHold(S, 'h1');
        rig.engine.endHold('sub:kept', 'h2');
        await until(async () => (await infoOf(rig, S)) === undefined);
        assert.deepEqual((await rig.engine.subscriptions()).map(({ name }) => name).toSorted(), ['sub:kept', 'sub:used']);
      }));

    test('is told to its holders where its queue is dropped', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.hold(S, durable(), 'h1');
        await rig.engine.dropQueue(S);
        await until(async () => rig.events.evicted.length > 0);
        assert.deepEqual(rig.events.evicted, [`${S} h1`]);
        assert.deepEqual(await rig.engine.subscriptions(), []);
      }));
  });

  describe('the bounds of a durable subscription', () => {
    test('let go of the oldest, and tell how many were missed', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.hold(S, durable({ bounds: { ...NO_BOUNDS, maxMessages: 5 } }), 'h1');
        await sendAll(rig, 'news', ...names(3));
        await rig.claim(S, 1);
        await sendAll(rig, 'news', ...names(20, 'n'));
        assert.equal((await infoOf(rig, S))!.backlog, 5);
        const claimed = await rig.claim(S);
        assert.deepEqual(claimedIds(claimed), names(20, 'n').slice(15));
        assert.deepEqual(claimed.map((each) => each.missed), [17, undefined, undefined, undefined, undefined]);
        await rig.done(release(S, claimed[0]!));
        assert.equal((await rig.claimOne(S)).missed, 17);
      }));

    test('let go by octets', () =>
      Rig.use(create, async (rig) => {
        const one = messageBytes(message('m1'));
        await rig.engine.hold(S, durable({ bounds: { ...NO_BOUNDS, maxBytes: 3 * one } }), 'h1');
        await sendAll(rig, 'news', ...names(9));
        const claimed = await rig.claim(S);
        assert.deepEqual(claimedIds(claimed), ['m7', 'm8', 'm9']);
        assert.equal(claimed[0]!.missed, 6);
      }));

    test('let go by age', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.hold(S, durable({ bounds: { ...NO_BOUNDS, maxAgeMs: 200 } }), 'h1');
        await sendAll(rig, 'news', 'm1', 'm2');
        await until(async () => (await rig.engine.browse(S, 0, 9)).length === 0 || (await rig.claim(S)).length === 0);
        await sendAll(rig, 'news', 'm3');
        const claimed = await rig.claim(S);
        assert.deepEqual(claimedIds(claimed).slice(-1), ['m3']);
      }));

    test('never take what somebody holds', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.hold(S, durable({ bounds: { ...NO_BOUNDS, maxMessages: 1 } }), 'h1');
        await sendAll(rig, 'news', 'm1');
        const claimed = await rig.claimOne(S);
        await sendAll(rig, 'news', 'm2', 'm3');
        await rig.done(release(S, claimed));
        assert.deepEqual(claimedIds(await rig.claim(S)), ['m1', 'm3']);
      }));
  });

  describe('a closed engine', () => {
    test('refuses a hold', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.close();
        await assert.rejects(rig.engine.hold(S, durable(), 'h1'), EngineError);
      }));
  });
}

/** For engines whose store outlives them. */
export function describeDurableRestart(create: CreateSubject): void {
  describe('a durable subscription after a crash', () => {
    test('is there with its place, its messages and their counters, and held by nobody', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.hold(S, durable(), 'h1');
        await rig.engine.hold('sub:other', durable({ pattern: '#', selector: "content-type = 'text/plain'" }), 'h2');
        await sendAll(rig, 'news', ...names(12));
        const claimed = await rig.claim(S, 6);
        await rig.done(settle(S, claimed[0]!), release(S, claimed[1]!, 'nack'), move(S, claimed[2]!, 'DLQ', 'm3'));
        await rig.restart();
        assert.deepEqual((await rig.engine.subscriptions()).map(({ name, holderCount }) => [name, holderCount]).toSorted(), [['sub:other', 0], [S, 0]].toSorted());
        await rig.engine.hold(S, durable(), 'h3');
        const again = await rig.claim(S);
        assert.deepEqual(claimedIds(again), ['m2', ...names(12).slice(3)]);
        assert.deepEqual(again.map(({ failures, recoveries }) => [failures, recoveries]), [[1, 0], [0, 1], [0, 1], [0, 1], ...names(6).map(() => [0, 0])]);
        await rig.done(...again.map((each) => settle(S, each)));
        await sendAll(rig, 'news', 'next');
        assert.deepEqual(await drain(rig, S), ['next']);
        assert.deepEqual(await drain(rig, 'sub:other'), [...names(12), 'next']);
        await rig.restart();
        assert.deepEqual((await rig.engine.queues()).map(({ name }) => name), ['DLQ']);
      }));

    test('stays ended', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.hold(S, durable(), 'h1');
        await sendAll(rig, 'news', 'm1');
        await rig.engine.unsubscribe(S, 'h1');
        await rig.restart();
        assert.deepEqual(await rig.engine.subscriptions(), []);
        await rig.engine.hold(S, durable(), 'h2');
        assert.deepEqual(await rig.claim(S), []);
      }));

    test('still tells what it has missed', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.hold(S, durable({ bounds: { ...NO_BOUNDS, maxMessages: 2 } }), 'h1');
        await sendAll(rig, 'news', ...names(5));
        assert.equal((await rig.claimOne(S)).missed, 3);
        await rig.restart();
        await rig.engine.hold(S, durable({ bounds: { ...NO_BOUNDS, maxMessages: 2 } }), 'h2');
        const claimed = await rig.claim(S);
        assert.deepEqual(claimed.map(({ message: { id }, missed, recoveries }) => [id, missed, recoveries]), [['m4', 3, 1], ['m5', undefined, 0]]);
      }));

    test('has lost nothing after many rounds of going and coming', () =>
      Rig.use(create, async (rig) => {
        const settled: string[] = [];
        const sent: string[] = [];
        for (let round = 0; round < 8; round++) {
          await rig.engine.hold(S, durable({ pattern: 'news.*' }), `a${round}`);
          const batch = names(40, `r${round}-`);
          await Promise.all(batch.map((id) => rig.done({ kind: 'publish', topic: 'news.eu', message: message(id, { body: Buffer.alloc(300) }) })));
          sent.push(...batch);
          const claimed = await rig.claim(S, 25);
          const done = claimed.filter((_, i) => i % 2 === 0);
          await rig.done(...done.map((each) => settle(S, each)));
          settled.push(...claimedIds(done));
          if (round % 3 !== 0) await rig.restart();
          else {
            await rig.done(...claimed.filter((_, i) => i % 2 === 1).map((each) => release(S, each)));
            rig.engine.endHold(S, `a${round}`);
          }
        }
        await rig.engine.hold(S, durable({ pattern: 'news.*' }), 'last');
        settled.push(...(await drain(rig, S)));
        assert.deepEqual(settled.toSorted(), sent.toSorted());
      }));
  });
}
