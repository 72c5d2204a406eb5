import assert from 'node:assert/strict';
import type { Operation } from '../../server/broker/engine.ts';
import { message } from '../../server/engines/engine-contract/messages.ts';
import { Fleet } from './fleet/fleet.ts';
import type { FleetEvents, FleetNode } from './fleet/fleet-node.ts';

const NOBODY: FleetEvents = { received() {}, gap() {} };
/** No script keeps Redis from others for longer. */
const LONGEST_MS = 50;
const ALL = 2 ** 40;
/** Work is measured so often; what else the machine does lengthens some of it, the least is what the scripts take. */
const TIMES = 3;

/**
 * How long Redis works at one script, whatever a queue has in it: read from its slow log, each kind of work at its own.
 * Rejects when one takes too long, or when the usual verbs cost more on a deep queue than on a shallow one.
 */
export async function boundedScripts(options: { readonly depth: number; readonly held: number }): Promise<object> {
  const fleet = await Fleet.start('redis', { beatMs: 1_000, leaseMs: 60_000 }, { 'slowlog-log-slower-than': 0, 'slowlog-max-len': 100_000 });
  fleet.server.preferOverOthers();
  try {
    const figures: Record<string, number> = {};
    const node = await fleet.join(NOBODY);
    const measure = async (what: string, work: () => Promise<void>): Promise<void> => {
      figures[what] = Math.min(figures[what] ?? Infinity, await longestMs(fleet, work));
    };
    const verbs = (queue: string) => usualMs(fleet, () => useSome(node, queue));
    await fill(node, 'shallow', 1_000);
    const shallow = await verbs('shallow');
    for (let time = 0; time < TIMES; time++) await measure('fill', () => fill(node, 'deep', options.depth / TIMES));
    const deep = await verbs('deep');
    assert.ok(deep < 3 * shallow + 0.2, `claim, settle, release: ${deep} ms on a deep queue, ${shallow} ms on a shallow one`);
    Object.assign(figures, { shallow, deep });

    for (let time = 0; time < TIMES; time++) {
      await measure('browse', async () => {
        const shown = await node.engine.browse('deep', options.depth / 2, 1_000);
        assert.equal(shown.length, 1_000);
      });
      await measure('release', () => releaseAll(node, 'deep', options.held));
      await measure('late settle', () => settleLate(node, 'deep', 1_000));
      await measure('reap', () => reapHolder(fleet, 'deep', options.held));
      await measure('purge', async () => assert.equal(await node.engine.purge('deep', 5_000), 5_000));
    }
    await measure('drop', () => node.engine.dropQueue('deep'));
    for (const [what, ms] of Object.entries(figures)) assert.ok(ms <= LONGEST_MS, `${what} took ${ms} ms in one script: ${JSON.stringify(figures)}`);
    return figures;
  } finally {
    await fleet.close();
  }
}

/** What the longest script of some work took. */
async function longestMs(fleet: Fleet, work: () => Promise<void>): Promise<number> {
  return Math.max(...(await scriptsMs(fleet, work)));
}

/** What half of the scripts of some work took at most. */
async function usualMs(fleet: Fleet, work: () => Promise<void>): Promise<number> {
  const all = (await scriptsMs(fleet, work)).sort((a, b) => a - b);
  return all[Math.floor(all.length / 2)]!;
}

async function scriptsMs(fleet: Fleet, work: () => Promise<void>): Promise<number[]> {
  await fleet.server.command('SLOWLOG', 'RESET');
  await work();
  const entries = (await fleet.server.command('SLOWLOG', 'GET', 100_000)) as [id: number, at: number, us: number, words: string[]][];
  const ms = entries.filter(([, , , words]) => /^eval/i.test(String(words[0]))).map(([, , us]) => us / 1000);
  assert.ok(ms.length > 0, 'no script was run');
  return ms;
}

async function done(node: FleetNode, operations: readonly Operation[]): Promise<number> {
  const outcome = await node.engine.apply({ operations, lane: 'durable' });
  assert.ok(outcome.ok, JSON.stringify(outcome));
  return outcome.missed;
}

async function fill(node: FleetNode, queue: string, count: number): Promise<void> {
  const body = Buffer.alloc(200);
  for (let sent = 0; sent < count; ) {
    const bite = Math.min(10_000, count - sent);
    await Promise.all(Array.from({ length: bite }, (_, i) => done(node, [{ kind: 'enqueue', queue, message: message(`m${sent + i}`, { body }) }])));
    sent += bite;
  }
}

/** Claims, gives back and settles ten at a time. */
async function useSome(node: FleetNode, queue: string): Promise<void> {
  for (let i = 0; i < 100; i++) {
    const claimed = await node.engine.claim(queue, [{ credit: 10 }], ALL);
    assert.equal(claimed.length, 10);
    await done(node, claimed.map(({ seq }, index) => (index < 5 ? { kind: 'release', queue, seq, reason: 'undelivered' } : { kind: 'settle', queue, seq })));
  }
}

async function claimMany(node: FleetNode, queue: string, count: number): Promise<number[]> {
  const claimed = await node.engine.claim(queue, [{ credit: count }], ALL);
  assert.equal(claimed.length, count);
  return claimed.map(({ seq }) => seq);
}

/** As when all consumers of a node go at once: one group each, all under way together, in no order. */
async function releaseAll(node: FleetNode, queue: string, count: number): Promise<void> {
  const seqs = await claimMany(node, queue, count);
  const shuffled = seqs.map((seq, i) => ({ seq, key: (i * 7_919) % count })).sort((a, b) => a.key - b.key);
  await Promise.all(shuffled.map(({ seq }) => done(node, [{ kind: 'release', queue, seq, reason: 'gone' }])));
  const first = await node.engine.browse(queue, 0, 1);
  const [again] = await node.engine.claim(queue, [{ credit: 1 }], ALL);
  assert.deepEqual([again?.seq, again?.message.id], [seqs[0], first[0]?.id]);
  await done(node, [{ kind: 'release', queue, seq: seqs[0]!, reason: 'undelivered' }]);
}

/** In the middle of what was given back. */
async function settleLate(node: FleetNode, queue: string, count: number): Promise<void> {
  const seqs = await claimMany(node, queue, 3 * count);
  await done(node, seqs.map((seq) => ({ kind: 'release', queue, seq, reason: 'undelivered' })));
  const missed = await done(node, seqs.slice(count, 2 * count).map((seq) => ({ kind: 'settle', queue, seq, late: true })));
  assert.equal(missed, 0);
}

async function reapHolder(fleet: Fleet, queue: string, count: number): Promise<void> {
  const holder = await fleet.join(NOBODY);
  const seqs = await claimMany(holder, queue, count);
  const { member } = holder;
  await holder.crash();
  await fleet.reap(member);
  const [first] = await fleet.alive[0]!.engine.claim(queue, [{ credit: 1 }], ALL);
  assert.deepEqual([first?.seq, first!.recoveries > 0], [seqs[0], true]);
  await done(fleet.alive[0]!, [{ kind: 'release', queue, seq: seqs[0]!, reason: 'undelivered' }]);
}
