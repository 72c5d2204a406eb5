import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import { claimedIds, Rig, type CreateSubject } from './rig.ts';
import { TEST_LOAD } from './test-node.ts';

export function describeNodes(create: CreateSubject): void {
  describe('a node', () => {
    test('is in the directory with what it says of itself', () =>
      Rig.use(create, async (rig) => {
        const infos = await rig.engine.nodes();
        const own = infos.find((info) => info.id === rig.node.id);
        assert.ok(own, 'expected this node in the directory');
        const { id, version, startedAt, seenAt, ...load } = own;
        assert.deepEqual([id, version, load], [rig.node.id, rig.node.version, TEST_LOAD]);
        assert.ok(startedAt > 1_700_000_000_000 && seenAt >= startedAt, `started at ${startedAt}, seen at ${seenAt}`);
      }));

    test('hears a command after the call that gave it, once and in order', () =>
      Rig.use(create, async (rig) => {
        const told = [rig.engine.tell(rig.node.id, 'first'), rig.engine.tell(rig.node.id, 'second')];
        assert.deepEqual(rig.events.commands, []);
        assert.deepEqual(await Promise.all(told), [true, true]);
        assert.deepEqual(await rig.events.untilCommanded(2), ['first', 'second']);
      }));

    test('that is not there cannot be told anything', () =>
      Rig.use(create, async (rig) => {
        assert.equal(await rig.engine.tell('nobody', 'hello'), false);
        assert.equal(await rig.engine.tell('', 'hello'), false);
        assert.equal(await rig.engine.tell(rig.node.id, 'after'), true);
        assert.deepEqual(await rig.events.untilCommanded(1), ['after']);
      }));

    test('says that its store is well', () =>
      Rig.use(create, async (rig) => {
        const { state, warnings, facts } = rig.engine.health();
        assert.equal(state, 'up');
        for (const warning of warnings) assert.match(warning, /\S/);
        assert.doesNotThrow(() => JSON.stringify(facts));
      }));
  });

  describe('a queue that was left', () => {
    test('is claimed from as before', () =>
      Rig.use(create, async (rig) => {
        rig.engine.leave('a');
        await rig.send('a', 'm1', 'm2');
        assert.deepEqual(claimedIds(await rig.claim('a', 1)), ['m1']);
        rig.engine.leave('a');
        assert.deepEqual(claimedIds(await rig.claim('a')), ['m2']);
      }));

    test('is hinted at again after the next claim', () =>
      Rig.use(create, async (rig) => {
        assert.deepEqual(await rig.claim('a'), []);
        rig.engine.leave('a');
        rig.engine.leave('never used');
        assert.deepEqual(await rig.claim('a'), []);
        const seen = rig.events.hintCount('a');
        await rig.send('a', 'm1');
        await rig.events.untilReady('a', seen);
        assert.deepEqual(claimedIds(await rig.claim('a')), ['m1']);
      }));
  });
}
