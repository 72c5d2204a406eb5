import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import type { LogBounds, LogPage } from '../../broker/engine.ts';
import { message, names } from './messages.ts';
import { enqueue, logged, publish, Rig, settle, type CreateSubject } from './rig.ts';

const MANY: LogBounds = { maxMessages: 1000, maxAgeMs: 0 };
const FEW: LogBounds = { maxMessages: 3, maxAgeMs: 0 };
const PATIENCE_MS = 10_000;

/** `offset id` of each entry. */
const entries = (page: LogPage): string[] => page.entries.map(({ offset, message: { id } }) => `${offset} ${id}`);
const numbered = (from: number, ...ids: string[]): string[] => ids.map((id, index) => `${from + index} ${id}`);

export function describeTopicLog(create: CreateSubject): void {
  describe('a topic’s log', () => {
    test('keeps what is published into it, whole, in order and numbered from 1', () =>
      Rig.use(create, async (rig) => {
        const sent = message('m1', { headers: ['größe', '😀'], body: Buffer.from([0, 255]), isText: false, timestamp: 5, origin: 's-9' });
        await rig.done({ kind: 'publish', topic: 'chat', message: sent, log: MANY });
        await Promise.all(names(20, 'n').map((id) => rig.done(logged('chat', id, MANY))));
        const page = await rig.engine.readLog('chat', undefined, 100);
        assert.deepEqual(entries(page), numbered(1, 'm1', ...names(20, 'n')));
        assert.deepEqual(page.entries[0]?.message, sent);
        assert.deepEqual([page.last, page.isComplete], [21, true]);
        assert.match(page.epoch, /^[\w-]+$/);
      }));

    test('is not there for a topic that nothing was logged in', () =>
      Rig.use(create, async (rig) => {
        const none = { epoch: '', last: 0, entries: [] };
        await rig.done(publish('chat', 'm1'));
        assert.deepEqual(await rig.engine.readLog('chat', undefined, 10), { ...none, isComplete: true });
        assert.deepEqual(await rig.engine.readLog('chat', { epoch: 'gone', offset: 3 }, 10), { ...none, isComplete: false });
      }));

    test('tells watchers where a message stands in it, and only of those that do', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.watch('#');
        await rig.done(logged('chat', 'm1', MANY), logged('chat', 'm2', MANY), logged('news', 'n1', MANY));
        await rig.done(publish('chat', 'passing'));
        await rig.done(logged('chat', 'm3', MANY));
        assert.deepEqual(await rig.events.untilPublished(5), ['chat m1', 'chat m2', 'news n1', 'chat passing', 'chat m3']);
        const { epoch } = await rig.engine.readLog('chat', undefined, 10);
        const { epoch: other } = await rig.engine.readLog('news', undefined, 10);
        assert.notEqual(epoch, other);
        const at = (offset: number) => ({ epoch, offset });
        assert.deepEqual(rig.events.messages.map(({ position }) => position), [at(1), at(2), { epoch: other, offset: 1 }, undefined, at(3)]);
        assert.deepEqual(entries(await rig.engine.readLog('chat', undefined, 10)), numbered(1, 'm1', 'm2', 'm3'));
      }));

    test('is read onwards from a place, page by page', () =>
      Rig.use(create, async (rig) => {
        await rig.done(...names(10).map((id) => logged('chat', id, MANY)));
        const seen: string[] = [];
        let page = await rig.engine.readLog('chat', undefined, 4);
        for (; page.entries.length > 0; page = await rig.engine.readLog('chat', { epoch: page.epoch, offset: page.entries.at(-1)!.offset }, 4)) {
          assert.equal(page.isComplete, true);
          assert.equal(page.last, 10);
          seen.push(...entries(page));
          if (seen.length >= 10) break;
        }
        assert.deepEqual(seen, numbered(1, ...names(10)));
        const { epoch } = page;
        const empty = { epoch, last: 10, entries: [], isComplete: true };
        assert.deepEqual(await rig.engine.readLog('chat', { epoch, offset: 10 }, 4), empty);
        assert.deepEqual(await rig.engine.readLog('chat', { epoch, offset: 5 }, 0), empty);
        assert.deepEqual(entries(await rig.engine.readLog('chat', { epoch, offset: 0 }, 1)), ['1 m1']);
      }));

    test('forgets the oldest beyond its bound, and says when something is missing', () =>
      Rig.use(create, async (rig) => {
        for (const id of names(5)) await rig.done(logged('chat', id, FEW));
        const page = await rig.engine.readLog('chat', undefined, 10);
        const { epoch } = page;
        assert.deepEqual(entries(page), numbered(3, 'm3', 'm4', 'm5'));
        assert.equal(page.isComplete, false, 'its beginning is gone');
        const complete = async (offset: number): Promise<[boolean, string[]]> => {
          const behind = await rig.engine.readLog('chat', { epoch, offset }, 10);
          return [behind.isComplete, entries(behind)];
        };
        assert.deepEqual(await complete(1), [false, numbered(3, 'm3', 'm4', 'm5')]);
        assert.deepEqual(await complete(2), [true, numbered(3, 'm3', 'm4', 'm5')]);
        assert.deepEqual(await complete(4), [true, ['5 m5']]);
      }));

    test('takes a place of another numbering, or one that never was, for a miss and begins at its front', () =>
      Rig.use(create, async (rig) => {
        await rig.done(...names(3).map((id) => logged('chat', id, MANY)));
        const { epoch } = await rig.engine.readLog('chat', undefined, 1);
        for (const strange of [{ epoch: 'another', offset: 2 }, { epoch: '', offset: 0 }, { epoch, offset: 4 }]) {
          const page = await rig.engine.readLog('chat', strange, 10);
          assert.deepEqual([entries(page), page.isComplete, page.epoch], [numbered(1, 'm1', 'm2', 'm3'), false, epoch]);
        }
      }));

    test('follows the bounds that come with each message', () =>
      Rig.use(create, async (rig) => {
        for (const id of names(4)) await rig.done(logged('chat', id, MANY));
        await rig.done(logged('chat', 'm5', { maxMessages: 2, maxAgeMs: 0 }));
        assert.deepEqual(entries(await rig.engine.readLog('chat', undefined, 10)), numbered(4, 'm4', 'm5'));
        await rig.done(logged('chat', 'm6', MANY));
        assert.deepEqual(entries(await rig.engine.readLog('chat', undefined, 10)), numbered(4, 'm4', 'm5', 'm6'));
        await rig.done(logged('chat', 'm7', { maxMessages: 1, maxAgeMs: 0 }));
        assert.deepEqual(entries(await rig.engine.readLog('chat', undefined, 10)), ['7 m7']);
      }));

    test('forgets what is too old, and goes on counting', () =>
      Rig.use(create, async (rig) => {
        const soon: LogBounds = { maxMessages: 1000, maxAgeMs: 60 };
        await rig.done(logged('chat', 'm1', soon), logged('chat', 'm2', soon));
        const { epoch } = await rig.engine.readLog('chat', undefined, 0);
        await untilEmpty(rig, 'chat');
        const behind = async (offset: number) => (await rig.engine.readLog('chat', { epoch, offset }, 10)).isComplete;
        assert.deepEqual([await behind(0), await behind(1), await behind(2)], [false, false, true]);
        await rig.done(logged('chat', 'm3', MANY));
        const page = await rig.engine.readLog('chat', undefined, 10);
        assert.deepEqual([entries(page), page.epoch, page.isComplete], [['3 m3'], epoch, false]);
      }));

    test('takes part in a group: all or nothing', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.watch('chat');
        await rig.refused('not-held', logged('chat', 'x1', MANY), logged('other', 'x2', MANY), settle('a', { seq: 1_000_000 }));
        assert.equal((await rig.engine.readLog('other', undefined, 10)).epoch, '');
        await rig.done(enqueue('a', 'q1'), logged('chat', 'm1', MANY), enqueue('a', 'q2'), logged('chat', 'm2', MANY));
        await rig.refused('not-held', logged('chat', 'x3', MANY), settle('a', { seq: 1_000_000 }));
        await rig.done(logged('chat', 'm3', MANY));
        assert.deepEqual(entries(await rig.engine.readLog('chat', undefined, 10)), numbered(1, 'm1', 'm2', 'm3'));
        assert.deepEqual(await rig.idsAtRest('a'), ['q1', 'q2']);
        assert.deepEqual(await rig.events.untilPublished(3), ['chat m1', 'chat m2', 'chat m3']);
      }));

    test('has in it what a watcher was told of', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.watch('chat');
        const sending = names(50).map((id) => rig.done(logged('chat', id, MANY)));
        await rig.events.untilPublished(1);
        const { offset } = rig.events.messages.at(-1)!.position!;
        assert.ok((await rig.engine.readLog('chat', undefined, 0)).last >= offset);
        await Promise.all(sending);
      }));

    test('has no hole and no double, whoever publishes at once', () =>
      Rig.use(create, async (rig) => {
        const sent = names(200);
        await Promise.all(sent.map((id, index) => rig.done(logged(`chat.${index % 3}`, id, { maxMessages: 40, maxAgeMs: 0 }))));
        for (const part of [0, 1, 2]) {
          const ids = sent.filter((_, index) => index % 3 === part);
          const page = await rig.engine.readLog(`chat.${part}`, undefined, 1000);
          assert.deepEqual(entries(page), numbered(ids.length - 39, ...ids.slice(-40)));
        }
      }));
  });
}

