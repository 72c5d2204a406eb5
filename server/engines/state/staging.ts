import type { Group, Once, Operation } from '../../broker/engine.ts';
import { messageBytes, type Message } from '../../broker/message.ts';
import { Entry } from './entry.ts';
import type { Effect, Refusal, StagedGroup, StagedPublication } from './effect.ts';
import type { DurableSubscriptions } from './durable/durable-subscriptions.ts';
import type { QueueTable } from './queue-table.ts';
import type { Repeats, StagedOnce } from './repeats.ts';
import { termsOf } from './terms.ts';
import type { TopicLogs } from './topic-logs.ts';

/**
 * The first of the two steps of a group: each operation is checked against the state as it will be when everything
 * staged before is committed, and turned into effects, with what it touches reserved. The first that cannot be done
 * ends it; the caller then undoes the effects collected so far.
 */
export class Staging<Stored> {
  readonly effects: Effect<Stored>[] = [];
  readonly publications: StagedPublication<Stored>[] = [];
  readonly #table: QueueTable<Stored>;
  readonly #logs: TopicLogs<Stored>;
  readonly #repeats: Repeats<Stored>;
  /** Made when the first operation that is to happen once comes. */
  once: StagedOnce<Stored> | undefined;
  readonly #durables: DurableSubscriptions<Stored>;
  #missed = 0;

  constructor(table: QueueTable<Stored>, logs: TopicLogs<Stored>, repeats: Repeats<Stored>, durables: DurableSubscriptions<Stored>) {
    this.#table = table;
    this.#logs = logs;
    this.#repeats = repeats;
    this.#durables = durables;
  }

  stage(group: Group): StagedGroup<Stored> | Refusal {
    for (const operation of group.operations) {
      const refusal = this.#stage(operation);
      if (refusal) return refusal;
    }
    return { ok: true, effects: this.effects, publications: this.publications, missed: this.#missed, once: this.once };
  }

  /** Stages the end of the first entries at rest. */
  stagePurge(name: string, limit: number): StagedGroup<Stored> {
    const queue = this.#table.get(name);
    while (queue && this.effects.length < limit) {
      const entry = queue.reserveFirst();
      if (!entry) break;
      this.#add({ kind: 'drop', queue, entry });
    }
    return { ok: true, effects: this.effects, publications: [], missed: 0, once: undefined };
  }

  #stage(operation: Operation): Refusal | undefined {
    switch (operation.kind) {
      case 'enqueue':
        if (operation.once && this.#isRepeat(operation.once)) return undefined;
        return this.#put(operation.queue, operation.message);
      case 'publish':
        if (!operation.once || !this.#isRepeat(operation.once)) this.#publish(operation);
        return undefined;
      case 'settle':
        return operation.late ? this.#settleLate(operation.queue, operation.seq) : this.#settle(operation.queue, operation.seq);
      case 'release':
        return this.#release(operation);
      case 'move':
        return this.#settle(operation.queue, operation.seq) ?? this.#put(operation.to, operation.message);
    }
  }

  /** Stages the key, unless the operation is to be left out because of it. */
  #isRepeat(once: Once): boolean {
    const staged = (this.once ??= { keys: [], leansOn: [], repeats: 0 });
    const used = this.#repeats.find(once.key);
    if (!used) {
      staged.keys.push(this.#repeats.stage(once));
      return false;
    }
    staged.repeats++;
    if (used.stage === 'staged') staged.leansOn.push(used);
    return true;
  }

  #put(name: string, message: Message): undefined {
    const queue = this.#table.getOrAdd(name);
    if (!queue) return;
    const entry = new Entry<Stored>(++this.#table.lastSeq, messageBytes(message), message, termsOf(message));
    this.#table.bytes += entry.bytes;
    if (message.lastValue === '') {
      this.#add({ kind: 'put', queue, entry, message });
      return;
    }
    const { before, reserved } = queue.replace(entry);
    this.#add({ kind: 'put', queue, entry, message, before });
    if (reserved) this.#add({ kind: 'drop', queue, entry: reserved });
  }

  #publish(operation: Operation & { readonly kind: 'publish' }): void {
    const { topic, message, log } = operation;
    const kept = this.#durables.stage(topic, message);
    if (log !== undefined) this.publications.push({ topic, message, logged: this.#logs.stage(topic, message, log), kept });
    else if (kept.length > 0) this.publications.push({ topic, message, kept });
    else this.publications.push(operation);
  }

  #settle(name: string, seq: number): Refusal | undefined {
    const queue = this.#table.get(name);
    const entry = queue?.reserveDrop(seq);
    if (!queue || !entry) return notHeld(name, seq);
    this.#add({ kind: 'drop', queue, entry });
    return undefined;
  }

  #settleLate(name: string, seq: number): undefined {
    const queue = this.#table.get(name);
    const entry = queue?.reserveLate(seq);
    if (queue && entry) this.#add({ kind: 'drop', queue, entry });
    else this.#missed++;
  }

  #release({ queue: name, seq, reason, dueAt = 0 }: Release): Refusal | undefined {
    const queue = this.#table.get(name);
    const entry = queue?.reserveReturn(seq);
    if (!queue || !entry) return notHeld(name, seq);
    const failures = entry.failures + (reason === 'nack' ? 1 : 0);
    const recoveries = entry.recoveries + (reason === 'gone' ? 1 : 0);
    const hasKey = entry.terms.lastValue !== '';
    const successor = hasKey ? queue.reserveOutdated(entry) : undefined;
    this.#add({ kind: 'return', queue, entry, failures, recoveries, dueAt, successor });
    const reserved = hasKey && !successor ? queue.replace(entry).reserved : undefined;
    if (reserved) this.#add({ kind: 'drop', queue, entry: reserved });
    return undefined;
  }

  #add(effect: Effect<Stored>): void {
    effect.queue.pins++;
    this.effects.push(effect);
  }
}

type Release = Operation & { readonly kind: 'release' };

function notHeld(queue: string, seq: number): Refusal {
  const detail = `expected message ${seq} of queue ${queue} to be held by this node; it was settled, given back or never claimed`;
  return { ok: false, failure: { code: 'not-held', certainty: 'not-stored', detail } };
}
