import assert from 'node:assert/strict';
import type { Operation } from '../../server/broker/engine.ts';
import { naturalLane } from '../../server/broker/lane.ts';
import { message } from '../../server/engines/engine-contract/messages.ts';
import { until } from '../../server/engines/redis/testing/until.ts';
import { Fleet } from './fleet/fleet.ts';
import type { FleetEvents, FleetNode } from './fleet/fleet-node.ts';
import { assertNothingLeft, KEPT } from './many-nodes.ts';

const NOBODY: FleetEvents = { received() {}, gap() {} };
/** Queues used at a time. */
const AT_ONCE = 100;

/**
 * What is used and given up leaves nothing in Redis while the node that used it lives on: temporary queues, queues, topics
 * and patterns; and nothing is left of nodes that came and went, half of them without a word.
 */
export async function leaks(options: { readonly names: number; readonly nodes: number }): Promise<object> {
  const fleet = await Fleet.start('redis', { beatMs: 1_000, leaseMs: 30_000 });
  try {
    const keeper = await fleet.join(NOBODY);
    await inTurns(options.names, (i) => useTemporary(keeper, `temp:${keeper.name}.${i}`));
    await assertOnlyTheNode(fleet, keeper);
    await inTurns(options.names, (i) => useQueue(keeper, `q${i}`));
    await assertOnlyTheNode(fleet, keeper);
    await inTurns(options.names, (i) => useTopics(keeper, `t.${i}`));
    await assertOnlyTheNode(fleet, keeper);
    await logsGoByThemselves(fleet, keeper);
    await keysGoByThemselves(fleet, keeper);
    for (let i = 0; i < options.nodes; i++) await comeAndGo(fleet, i);
    await assertOnlyTheNode(fleet, keeper);
    const gone = Number(await fleet.server.command('ZCARD', fleet.key('wildcards:gone')));
    assert.ok(gone <= 4096, `${gone} wildcards that went are remembered`);
    await keeper.leave();
    await assertNothingLeft(fleet);
    return { ...options, gone, memory: await fleet.server.info('memory', 'used_memory_human') };
  } finally {
    await fleet.close();
  }
}

async function inTurns(count: number, use: (index: number) => Promise<void>): Promise<void> {
  for (let from = 0; from < count; from += AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, i) => use(from + i)));
  }
}

async function done(node: FleetNode, ...operations: Operation[]): Promise<void> {
  const outcome = await node.engine.apply({ operations, lane: naturalLane(operations) });
  assert.ok(outcome.ok, JSON.stringify(outcome));
}

const enqueue = (queue: string, priority = 4): Operation => ({ kind: 'enqueue', queue, message: message('m', { priority }) });

async function useTemporary(node: FleetNode, queue: string): Promise<void> {
  await node.engine.createTemporaryQueue(queue);
  assert.deepEqual(await node.engine.claim(queue, [{ credit: 10 }], 1_000), []);
  await done(node, enqueue(queue), enqueue(queue, 7), enqueue(queue));
  const claimed = await node.engine.claim(queue, [{ credit: 2 }], 1_000_000);
  assert.equal(claimed.length, 2);
  await done(node, { kind: 'release', queue, seq: claimed[0]!.seq, reason: 'nack' });
  // One is still held, two are at rest.
  node.engine.leave(queue);
  await node.engine.dropQueue(queue);
}

async function useQueue(node: FleetNode, queue: string): Promise<void> {
  await useOutOfOrder(node, queue);
  await done(node, enqueue(queue), enqueue(queue), enqueue(queue), enqueue(queue));
  const claimed = await node.engine.claim(queue, [{ credit: 4 }], 1_000_000);
  assert.equal(claimed.length, 4);
  const [first, second, third, fourth] = claimed.map(({ seq }) => seq) as [number, number, number, number];
  await done(node, { kind: 'release', queue, seq: first, reason: 'nack' }, { kind: 'release', queue, seq: second, reason: 'gone' }, { kind: 'settle', queue, seq: third });
  await done(node, { kind: 'move', queue, seq: fourth, to: `${queue}.dlq`, message: message('d') });
  await done(node, { kind: 'settle', queue, seq: second, late: true });
  const [again] = await node.engine.claim(queue, [{ credit: 4 }], 1_000_000);
  assert.equal(again?.seq, first);
  await done(node, { kind: 'settle', queue, seq: first });
  assert.equal(await node.engine.purge(`${queue}.dlq`, 10), 1);
  node.engine.leave(queue);
}

