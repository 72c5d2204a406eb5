import assert from 'node:assert/strict';
import type { Claimed, Engine, Group, LogBounds, Operation, Outcome } from '../../broker/engine.ts';
import { naturalLane } from '../../broker/lane.ts';
import type { Message } from '../../broker/message.ts';
import { message } from './messages.ts';
import { RecordedEvents } from './recorded-events.ts';
import { testNode } from './test-node.ts';

/** What a body of the port brings to its tests. */
export interface Subject {
  /** Not started yet. */
  readonly engine: Engine;
  /**
   * For engines whose store outlives them: ends the present one as a crash would, losing whatever was not resolved, and
   * gives another over the same store, not started yet.
   */
  readonly restart?: () => Promise<Engine>;
  /** Called once at the end, after the last engine was closed. */
  readonly cleanup: () => Promise<void>;
}

export type CreateSubject = () => Promise<Subject>;

/** More than any test claims. */
export const ALL = 1_000_000;

/** One engine under test, with the verbs that the tests are written in. */
export class Rig {
  engine: Engine;
  events = new RecordedEvents();
  /** Who started the engine. */
  node = testNode();
  readonly #subject: Subject;

  constructor(subject: Subject) {
    this.#subject = subject;
    this.engine = subject.engine;
  }

  /** Runs a test against a started engine, closes it whatever happens, and fails if the store gave up. */
  static async use(create: CreateSubject, run: (rig: Rig) => Promise<void>): Promise<void> {
    const subject = await create();
    const rig = new Rig(subject);
    try {
      await rig.start();
      await run(rig);
      assert.deepEqual(rig.events.fatal, []);
    } finally {
      await rig.engine.close();
      await subject.cleanup();
    }
  }

  start(): Promise<void> {
    return this.engine.start(this.events, this.node);
  }

  async restart(): Promise<void> {
    assert.ok(this.#subject.restart, 'expected an engine whose store outlives it');
    this.engine = await this.#subject.restart();
    this.events = new RecordedEvents();
    this.node = testNode();
    await this.start();
  }

  apply(operations: readonly Operation[], options: Partial<Group> = {}): Promise<Outcome> {
    return this.engine.apply({ operations, lane: options.lane ?? naturalLane(operations), ...options });
  }

  /** Applies a group that must succeed; tells how many late settles missed. */
  async done(...operations: Operation[]): Promise<number> {
    const outcome = await this.apply(operations);
    if (!outcome.ok) assert.fail(`expected the group to be applied, got ${outcome.failure.code}: ${outcome.failure.detail}`);
    return outcome.missed;
  }

  /** Applies a group that must fail and change nothing. */
  async refused(code: string, ...operations: Operation[]): Promise<void> {
    assertRefused(await this.apply(operations), code);
  }

  /** Enqueues messages of these ids, one group each, all under way at once. */
  async send(queue: string, ...ids: string[]): Promise<void> {
    const outcomes = await Promise.all(ids.map((id) => this.apply([enqueue(queue, id)])));
    for (const outcome of outcomes) assert.deepEqual(outcome, { ok: true, missed: 0, repeats: 0 });
  }

  claim(queue: string, credit = ALL, maxBytes = 2 ** 40): Promise<Claimed[]> {
    return this.engine.claim(queue, [{ credit }], maxBytes);
  }

  /** Claims exactly one message. */
  async claimOne(queue: string): Promise<Claimed> {
    const [claimed] = await this.claim(queue, 1);
    assert.ok(claimed, `expected ${queue} to have a message`);
    return claimed;
  }

  /** The ids of everything at rest, in order, without claiming it. */
  async idsAtRest(queue: string): Promise<string[]> {
    return ids(await this.engine.browse(queue, 0, ALL));
  }

  async counts(queue: string): Promise<{ ready: number; inFlight: number }> {
    const found = (await this.engine.queues()).find((info) => info.name === queue);
    return { ready: found?.ready ?? 0, inFlight: found?.inFlight ?? 0 };
  }
}

export const ids = (messages: readonly Message[]): string[] => messages.map((each) => each.id);
export const claimedIds = (claimed: readonly Claimed[]): string[] => claimed.map((each) => each.message.id);

export const enqueue = (queue: string, id: string): Operation => ({ kind: 'enqueue', queue, message: message(id) });
export const publish = (topic: string, id: string): Operation => ({ kind: 'publish', topic, message: message(id) });
export const logged = (topic: string, id: string, log: LogBounds): Operation => ({ kind: 'publish', topic, message: message(id), log });
export const settle = (queue: string, { seq }: { readonly seq: number }): Operation => ({ kind: 'settle', queue, seq });
export const settleLate = (queue: string, { seq }: { readonly seq: number }): Operation => ({ kind: 'settle', queue, seq, late: true });
export const move = (queue: string, { seq }: { readonly seq: number }, to: string, id: string): Operation => {
  return { kind: 'move', queue, seq, to, message: message(id) };
};
export const release = (
  queue: string,
  { seq }: { readonly seq: number },
  reason: 'undelivered' | 'nack' | 'gone' = 'undelivered',
  dueAt = 0,
): Operation => ({ kind: 'release', queue, seq, reason, ...(dueAt !== 0 && { dueAt }) });

export function assertRefused(outcome: Outcome, code: string): void {
  assert.ok(!outcome.ok, 'expected the group to fail');
  assert.equal(outcome.failure.code, code, outcome.failure.detail);
  assert.equal(outcome.failure.certainty, 'not-stored');
  assert.notEqual(outcome.failure.detail, '');
}
