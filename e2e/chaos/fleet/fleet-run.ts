import assert from 'node:assert/strict';
import type { Claimed, Operation, Outcome, ReleaseReason } from '../../../server/broker/engine.ts';
import { naturalLane } from '../../../server/broker/lane.ts';
import { message } from '../../../server/engines/engine-contract/messages.ts';
import { until } from '../../../server/engines/redis/testing/until.ts';
import { seededRandom } from '../../harness/random.ts';
import type { Fleet } from './fleet.ts';
import type { FleetEvents, FleetNode } from './fleet-node.ts';
import { InterestLedger } from './interest-ledger.ts';
import { QueueLedger, type Holder } from './queue-ledger.ts';

/** A message in somebody's hands, or one that was. */
interface Handle {
  readonly queue: string;
  readonly seq: number;
  readonly id: string;
}

export interface FleetRunOptions {
  readonly seed: number;
  readonly steps: number;
  readonly nodeCount: number;
  /** What goes wrong: nothing; links are cut; or nodes crash, leave and are fenced as well. */
  readonly trouble: 'none' | 'cuts' | 'all';
}

const QUEUES = ['a', 'b', 'purged'];
const TOPICS = ['t.1', 't.2', 't.3', 'u.1'];
const PATTERNS = [...TOPICS, 't.*', '#'];
const MANY = 2 ** 40;
/** Steps that a node has under way at most. */
const UNDER_WAY = 6;

/**
 * Random steps by several live nodes on one store, many under way at once, and trouble in between; the ledgers hold what
 * comes of it against what may. The steps follow from the seed; how they interleave does not.
 */
export class FleetRun implements FleetEvents {
  readonly #fleet: Fleet;
  readonly #options: FleetRunOptions;
  readonly #random: () => number;
  readonly #queues = new QueueLedger();
  readonly #topics = new InterestLedger();
  readonly #handles = new Map<string, Handle[]>();
  /** Given back by somebody, and perhaps at rest. */
  readonly #returned: Handle[] = [];
  /** Those that can be sent to, and all there ever were. */
  readonly #temporaries = new Map<string, string[]>();
  readonly #created = new Map<string, string[]>();
  readonly #watching = new Map<string, string[]>();
  readonly #underWay = new Map<string, Set<Promise<unknown>>>();
  #failure: Error | undefined;
  #names = 0;
  readonly #counts = { cuts: 0, fences: 0, crashes: 0, leaves: 0, refused: 0, settledLate: 0 };

  constructor(fleet: Fleet, options: FleetRunOptions) {
    this.#fleet = fleet;
    this.#options = options;
    this.#random = seededRandom(options.seed);
  }

