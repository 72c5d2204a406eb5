import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { publish, Rig, type CreateSubject } from './rig.ts';
import { message, names } from './messages.ts';

export function describeTopics(create: CreateSubject): void {
  describe('topics', () => {
    test('a watched topic brings what is published from then on, whole and in order', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.watch('prices.dax');
        const sent = message('m1', { headers: ['größe', '😀'], body: Buffer.from([0, 255]), isText: false, origin: 's-9' });
        await rig.done({ kind: 'publish', topic: 'prices.dax', message: sent });
        await rig.done(...names(50, 'n').map((id) => publish('prices.dax', id)));
        const published = await rig.events.untilPublished(51);
        assert.deepEqual(published.slice(1), names(50, 'n').map((id) => `prices.dax ${id}`));
        assert.deepEqual(rig.events.messages[0], { topic: 'prices.dax', message: sent, position: undefined });
      }));

    for (const pattern of ['prices.*', 'prices.#', '#', '*.dax']) {
      test(`a watched pattern ${pattern} brings what it matches`, () =>
        Rig.use(create, async (rig) => {
          await rig.engine.watch(pattern);
          await rig.done(publish('prices.dax', 'm1'));
          assert.deepEqual(await rig.events.untilPublished(1), ['prices.dax m1']);
        }));
    }

    test('one message comes once, however many patterns match', () =>
      Rig.use(create, async (rig) => {
        for (const pattern of ['a.b', 'a.*', 'a.#', '#', 'a.b']) await rig.engine.watch(pattern);
        await rig.done(publish('a.b', 'm1'));
        await rig.done(publish('a.b', 'm2'));
        assert.deepEqual(await rig.events.untilPublished(2), ['a.b m1', 'a.b m2']);
      }));

    test('watching is counted', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.watch('news');
        await rig.engine.watch('news');
        rig.engine.unwatch('news');
        await rig.done(publish('news', 'm1'));
        assert.deepEqual(await rig.events.untilPublished(1), ['news m1']);
      }));

    test('a topic can be watched again after nobody watched it', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.watch('news');
        rig.engine.unwatch('news');
        await rig.engine.watch('news');
        await rig.done(publish('news', 'm1'));
        assert.deepEqual(await rig.events.untilPublished(1), ['news m1']);
      }));

    test('publishing where nobody watches is done at once and leaves nothing behind', () =>
      Rig.use(create, async (rig) => {
        await rig.done(...names(100).map((id) => publish(`nobody.${id}`, id)));
        await rig.engine.watch('#');
        await rig.done(publish('news', 'now'));
        assert.deepEqual(await rig.events.untilPublished(1), ['news now']);
        assert.deepEqual(await rig.engine.queues(), []);
      }));

    test('messages of many topics keep the order of their publisher', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.watch('t.*');
        await rig.engine.watch('t.1');
        const sent = names(300).map((id, index) => ({ topic: `t.${index % 3}`, id }));
        await Promise.all(sent.map(({ topic, id }) => rig.done(publish(topic, id))));
        assert.deepEqual(await rig.events.untilPublished(300), sent.map(({ topic, id }) => `${topic} ${id}`));
      }));

    test('events come after the call that caused them', () =>
      Rig.use(create, async (rig) => {
        await rig.engine.watch('news');
        const done = rig.done(publish('news', 'm1'));
        assert.deepEqual(rig.events.published, []);
        await done;
        await rig.events.untilPublished(1);
      }));
  });
}