/** For engines whose store outlives them. */
export function describeTopicLogRestart(create: CreateSubject): void {
  describe('a topic’s log after a crash', () => {
    test('is the same, numbering included, and goes on', () =>
      Rig.use(create, async (rig) => {
        await rig.done(...names(5).map((id) => logged('chat', id, FEW)));
        await rig.done(logged('other', 'o1', MANY));
        const [chat, other] = [await rig.engine.readLog('chat', undefined, 10), await rig.engine.readLog('other', undefined, 10)];
        await rig.restart();
        assert.deepEqual(await rig.engine.readLog('chat', undefined, 10), chat);
        assert.deepEqual(await rig.engine.readLog('other', undefined, 10), other);
        await rig.engine.watch('chat');
        await rig.done(logged('chat', 'm6', FEW));
        await rig.events.untilPublished(1);
        assert.deepEqual(rig.events.messages[0]?.position, { epoch: chat.epoch, offset: 6 });
        const behind = await rig.engine.readLog('chat', { epoch: chat.epoch, offset: 5 }, 10);
        assert.deepEqual([entries(behind), behind.isComplete], [['6 m6'], true]);
        await rig.restart();
        assert.deepEqual(entries(await rig.engine.readLog('chat', undefined, 10)), numbered(4, 'm4', 'm5', 'm6'));
      }));

    test('has no message back that it had forgotten', () =>
      Rig.use(create, async (rig) => {
        for (const id of names(6)) await rig.done(logged('chat', id, MANY));
        await rig.done(logged('chat', 'm7', { maxMessages: 2, maxAgeMs: 0 }));
        await rig.done(logged('chat', 'm8', MANY));
        await rig.restart();
        assert.deepEqual(entries(await rig.engine.readLog('chat', undefined, 10)), numbered(6, 'm6', 'm7', 'm8'));
      }));

    test('keeps its numbering when all of it is too old', () =>
      Rig.use(create, async (rig) => {
        await rig.done(logged('chat', 'm1', { maxMessages: 10, maxAgeMs: 60 }));
        const { epoch } = await rig.engine.readLog('chat', undefined, 0);
        await untilEmpty(rig, 'chat');
        await rig.restart();
        assert.deepEqual(await rig.engine.readLog('chat', { epoch, offset: 1 }, 10), { epoch, last: 1, entries: [], isComplete: true });
      }));
  });
}

async function untilEmpty(rig: Rig, topic: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while ((await rig.engine.readLog(topic, undefined, 1)).entries.length > 0) {
    assert.ok(Date.now() < deadline, `expected the log of ${topic} to forget within ${PATIENCE_MS} ms`);
    await new Promise((resume) => setTimeout(resume, 5));
  }
}
