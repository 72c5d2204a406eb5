import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, test } from 'node:test';
import { unreachable } from './failures.ts';
import { Keys } from './keys.ts';
import type { Link } from './link/link.ts';
import type { Membership } from './membership.ts';
import { gate, lost, reply, ScriptedLink } from './testing/scripted-link.ts';
import { WatchedTopics } from './watched-topics.ts';

describe('watched topics', () => {
  let link: ScriptedLink;
  let membership: { node: string; isMember: boolean; expelled: () => void };
  let watched: WatchedTopics;

  beforeEach(() => {
    link = new ScriptedLink();
    link.answer = () => reply('OK');
    membership = { node: 'n.1', isMember: true, expelled: () => void (membership.isMember = false) };
    watched = create(60_000);
  });

  const create = (waitMs: number) => new WatchedTopics(new Keys('test'), link as unknown as Link, membership as unknown as Membership, waitMs);

  test('are told once, however many watch, and those of one turn together', async () => {
    await Promise.all([watched.watch('a'), watched.watch('a'), watched.watch('b.*'), watched.watch('#')]);
    await watched.watch('a');
    assert.deepEqual(link.shown(), ['interest n.1 1 +=a +~b.* +~#']);
    assert.deepEqual([watched.mayWant('b.c'), watched.mayWant('a')], [true, true]);
  });

  test('are told of when the last watcher goes, and not of one that nobody watched', async () => {
    await watched.watch('a');
    await watched.watch('a');
    watched.unwatch('a');
    watched.unwatch('never');
    await turn();
    assert.equal(link.calls.length, 1);
    watched.unwatch('a');
    await turn();
    assert.deepEqual(link.shown()[1], 'interest n.1 2 -=a');
    assert.equal(watched.mayWant('a'), false);
  });

  test('are in force only when the store has said so', async () => {
    const said = gate();
    link.answer = async () => {
      await said.opened;
      return reply('OK');
    };
    let isInForce = false;
    const watching = watched.watch('a').then(() => (isInForce = true));
    await turn();
    assert.equal(isInForce, false);
    said.open();
    await watching;
  });

  test('end as they are wanted last, whatever was under way', async () => {
    const said = gate();
    link.answer = async () => {
      await said.opened;
      return reply('OK');
    };
    const first = watched.watch('a');
    await turn();
    watched.unwatch('a');
    const second = watched.watch('b');
    said.open();
    await second;
    await turn();
    assert.deepEqual(link.shown(), ['interest n.1 1 +=a', 'interest n.1 2 -=a +=b']);
    watched.close();
    await first;
  });

  test('are told again when the answer was lost, and to the member that this node becomes', async () => {
    link.answer = () => lost();
    const watching = watched.watch('a');
    await turn();
    link.answer = () => reply('FENCED');
    watched.tell();
    await turn();
    assert.equal(membership.isMember, false);
    membership.node = 'n.2';
    membership.isMember = true;
    link.answer = () => reply('OK');
    watched.tellAll();
    await watching;
    assert.deepEqual(link.shown(), ['interest n.1 1 +=a', 'interest n.1 2 +=a', 'interest n.2 3 +=a']);
  });

  test('are told again where an older call was too late', async () => {
    link.answer = ({ argv: [, number] }) => reply(number === '1' ? 'STALE' : 'OK');
    await watched.watch('a');
    assert.deepEqual(link.shown(), ['interest n.1 1 +=a', 'interest n.1 2 +=a']);
  });

  test('that cannot be told in time are refused, and wanted no more', async () => {
    watched = create(20);
    link.isUp = false;
    await assert.rejects(watched.watch('a'), { failure: unreachable });
    assert.equal(watched.mayWant('a'), false);
    link.isUp = true;
    await watched.watch('b');
    assert.deepEqual(link.shown(), ['interest n.1 1 -=a +=b']);
  });

  test('are told in calls of a bounded size', async () => {
    await Promise.all(Array.from({ length: 1_200 }, (_, i) => watched.watch(`t.${i}`)));
    assert.deepEqual(link.calls.map(({ argv }) => argv.length - 2), [512, 512, 176]);
  });

  test('keep nobody waiting when the node goes', async () => {
    link.isUp = false;
    const watching = watched.watch('a');
    watched.close();
    await watching;
  });
});