  async run(): Promise<object> {
    for (let i = 0; i < this.#options.nodeCount; i++) await this.#join();
    for (let step = 0; step < this.#options.steps && !this.#failure; step++) {
      const node = this.#pick(this.#fleet.alive)!;
      const underWay = this.#underWay.get(node.name)!;
      while (underWay.size >= UNDER_WAY) await Promise.race(underWay);
      this.#launch(node, this.#step(node));
      if (this.#options.trouble !== 'none') await this.#trouble();
    }
    await this.#quiet();
    await this.#settleDown();
    return { ...this.#counts, ...this.#queues.finish(new Set()), topicMessages: this.#topics.received, gaps: this.#topics.gaps };
  }

  received(node: FleetNode, _topic: string, id: string): void {
    this.#guard(() => { this.#topics.seen(node.name, id); });
  }

  gap(node: FleetNode): void {
    this.#guard(() => { this.#topics.gap(node.name); });
    if (this.#options.trouble !== 'all') this.#fail(new Error(`expected no gap when links are only cut, got one at ${node.name}`));
  }

  #launch(node: FleetNode, step: Promise<unknown>): void {
    const underWay = this.#underWay.get(node.name)!;
    const done = step
      .catch((error: unknown) => {
        // What a node still wanted when it went is nobody's business.
        if (node.isAlive) this.#fail(error);
      })
      .finally(() => underWay.delete(done));
    underWay.add(done);
  }

  #step(node: FleetNode): Promise<unknown> {
    const steps: [weight: number, step: () => Promise<unknown>][] = [
      [10, () => this.#enqueue(node, this.#pick(QUEUES)!)],
      [2, () => this.#enqueue(node, this.#pick(QUEUES)!, this.#pick(QUEUES)!)],
      [9, () => this.#claim(node, this.#pick(QUEUES)!)],
      [9, () => this.#settle(node)],
      [4, () => this.#release(node)],
      [1, () => this.#move(node)],
      [2, () => this.#settleLate(node)],
      [2, () => this.#settleAndSend(node)],
      [6, () => this.#publish(node)],
      [1, () => this.#watch(node)],
      [1, () => this.#unwatch(node)],
      [1, () => Promise.resolve(node.engine.leave(this.#pick(QUEUES)!))],
      [1, () => this.#createTemporary(node)],
      [3, () => this.#useTemporary(node)],
      [0.5, () => this.#dropTemporary(node)],
      [0.5, () => this.#purge(node)],
      [0.5, () => this.#look(node)],
    ];
    let ticket = this.#random() * steps.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, step] of steps) if ((ticket -= weight) < 0) return step();
    return Promise.resolve();
  }

  async #enqueue(node: FleetNode, ...queues: string[]): Promise<void> {
    const body = Buffer.alloc(Math.floor(this.#random() * 300));
    const sent = queues.map((queue) => ({ queue, id: this.#queues.sending(queue, node.name) }));
    const outcome = await this.#apply(node, sent.map(({ queue, id }) => ({ kind: 'enqueue', queue, message: message(id, { body }) })));
    if (isCertain(outcome)) for (const { id } of sent) this.#queues.sent(id, outcome.ok);
  }

  async #claim(node: FleetNode, queue: string, credit = 1 + Math.floor(this.#random() * 6)): Promise<readonly Claimed[]> {
    const since = this.#queues.now;
    const member = node.member;
    const claimed = await node.engine.claim(queue, [{ credit }], MANY);
    if (!node.isAlive) return [];
    const holder = { node: node.name, member: node.member };
    const doubles = this.#queues.claimed(queue, holder, since, claimed);
    if (holder.member !== member) this.#queues.lapse(node.name);
    for (const { id, first } of doubles) await this.#assertFenced(first, id);
    const handles = this.#handles.get(node.name)!;
    for (const { seq, message: { id } } of claimed) {
      const known = handles.findIndex((handle) => handle.seq === seq && handle.queue === queue);
      if (known >= 0) handles.splice(known, 1);
      handles.push({ queue, seq, id });
    }
    return claimed;
  }

  async #assertFenced(first: Holder, id: string): Promise<void> {
    const isMember = await this.#fleet.isMember(first.member);
    assert.ok(!isMember, `${id} was given away, and ${first.member}, which is a member, holds it`);
  }

  async #settle(node: FleetNode): Promise<void> {
    const handle = this.#takeHandle(node);
    if (handle) await this.#end(node, handle, { kind: 'settle', queue: handle.queue, seq: handle.seq });
  }

  async #settleLate(node: FleetNode): Promise<void> {
    const handle = this.#pick(this.#returned);
    if (!handle) return;
    this.#counts.settledLate++;
    await this.#end(node, handle, { kind: 'settle', queue: handle.queue, seq: handle.seq, late: true });
  }

  async #settleAndSend(node: FleetNode): Promise<void> {
    const handle = this.#takeHandle(node);
    if (!handle) return;
    const id = this.#queues.sending('a', node.name);
    const outcome = await this.#end(node, handle, { kind: 'settle', queue: handle.queue, seq: handle.seq }, { kind: 'enqueue', queue: 'a', message: message(id) });
    if (isCertain(outcome)) this.#queues.sent(id, outcome.ok);
  }

  async #move(node: FleetNode): Promise<void> {
    const handle = this.#takeHandle(node);
    if (!handle) return;
    const id = this.#queues.sending('b', node.name);
    const outcome = await this.#end(node, handle, { kind: 'move', queue: handle.queue, seq: handle.seq, to: 'b', message: message(id) });
    // Of a hold that lapsed nothing is moved.
    if (isCertain(outcome) && !(outcome.ok && this.#options.trouble === 'all')) this.#queues.sent(id, outcome.ok);
  }

  /** Settles a message by the first operation. */
  async #end(node: FleetNode, { id }: Handle, ...operations: Operation[]): Promise<Outcome> {
    const isLapsable = this.#options.trouble === 'all';
    this.#queues.settling(id);
    const outcome = await this.#apply(node, operations);
    if (!isCertain(outcome)) return outcome;
    const isMove = operations[0]!.kind === 'move';
    if (outcome.ok && isMove && isLapsable) return outcome;
    this.#queues.settled(id, outcome.ok && outcome.missed === 0);
    return outcome;
  }

  async #release(node: FleetNode): Promise<void> {
    const handle = this.#takeHandle(node);
    if (!handle) return;
    const reason = this.#pick<ReleaseReason>(['undelivered', 'nack', 'gone'])!;
    const { queue, seq, id } = handle;
    const { member } = node;
    this.#queues.releasing(id, reason);
    const outcome = await this.#apply(node, [{ kind: 'release', queue, seq, reason }]);
    // A nack of a message that was taken away meanwhile counts nothing.
    this.#queues.released(id, reason, isCertain(outcome) && outcome.ok && this.#options.trouble !== 'all' && node.member === member);
    this.#returned.push(handle);
  }

  async #publish(node: FleetNode): Promise<void> {
    const topic = this.#pick(TOPICS)!;
    const { id, at } = this.#topics.publishing(node.name);
    const outcome = await this.#apply(node, [{ kind: 'publish', topic, message: message(id) }]);
    if (outcome.ok) this.#topics.published(id, topic, at);
  }

  async #watch(node: FleetNode): Promise<void> {
    const watching = this.#watching.get(node.name)!;
    const pattern = this.#pick(PATTERNS)!;
    if (watching.includes(pattern)) return;
    watching.push(pattern);
    await node.engine.watch(pattern);
    if (node.isAlive && watching.includes(pattern)) this.#topics.watched(node.name, pattern);
  }

  #unwatch(node: FleetNode): Promise<void> {
    const watching = this.#watching.get(node.name)!;
    const pattern = this.#pick(watching);
    if (pattern) {
      watching.splice(watching.indexOf(pattern), 1);
      this.#topics.unwatched(node.name, pattern);
      node.engine.unwatch(pattern);
    }
    return Promise.resolve();
  }

  async #createTemporary(node: FleetNode): Promise<void> {
    const queue = `temp:${node.name}.${++this.#names}`;
    this.#created.get(node.name)!.push(queue);
    await node.engine.createTemporaryQueue(queue);
    this.#temporaries.get(node.name)!.push(queue);
  }

  /** Its owner takes from it; others send to it. */
  async #useTemporary(node: FleetNode): Promise<void> {
    const owner = this.#random() < 0.5 ? node : this.#pick(this.#fleet.alive)!;
    const queue = this.#pick(this.#temporaries.get(owner.name)!);
    if (!queue) return;
    if (owner !== node || this.#random() < 0.5) return this.#enqueue(node, queue);
    await this.#claim(node, queue);
  }

  async #dropTemporary(node: FleetNode): Promise<void> {
    const own = this.#temporaries.get(node.name)!;
    const [queue] = own.splice(Math.floor(this.#random() * own.length), 1);
    if (!queue) return;
    this.#queues.lost(queue);
    const handles = this.#handles.get(node.name)!;
    this.#handles.set(node.name, handles.filter((handle) => handle.queue !== queue));
    node.engine.leave(queue);
    await node.engine.dropQueue(queue);
  }

  async #purge(node: FleetNode): Promise<void> {
    const limit = 1 + Math.floor(this.#random() * 5);
    // Counted as done until it is known better, which it never is if the node goes.
    this.#queues.purged('purged', limit);
    this.#queues.purged('purged', (await node.engine.purge('purged', limit)) - limit);
  }

  async #look(node: FleetNode): Promise<void> {
    const queue = this.#pick(QUEUES)!;
    const shown = await node.engine.browse(queue, Math.floor(this.#random() * 5), 20);
    assert.equal(new Set(shown.map(({ id }) => id)).size, shown.length, 'a message was shown twice in one page');
    await node.engine.queues();
  }

  async #apply(node: FleetNode, operations: readonly Operation[]): Promise<Outcome> {
    const outcome = await node.engine.apply({ operations, lane: naturalLane(operations) });
    if (!outcome.ok && node.isAlive) {
      this.#counts.refused++;
      const { code, certainty, detail } = outcome.failure;
      const isDropped = operations.some((operation) => 'queue' in operation && this.#queues.isLost(operation.queue));
      const isAllowed = code === 'not-held' ? isDropped : this.#options.trouble !== 'none' && code === 'store-unreachable';
      assert.ok(isAllowed, `expected ${JSON.stringify(operations.map(({ kind }) => kind))} to be applied, got ${code} (${certainty}): ${detail}`);
    }
    return outcome;
  }

  async #trouble(): Promise<void> {
    const ticket = this.#random();
    const node = this.#pick(this.#fleet.alive)!;
    if (ticket < 0.02) {
      this.#counts.cuts++;
      this.#queues.disturbed();
      // Answers are on their way most of the time, and so they are lost.
      node.proxy.delay(3);
      node.proxy.cut();
    }
    if (this.#options.trouble !== 'all' || ticket < 0.02) return;
    if (ticket < 0.027) await this.#fence(node);
    else if (ticket < 0.032) await this.#replace(node, 'crash');
    else if (ticket < 0.036) await this.#replace(node, 'leave');
  }

  async #fence(node: FleetNode): Promise<void> {
    this.#counts.fences++;
    this.#queues.disturbed();
    this.#queues.lapse(node.name);
    this.#loseTemporaries(node);
    const { member } = node;
    await this.#fleet.reap(member, 1 + Math.floor(this.#random() * 20));
    this.#queues.disturbed();
    // What it still put there before it knew is gone as well.
    const known = until('a fenced node to know', () => node.member !== member || !node.isAlive).then(() => {
      this.#loseTemporaries(node);
    });
    this.#launch(node, known);
  }

  async #replace(node: FleetNode, how: 'crash' | 'leave'): Promise<void> {
    this.#counts[how === 'crash' ? 'crashes' : 'leaves']++;
    this.#queues.disturbed();
    this.#queues.lapse(node.name);
    this.#topics.gone(node.name);
    this.#loseTemporaries(node);
    this.#temporaries.set(node.name, []);
    const { member } = node;
    await node[how]();
    // A crashed one is sometimes left to the others, which find it dead in time.
    if (how === 'crash' && this.#random() < 0.7) await this.#fleet.reap(member, 3);
    this.#queues.disturbed();
    await this.#join();
  }

  #loseTemporaries(node: FleetNode): void {
    for (const queue of this.#created.get(node.name)!) this.#queues.lost(queue);
  }

  async #join(): Promise<void> {
    const node = await this.#fleet.join(this);
    this.#handles.set(node.name, []);
    this.#temporaries.set(node.name, []);
    this.#created.set(node.name, []);
    this.#watching.set(node.name, []);
    this.#underWay.set(node.name, new Set());
  }

  async #quiet(): Promise<void> {
    for (const node of this.#fleet.alive) node.proxy.delay(0);
    // Those of nodes that went, too: whoever asked them is told something in the end.
    await until('every step to end', () => [...this.#underWay.values()].every(({ size }) => size === 0), 30_000);
    this.#throwFailure();
    await until('all nodes to be up', () => this.#fleet.alive.every((node) => node.isUp), 20_000);
    await until('all topic messages to be there', () => this.#topics.due.length === 0, 20_000).catch((error: unknown) => {
      throw new Error(`missing: ${this.#topics.due.slice(0, 20).join(', ')} (${this.#topics.due.length})`, { cause: error });
    });
    this.#throwFailure();
  }

  /** Everything is settled, everywhere: then nothing is left, and nothing was lost. */
  async #settleDown(): Promise<void> {
    const { alive } = this.#fleet;
    await this.#assertCounters();
    for (const node of alive) {
      for (const handle of this.#handles.get(node.name)!) await this.#end(node, handle, { kind: 'settle', queue: handle.queue, seq: handle.seq });
      this.#handles.set(node.name, []);
    }
    const queues = [...QUEUES, ...[...this.#temporaries.values()].flat()];
    await until('every queue to be empty', async () => {
      for (const node of alive) {
        for (const queue of queues) {
          if (queue.startsWith('temp:') && !this.#temporaries.get(node.name)!.includes(queue)) continue;
          while ((await this.#claim(node, queue, 100)).length > 0) {
            for (const handle of this.#handles.get(node.name)!.splice(0)) await this.#end(node, handle, { kind: 'settle', queue: handle.queue, seq: handle.seq });
          }
        }
      }
      const left = await alive[0]!.engine.queues();
      if (left.every((info) => info.temporary && info.ready + info.inFlight === 0)) return true;
      throw new Error(`left: ${JSON.stringify(left)}`);
    }, 20_000);
    this.#throwFailure();
  }

  /** What `queues` tells is what there is. */
  async #assertCounters(): Promise<void> {
    const { alive, server } = this.#fleet;
    const infos = await alive[0]!.engine.queues();
    const names = await this.#fleet.keyNames();
    for (const { name, ready, inFlight } of infos) {
      const held = names.filter((key) => key.startsWith('held:') && key.endsWith(`:${name}`));
      const counts = await Promise.all(held.map((key) => server.command('HLEN', this.#fleet.key(key))));
      assert.equal(inFlight, counts.reduce<number>((sum, count) => sum + Number(count), 0), `in flight of ${name}`);
      assert.equal(ready, (await alive[0]!.engine.browse(name, 0, 1_000_000)).length, `ready of ${name}`);
    }
  }

  #takeHandle(node: FleetNode): Handle | undefined {
    const handles = this.#handles.get(node.name)!;
    return handles.splice(Math.floor(this.#random() * handles.length), 1)[0];
  }

  #pick<Each>(from: readonly Each[]): Each | undefined {
    return from[Math.floor(this.#random() * from.length)];
  }

  #guard(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#fail(error);
    }
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure;
  }

  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
  }
}

/** It is known whether it took effect. */
function isCertain(outcome: Outcome): boolean {
  return outcome.ok || outcome.failure.certainty === 'not-stored';
}