/** Of several priorities, and with latecomers among both. */
async function useOutOfOrder(node: FleetNode, queue: string): Promise<void> {
  await done(node, ...[4, 7, 4, 7, 4, 7].map((priority) => enqueue(queue, priority)));
  const claimed = await node.engine.claim(queue, [{ credit: 6 }], 1_000_000);
  for (const index of [2, 5, 0, 3, 1, 4]) await done(node, { kind: 'release', queue, seq: claimed[index]!.seq, reason: 'undelivered' });
  const again = await node.engine.claim(queue, [{ credit: 3 }], 1_000_000);
  assert.deepEqual(again.map(({ seq }) => seq), claimed.slice(0, 3).map(({ seq }) => seq));
  // One for later, which goes with the queue.
  await done(node, { kind: 'enqueue', queue: `${queue}.mortal`, message: message('x', { expiresAt: Date.now() + 3_600_000 }) });
  assert.equal(await node.engine.purge(`${queue}.mortal`, 1), 1);
  await done(node, { kind: 'enqueue', queue: `${queue}.later`, message: message('l', { dueAt: Date.now() + 3_600_000, priority: 2 }) });
  await node.engine.dropQueue(`${queue}.later`);
  await done(node, ...again.map(({ seq }): Operation => ({ kind: 'settle', queue, seq })), { kind: 'settle', queue, seq: claimed[4]!.seq, late: true });
  assert.equal(await node.engine.purge(queue, 10), 2);
}

async function useTopics(node: FleetNode, topic: string): Promise<void> {
  await Promise.all([node.engine.watch(topic), node.engine.watch(`${topic}.*`)]);
  await done(node, { kind: 'publish', topic, message: message('m') });
  node.engine.unwatch(topic);
  node.engine.unwatch(`${topic}.*`);
}

/** The log of a topic goes when its messages are too old, and its numbering a week later. */
async function logsGoByThemselves(fleet: Fleet, node: FleetNode): Promise<void> {
  await done(node, { kind: 'publish', topic: 'logged', message: message('m'), log: { maxMessages: 10, maxAgeMs: 50 } });
  await until('the log to go', async () => (await fleet.server.command('EXISTS', fleet.key('topic-stream:logged'))) === 0);
  const leftMs = Number(await fleet.server.command('PTTL', fleet.key('topic-log:logged')));
  assert.ok(leftMs > 0 && leftMs <= 7 * 24 * 3_600_000, `its numbering goes in ${leftMs} ms`);
  await fleet.server.command('DEL', fleet.key('topic-log:logged'));
}

/** What is to happen once is remembered for its window. */
async function keysGoByThemselves(fleet: Fleet, node: FleetNode): Promise<void> {
  await done(node, { kind: 'publish', topic: 'news', message: message('m'), once: { key: 'k', windowMs: 50 } });
  await until('the key to go', async () => (await fleet.server.command('EXISTS', fleet.key('once:k'))) === 0);
}

async function comeAndGo(fleet: Fleet, index: number): Promise<void> {
  const node = await fleet.join(NOBODY);
  await Promise.all([node.engine.watch('news'), node.engine.watch(`n${index}.*`), node.engine.createTemporaryQueue(`temp:${node.name}`)]);
  await done(node, enqueue(`temp:${node.name}`), enqueue('passed on'), { kind: 'publish', topic: 'news', message: message('m') });
  assert.equal((await node.engine.claim('passed on', [{ credit: 10 }], 1_000_000)).length, 1);
  await node.engine.tell(node.member.split('.')[0]!, 'hello');
  const { member } = node;
  if (index % 2 === 0) {
    await node.crash();
    await fleet.reap(member);
  } else {
    await node.leave();
  }
  const [other] = fleet.alive;
  assert.equal(await other!.engine.purge('passed on', 10), 1, 'what it held came back');
}

async function assertOnlyTheNode(fleet: Fleet, node: FleetNode): Promise<void> {
  const own = [/^nodes$/, /^inboxes$/];
  const names = await until('nothing but the node to be there', async () => {
    const strays = (await fleet.keyNames()).filter((name) => ![...KEPT, ...own].some((known) => known.test(name)));
    if (strays.length > 0) throw new Error(`left: ${strays.slice(0, 10).join(', ')} (${strays.length})`);
    return fleet.keyNames();
  });
  const inboxes = (await fleet.server.command('HKEYS', fleet.key('inboxes'))) as string[];
  assert.ok(inboxes.every((each) => each === node.member), inboxes.join(' '));
  for (const name of names.filter((each) => each.startsWith('node:') && each !== `node:${node.member}`)) {
    assert.ok(Number(await fleet.server.command('PTTL', fleet.key(name))) > 0, name);
  }
}
