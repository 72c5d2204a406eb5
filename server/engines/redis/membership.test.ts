import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { testNode } from '../engine-contract/test-node.ts';
import { Keys } from './keys.ts';
import { Membership, type Change, type Opened } from './membership.ts';
import { gate, lost, reply, ScriptedLink } from './testing/scripted-link.ts';
import { until } from './testing/until.ts';

describe('the membership of a node', () => {
  let link: ScriptedLink;
  let told: (Opened & Change)[];
  let membership: Membership;
  /** Members of the store, and its epoch. */
  let members: Set<string>;
  let epoch: number;

  beforeEach(() => {
    link = new ScriptedLink();
    members = new Set();
    epoch = 7;
    told = [];
    link.answer = ({ argv: [node, isJoining] }) => open(node!, isJoining === '1');
    membership = new Membership(new Keys('test'), { ...testNode(), id: 'n' }, (opened, change) => told.push({ ...opened, ...change }));
  });

  const open = (node: string, isJoining: boolean): ReturnType<typeof reply> => {
    const isMember = members.has(node);
    if (isJoining) members.add(node);
    const state = isJoining ? (isMember ? 'TAKEN' : 'JOINED') : isMember ? 'MEMBER' : 'FENCED';
    return reply(state, `${epoch}`, '30', isJoining ? '0' : '5', '2', '0', '1', '9-0', '4', 'table', 1);
  };
  const greet = (): Promise<void> => membership.greet(link);
  const expelled = (node: string): void => { membership.expelled(node, link); };

  test('begins with the first connection; others are only asked what they know', async () => {
    await greet();
    assert.deepEqual([membership.node, membership.isMember], ['n.1', true]);
    await greet();
    assert.deepEqual(link.shown(2), ['open n.1 1', 'open n.1 0']);
    assert.deepEqual(told[0], {
      epoch: 7, suspect: 30, durable: 0, volatile: 2, inbox: 0, generation: 1, logId: '9-0', wildcards: 4, table: 'table', format: 1,
      isEpochNew: true, isMemberNew: true, rememberedBatch: undefined,
    });
    const { isEpochNew, isMemberNew, rememberedBatch } = told[1]!;
    assert.deepEqual({ isEpochNew, isMemberNew, rememberedBatch }, { isEpochNew: false, isMemberNew: false, rememberedBatch: 5 });
  });

  test('is begun anew, once, when it was taken for dead, with what the store remembers of the last one', async () => {
    await greet();
    members.clear();
    expelled('n.1');
    expelled('n.1');
    assert.equal(membership.isMember, false);
    await until('the node to be a member again', () => membership.isMember);
    assert.equal(membership.node, 'n.2');
    expelled('n.1');
    assert.equal(membership.isMember, true, 'what is said of an earlier one is old news');
    assert.deepEqual(link.shown(2), ['open n.1 1', 'open n.1 0', 'open n.2 1']);
    assert.deepEqual([told.at(-1)!.isMemberNew, told.at(-1)!.rememberedBatch], [true, 5]);
  });

  test('takes another name where the answer to joining was lost', async () => {
    link.answer = ({ argv: [node] }) => {
      open(node!, true);
      return lost();
    };
    await assert.rejects(greet());
    assert.deepEqual([membership.isMember, told], [false, []]);
    link.answer = ({ argv: [node, isJoining] }) => open(node!, isJoining === '1');
    await greet();
    assert.deepEqual([membership.isMember, members.has(membership.node)], [true, true]);
    assert.notEqual(membership.node, 'n.1');
    assert.equal(told.length, 1);
  });

  test('is told of a new epoch by the connection that meets it first', async () => {
    await greet();
    epoch = 8;
    await greet();
    await greet();
    assert.deepEqual(told.map(({ isEpochNew }) => isEpochNew), [true, true, false]);
  });

  test('has nothing to do with a server of an earlier epoch, which was replaced', async () => {
    await greet();
    epoch = 6;
    await assert.rejects(greet(), /expected the store of epoch 7, got one of epoch 6/);
    assert.equal(told.length, 1);
  });

  test('is refused by a store of another release, in words', async () => {
    link.answer = () => reply('FOREIGN', 9);
    await assert.rejects(greet(), /expected a store of format 1 .*got 9: a newer release has written to it/);
    link.answer = () => reply('FOREIGN', -1);
    await assert.rejects(greet(), /got -1: start the releases between first/);
  });

  test('lets connections say their first words one after the other', async () => {
    const first = gate();
    link.answer = async ({ argv: [node, isJoining] }) => {
      await first.opened;
      return open(node!, isJoining === '1');
    };
    const greetings = [greet(), greet(), greet()];
    await until('the first to ask', () => link.calls.length === 1);
    first.open();
    await Promise.all(greetings);
    assert.deepEqual(link.shown(2), ['open n.1 1', 'open n.1 0', 'open n.1 0']);
  });
});
