import assert from 'node:assert/strict';
import type { ConsumerWant, Dead, DurableTerms, Once, Operation, Outcome } from '../../broker/engine.ts';
import { DURABLE_PREFIX } from '../../broker/durable-name.ts';
import { message } from './messages.ts';
import { Model, type Handle, type ModelOutcome } from './model.ts';
import type { Delay, Key, Step, WantWish, Wish } from './model-steps.ts';
import { everyNth } from './selecting.ts';
import { ALL, claimedIds, ids, settle, type Rig } from './rig.ts';

/** An engine and the model, side by side through the steps of one run. */
export class ModelRun {
  readonly #rig: Rig;
  readonly #model = new Model();
  /** Every claim there ever was: what wild operations choose from. */
  readonly #handles: Handle[] = [];
  #messageCount = 0;
  #holderCount = 0;
  /** What the engine called the numbering of each log. */
  readonly #epochs = new Map<string, string>();

  constructor(rig: Rig) {
    this.#rig = rig;
  }

  async start(): Promise<void> {
    await this.#rig.engine.watch('#');
  }

  async step(step: Step): Promise<void> {
    const { engine } = this.#rig;
    await this.#untilNothingChangesByItself();
    switch (step.kind) {
      case 'burst':
        return this.#burst(step);
      case 'claim':
        return this.#claim(step.queue, step.wants.map((want) => wantOf(step.queue, want)), step.maxBytes);
      case 'forget':
        return engine.forgetSelector(step.queue, everyNth(step.every).text);
      case 'browse': {
        const shown = await engine.browse(step.queue, step.offset, step.limit);
        assert.deepEqual(shown, this.#model.browse(step.queue, step.offset, step.limit));
        return;
      }
      case 'readLog':
        return this.#readLog(step.topic, step.after, step.limit);
      case 'purge':
        assert.equal(await engine.purge(step.queue, step.limit), this.#model.purge(step.queue, step.limit));
        return;
      case 'claimDead':
        return this.#claimDead();
      case 'create':
        this.#model.createTemporaryQueue(step.queue);
        return engine.createTemporaryQueue(step.queue);
      case 'drop':
        this.#model.dropQueue(step.queue);
        return engine.dropQueue(step.queue);
      case 'hold':
        return this.#hold(step.queue, step.terms);
      case 'endHold': {
        const holder = this.#model.durables.holderOf(step.queue);
        this.#model.durables.endHold(step.queue);
        if (holder !== undefined) engine.endHold(step.queue, holder);
        return;
      }
      case 'unsubscribe':
        assert.equal(await engine.unsubscribe(step.queue, this.#model.durables.holderOf(step.queue) ?? 'nobody'), this.#model.unsubscribe(step.queue));
        return;
      case 'restart':
        this.#model.crash();
        this.#handles.length = 0;
        await this.#rig.restart();
        return this.start();
    }
  }

  /** The dump: what there is, in which order, with which counters, who holds what; and that it can all be settled. */
  async finish(): Promise<void> {
    const { engine } = this.#rig;
    await this.#untilNothingChangesByItself();
    // What such a one has not looked at may be nothing for it.
    for (const name of this.#model.durables.names) if (this.#model.durables.isPicky(name)) await this.#claim(name, [{ credit: ALL }], 2 ** 40);
    const infos = this.#model.queues();
    assert.deepEqual((await engine.queues()).sort(byName), infos.sort(byName));
    for (const { queue, seq, message: held } of this.#model.held()) assert.deepEqual(await engine.readHeld(queue, seq), held);
    for (const { name } of infos) {
      assert.deepEqual(ids(await engine.browse(name, 0, ALL)), ids(this.#model.browse(name, 0, ALL)));
      // Groups go on when what is in flight of them was settled.
      for (;;) {
        await this.#claim(name, [{ credit: ALL }], 2 ** 40);
        const held = this.#model.held().filter(({ queue }) => queue === name);
        if (held.length === 0) break;
        const settled = held.map((handle) => settle(name, handle));
        await this.#rig.done(...settled);
        this.#model.apply(settled);
      }
    }
    await this.#claimDead();
    const settled = this.#model.held().map((handle) => settle(handle.queue, handle));
    await this.#rig.done(...settled);
    this.#model.apply(settled);
    assert.deepEqual((await engine.queues()).sort(byName), this.#model.queues().sort(byName));
    for (const topic of ['log.a', 'log.b']) await this.#readLog(topic, undefined, ALL);
    assert.deepEqual(this.#published(), this.#model.published);
  }

  async #burst(step: Extract<Step, { kind: 'burst' }>): Promise<void> {
    const chain = { broken: false };
    const isAllowed = (operation: Operation): boolean => step.lane === 'durable' || isVolatile(operation);
    const groups = step.groups.map((wishes) => wishes.map((wish) => this.#operation(wish)).filter((each) => each !== undefined).filter(isAllowed));
    const replies = groups.map((operations) => this.#rig.apply(operations, { lane: step.lane, ...(step.isChained ? { chain } : {}) }));
    let isBroken = false;
    const expected = groups.map((operations): ModelOutcome => {
      if (isBroken) return { ok: false, code: 'chain-broken' };
      const outcome = this.#model.apply(operations);
      isBroken = step.isChained && !outcome.ok;
      return outcome;
    });
    assert.deepEqual((await Promise.all(replies)).map(shorten), expected);
    await this.#rig.events.untilPublished(this.#model.published.length);
    assert.deepEqual(this.#published(), this.#model.published);
  }

  async #hold(queue: string, terms: DurableTerms): Promise<void> {
    const holder = `holder-${++this.#holderCount}`;
    const outcome = await this.#rig.engine.hold(queue, terms, holder);
    const expected = this.#model.hold(queue, terms, holder);
    assert.equal(outcome.ok ? outcome.isNew : outcome.refusal.reason, expected === 'held' ? 'held' : expected !== 'resumed');
  }

  async #claim(queue: string, wants: readonly ConsumerWant[], maxBytes: number): Promise<void> {
    const claimed = await this.#rig.engine.claim(queue, wants, maxBytes);
    const expected = this.#model.claim(queue, wants, maxBytes);
    assert.deepEqual(claimedIds(claimed), ids(expected.map(({ entry }) => entry.message)));
    claimed.forEach((each, index) => {
      const { entry, want, isFirstOfGroup } = expected[index]!;
      entry.seq ??= each.seq;
      const { seq, failures, recoveries, missed } = entry;
      assert.deepEqual(each, { seq, message: entry.message, want, failures, recoveries, ...(isFirstOfGroup && { isFirstOfGroup }), ...(missed > 0 && { missed }) });
      this.#handles.push({ queue, seq });
    });
  }

  /** In which order they come is left open. */
  async #claimDead(): Promise<void> {
    const expected = this.#model.claimDead();
    const found = new Map<string, Dead>();
    for (let left = expected.size + 1; left > 0; ) {
      const bite = await this.#rig.engine.claimDead(left, 2 ** 40);
      if (bite.length === 0) break;
      left -= bite.length;
      for (const each of bite) found.set(each.message.id, each);
    }
    assert.deepEqual([...found.keys()].sort(), [...expected.keys()].sort());
    for (const [id, { queue, seq, reason, ...counters }] of found) {
      const entry = expected.get(id)!;
      entry.seq ??= seq;
      const { message, failures, recoveries } = entry;
      assert.deepEqual({ seq, reason, ...counters }, { seq: entry.seq, reason: 'expired', message, failures, recoveries });
      this.#handles.push({ queue, seq });
    }
  }

  async #readLog(topic: string, after: number | 'stranger' | undefined, limit: number): Promise<void> {
    const known = this.#epochs.get(topic) ?? 'not seen yet';
    const position = after === 'stranger' ? { epoch: 'of another log', offset: 1 } : after === undefined ? after : { epoch: known, offset: after };
    const { epoch, ...page } = await this.#rig.engine.readLog(topic, position, limit);
    const isStrange = after !== undefined && !this.#epochs.has(topic);
    assert.deepEqual(page, this.#model.readLog(topic, isStrange ? 'stranger' : after, limit));
    if (!this.#model.hasLog(topic)) assert.equal(epoch, '');
    else if (this.#epochs.has(topic)) assert.equal(epoch, known, 'one numbering for the whole life of the log');
    else this.#epochs.set(topic, epoch);
  }

  /** What watchers were told, with the place in the log. */
  #published(): string[] {
    return this.#rig.events.messages.map(({ topic, message: { id }, position }) => {
      if (position) this.#epochs.set(topic, this.#epochs.get(topic) ?? position.epoch);
      assert.equal(position?.epoch, position && this.#epochs.get(topic));
      return `${topic} ${id} at ${position?.offset ?? 'none'}`;
    });
  }

  /** What is due soon is due by now: so nobody has to ask which of both clocks was read first. */
  async #untilNothingChangesByItself(): Promise<void> {
    const soon = this.#model.moments().filter((moment) => moment < Date.now() + FAR_MS / 2);
    const last = soon.reduce((latest, moment) => Math.max(latest, moment), 0);
    while (Date.now() <= last) await new Promise((resume) => setTimeout(resume, last + 1 - Date.now()));
  }

  /** Undefined where there is nothing to do it to. */
  #operation(wish: Wish): Operation | undefined {
    if (wish.kind === 'enqueue') return { kind: 'enqueue', queue: wish.queue, message: this.#newMessage(wish.bodyBytes, wish), ...onceOf(wish) };
    if (wish.kind === 'publish') {
      return { kind: 'publish', topic: wish.topic, message: this.#newMessage(10, PLAIN, ['colour', wish.colour]), ...onceOf(wish) };
    }
    if (wish.kind === 'log') {
      const log = { maxMessages: wish.maxMessages, maxAgeMs: 0 };
      return { kind: 'publish', topic: wish.topic, message: this.#newMessage(wish.bodyBytes), log, ...onceOf(wish) };
    }
    const candidates = wish.isWild ? this.#handles : this.#model.held();
    const handle = candidates[wish.pick % candidates.length];
    if (!handle) return undefined;
    const { queue, seq } = handle;
    switch (wish.kind) {
      case 'settle':
        return { kind: 'settle', queue, seq };
      case 'late':
        return { kind: 'settle', queue, seq, late: true };
      case 'release':
        return { kind: 'release', queue, seq, reason: wish.reason, ...(wish.delay !== 'none' && { dueAt: dueAfter(wish.delay) }) };
      case 'move':
        return { kind: 'move', queue, seq, to: wish.to, message: this.#newMessage(20, wish) };
    }
  }

  #newMessage(bodyBytes: number, { priority, delay, life, group, value }: Terms = PLAIN, headers: readonly string[] = []): ReturnType<typeof message> {
    const body = Buffer.alloc(bodyBytes, (this.#messageCount + 1) % 251);
    return message(`m${++this.#messageCount}`, { priority, group, headers, dueAt: dueAfter(delay), expiresAt: dueAfter(life), lastValue: value, body });
  }
}

const FAR_MS = 3_600_000;
const SOON_MS = 5;

/** What a wish says of its message. */
interface Terms {
  readonly priority: number;
  readonly delay: Delay;
  readonly life: Delay;
  readonly group: string;
  readonly value: string;
}

const PLAIN: Terms = { priority: 4, delay: 'none', life: 'none', group: '', value: '' };

const dueAfter = (delay: Delay): number => ({ none: 0, soon: Date.now() + SOON_MS, far: Date.now() + FAR_MS })[delay];

/** The selector of a durable subscription is its own. */
const wantOf = (queue: string, { credit, consumer, priority, every }: WantWish): ConsumerWant =>
  every > 0 && !queue.startsWith(DURABLE_PREFIX) ? { credit, consumer, priority, selector: everyNth(every) } : { credit, consumer, priority };

const byName = (left: { name: string }, right: { name: string }): number => left.name.localeCompare(right.name);

const shorten = (outcome: Outcome): ModelOutcome => (outcome.ok ? outcome : { ok: false, code: outcome.failure.code });

/** For longer than any run. */
const onceOf = ({ key }: { readonly key: Key }): { readonly once?: Once } => (key === undefined ? {} : { once: { key, windowMs: 3_600_000 } });

/** May it go by the volatile lane? */
function isVolatile(operation: Operation): boolean {
  if ('once' in operation) return false;
  if (operation.kind === 'publish') return operation.log === undefined;
  return operation.queue.startsWith('temp:') && (operation.kind !== 'move' || operation.to.startsWith('temp:'));
}
