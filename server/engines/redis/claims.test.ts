import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { message } from '../engine-contract/messages.ts';
import { Claims } from './claims.ts';
import { Holds } from './holds.ts';
import { Keys } from './keys.ts';
import type { Link, Reply } from './link/link.ts';
import type { Membership } from './membership.ts';
import { encodeStored } from './stored-message.ts';
import { gate, lost, reply, ScriptedLink, type ScriptedCall } from './testing/scripted-link.ts';

const ROOM = 2 ** 30;

describe('claims', () => {
  let link: ScriptedLink;
  let membership: { node: string; isMember: boolean; expelled: (node: string) => void };
  let holds: Holds;
  let claims: Claims;
  let ready: string[];
  let expelled: string[];

  beforeEach(() => {
    link = new ScriptedLink();
    ready = [];
    expelled = [];
    membership = { node: 'n.1', isMember: true, expelled: (node) => void expelled.push(node) };
    holds = new Holds();
    claims = new Claims({
      keys: new Keys('test'),
      link: link as unknown as Link,
      membership: membership as unknown as Membership,
      holds,
      durables: { pull: async () => false, isHungry: () => undefined, lost: () => undefined },
      onReady: (queue) => ready.push(queue),
      onEnded: () => undefined,
    });
  });
  afterEach(() => claims.close());

  const claim = (queue: string, credit = 10) => claims.claim(queue, [{ credit }], ROOM);
  const bringing = (...seqs: number[]): Reply => [Buffer.from('OK'), 0, -1, ...seqs.flatMap((seq) => [Buffer.from(`${seq}`), null, encodeStored(message(`m${seq}`))])];
  const answers = (...each: ((call: ScriptedCall) => Reply | Promise<Reply>)[]): void => {
    link.answer = (call) => each.shift()!(call);
  };

  test('whose answer was lost give back what nobody knows of, before the queue is claimed from again', async () => {
    answers(() => bringing(1, 2), lost, () => reply('OK', 3), () => bringing(5));
    assert.equal((await claim('a')).length, 2);
    assert.deepEqual(await claim('a'), []);
    assert.deepEqual((await claim('a')).map(({ seq }) => seq), [5]);
    assert.deepEqual(link.shown(), [
      `claim n.1 1 a 10 ${4 * 2 ** 20}`,
      `claim n.1 2 a 10 ${4 * 2 ** 20}`,
      'reconcile n.1 3 a 1 2',
      `claim n.1 4 a 10 ${4 * 2 ** 20}`,
    ]);
  });

  test('know as held also what was claimed in an era that ended: somebody may have it in hand', async () => {
    answers(() => bringing(1), lost, () => reply('OK', 0), () => bringing());
    await claim('a');
    holds.endEra(false);
    await claim('a');
    await claim('a');
    assert.equal(link.shown()[2], 'reconcile n.1 3 a 1');
  });

  test('of one queue do not wait for the doubts about another, but once the store is back, all are cleared', async () => {
    answers(lost, () => bringing(1), () => reply('OK', 0));
    await claim('a');
    assert.equal((await claim('b')).length, 1);
    claims.resume();
    await turn();
    assert.deepEqual(link.shown(3).slice(2), ['reconcile n.1 3 a']);
    assert.deepEqual(ready, ['a', 'b']);
  });

  test('stay in doubt while that cannot be cleared', async () => {
    answers(lost, lost, () => reply('STALE'), () => reply('OK', 0), () => bringing(1));
    for (let i = 0; i < 3; i++) assert.deepEqual(await claim('a'), []);
    link.isUp = false;
    assert.deepEqual(await claim('a'), []);
    link.isUp = true;
    assert.equal((await claim('a')).length, 1);
    assert.deepEqual(link.shown(0), ['claim', 'reconcile', 'reconcile', 'reconcile', 'claim']);
  });

  test('that were answered after their era bring nothing, and leave a doubt', async () => {
    const late = gate();
    answers(async () => {
      await late.opened;
      return bringing(1);
    }, () => reply('OK', 1), () => bringing(1));
    const claimed = claim('a');
    await turn();
    holds.endEra(false);
    late.open();
    assert.deepEqual(await claimed, []);
    assert.deepEqual(holds.ofQueue('a'), []);
    assert.equal((await claim('a')).length, 1);
    assert.equal(link.shown()[1], 'reconcile n.1 2 a');
  });

  test('of a node that was taken for dead say so, and bring nothing', async () => {
    answers(() => reply('FENCED'));
    assert.deepEqual(await claim('a'), []);
    assert.deepEqual(expelled, ['n.1']);
  });

  test('are not made while there is no link, or no membership; the queue is asked for when it is back', async () => {
    link.isUp = false;
    assert.deepEqual(await claim('a'), []);
    link.isUp = true;
    membership.isMember = false;
    assert.deepEqual(await claim('b'), []);
    assert.deepEqual(link.calls, []);
    claims.resume();
    await turn();
    assert.deepEqual(ready, ['a', 'b']);
  });

  test('are not made for a queue that was left while a doubt was cleared', async () => {
    const clearing = gate();
    answers(lost, async () => {
      await clearing.opened;
      return reply('OK', 0);
    }, () => reply('OK'));
    await claim('a');
    const claimed = claim('a');
    await turn();
    claims.leave('a');
    clearing.open();
    assert.deepEqual(await claimed, []);
    assert.deepEqual(link.shown(0), ['claim', 'reconcile', 'leave']);
  });

  test('that are wanted no more are called off, also where a hint came for nothing', () => {
    answers(() => reply('OK'), () => reply('OK'));
    claims.leave('never claimed from');
    link.isUp = false;
    claims.leave('a');
    assert.deepEqual(link.shown(), ['leave n.1 1 never claimed from']);
  });

  test('and leavings are numbered in one row, so that a late one of either does nothing', async () => {
    answers(() => bringing(), () => reply('OK'), () => bringing());
    await claim('a');
    claims.leave('a');
    await claim('a');
    assert.deepEqual(link.shown(2), ['claim n.1 1', 'leave n.1 2', 'claim n.1 3']);
  });

  test('that came behind a later one ask again', async () => {
    answers(() => reply('STALE'), () => bringing(1));
    assert.deepEqual(await claim('a'), []);
    assert.deepEqual(ready, ['a']);
  });

  test('of a node that was taken for dead are called off as well, and say so', async () => {
    answers(() => reply('FENCED'));
    claims.leave('a');
    await turn();
    assert.deepEqual(expelled, ['n.1']);
  });

  test('go on in bites until the credit is used', async () => {
    const bite = Array.from({ length: 1000 }, (_, i) => i + 1);
    answers(() => bringing(...bite), () => bringing(...bite.map((seq) => seq + 1000)), () => bringing(3001));
    assert.equal((await claim('a', 2500)).length, 2001);
    assert.deepEqual(link.calls.map(({ argv }) => argv[3]), ['1000', '1000', '500']);
  });

  test('look at the queues they wait for now and then, for hints may be lost', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    answers(() => bringing(), () => bringing(), () => reply('OK'));
    claims.start();
    await claim('a');
    await claim('b');
    claims.leave('b');
    t.mock.timers.tick(4_000);
    assert.ok(ready.length > 0 && ready.every((queue) => queue === 'a'), ready.join(' '));
  });
});
