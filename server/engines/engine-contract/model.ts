import type { ConsumerWant, DurableTerms, FailureCode, LogBounds, LogEntry, Operation, QueueInfo } from '../../broker/engine.ts';
import { messageBytes, type Message } from '../../broker/message.ts';
import { ModelDurables } from './model-durables.ts';

interface ModelEntry {
  readonly message: Message;
  /** What the engine calls it; known once it was claimed. */
  seq: number | undefined;
  isHeld: boolean;
  /** Held as one of the dead: of no group any more. */
  isDug: boolean;
  dueAt: number;
  failures: number;
  recoveries: number;
  /** The consumer that holds it. */
  owner: string;
  /** A claim passed it over since its group was last free; before that, one did. */
  isParked: boolean;
  wasParked: boolean;
  /** No newer one with its key came. */
  isNewest: boolean;
  missed: number;
}

const isDead = ({ isHeld, message: { expiresAt } }: ModelEntry): boolean => !isHeld && expiresAt !== 0 && expiresAt <= Date.now();
const isScheduled = (entry: ModelEntry): boolean => !entry.isHeld && !isDead(entry) && entry.dueAt > Date.now();

/** What the port calls a message, and the place it was claimed from: good for settling it, or for trying to in vain. */
export interface Handle {
  readonly queue: string;
  readonly seq: number;
}

export interface ModelClaimed {
  readonly entry: ModelEntry;
  readonly want: number;
  readonly isFirstOfGroup: boolean;
}

/** A topic's log: everything that was ever put in, and how much of it is forgotten. */
interface ModelLog {
  readonly messages: Message[];
  forgotten: number;
}

/** As the port's page, without the epoch, which only the engine knows. */
export interface ModelPage {
  readonly last: number;
  readonly entries: readonly LogEntry[];
  readonly isComplete: boolean;
}

export type ModelOutcome = { readonly ok: true; readonly missed: number; readonly repeats: number } | { readonly ok: false; readonly code: FailureCode };

/** Of the wants with credit those of the highest priority, and of those the next in the circle. */
class ModelTurns {
  readonly #left: { readonly consumer: string; readonly index: number; readonly want: ConsumerWant; readonly priority: number; credit: number }[];
  readonly #last = new Map<number, number>();

  constructor(wants: readonly ConsumerWant[]) {
    this.#left = wants.map((want, index) => ({ consumer: want.consumer ?? '', index, want, priority: want.priority ?? 0, credit: want.credit }));
  }

  get hasCredit(): boolean {
    return this.#left.some(({ credit }) => credit > 0);
  }

  canServe(accepts: (want: ConsumerWant) => boolean): boolean {
    return this.#left.some(({ credit, want }) => credit > 0 && accepts(want));
  }

  serve(consumer: string): number | undefined {
    const served = this.#left.find((each) => each.consumer === consumer && each.credit > 0);
    if (served) served.credit--;
    return served?.index;
  }

  next(accepts: (want: ConsumerWant) => boolean): number | undefined {
    const open = this.#left.filter(({ credit, want }) => credit > 0 && accepts(want));
    const priority = Math.max(...open.map((each) => each.priority));
    const mine = open.filter((each) => each.priority === priority);
    const served = mine.find(({ index }) => index > (this.#last.get(priority) ?? -1)) ?? mine[0];
    if (!served) return undefined;
    served.credit--;
    this.#last.set(priority, served.index);
    return served.index;
  }
}

/**
 * The port's semantics in the plainest way there is: each queue an array in order of arrival, each entry at rest or
 * held, sorted by priority whenever somebody asks for the order, everything found by walking, a group undone by copying everything beforehand. Slow, and easy to believe.
 */
export class Model {
  #queues = new Map<string, ModelEntry[]>();
  readonly #temporary = new Set<string>();
  #logs = new Map<string, ModelLog>();
  /** Keys that were used; windows are longer than any run. */
  #used = new Set<string>();
  durables = new ModelDurables();
  readonly published: string[] = [];

  apply(operations: readonly Operation[]): ModelOutcome {
    const before = this.#copy();
    const logsBefore = this.#copyLogs();
    const usedBefore = new Set(this.#used);
    const durablesBefore = this.durables.copy();
    const publishedCount = this.published.length;
    let missed = 0;
    let repeats = 0;
    for (const operation of operations) {
      const result = this.#apply(operation);
      if (result === 'not-held') {
        this.#queues = before;
        this.#logs = logsBefore;
        this.#used = usedBefore;
        this.durables = durablesBefore;
        this.published.length = publishedCount;
        return { ok: false, code: 'not-held' };
      }
      if (result === 'missed') missed++;
      if (result === 'repeat') repeats++;
    }
    return { ok: true, missed, repeats };
  }

  claim(queue: string, wants: readonly ConsumerWant[], maxBytes: number): ModelClaimed[] {
    const claimed: ModelClaimed[] = [];
    const turns = new ModelTurns(wants);
    const credits = wants.map((want) => want.credit);
    const credit = credits.reduce((sum, each) => sum + each, 0);
    for (const { message, missed } of this.durables.pull(queue, credit - this.#atRest(queue).length, maxBytes)) this.#put(queue, message, missed);
    let bytes = 0;
    for (const entry of this.#atRest(queue)) {
      const own = wants.find(({ consumer = '', credit }) => credit > 0 && consumer === this.#ownerOf(queue, entry.message.group));
      if (own) entry.isParked = false;
    }
    for (const entry of this.#atRest(queue)) {
      if (!turns.hasCredit) break;
      const size = messageBytes(entry.message);
      const { group } = entry.message;
      const owner = group === '' ? undefined : this.#ownerOf(queue, group);
      if (owner === undefined) for (const each of this.#ofGroup(queue, group)) each.isParked = false;
      const mustWait = group !== '' && this.#ofGroup(queue, group).slice(0, this.#ofGroup(queue, group).indexOf(entry) + 1).some((each) => each.isParked);
      const accepts = ({ selector }: ConsumerWant): boolean => selector?.matches(entry.message) ?? true;
      const isForAny = turns.canServe(accepts);
      if (isForAny && claimed.length > 0 && bytes + size > maxBytes) break;
      const want = mustWait ? undefined : owner === undefined ? turns.next(accepts) : turns.serve(owner);
      if (want === undefined) {
        if (group !== '' && isForAny) this.#park(queue, entry);
        continue;
      }
      bytes += size;
      Object.assign(entry, { isHeld: true, isParked: false, wasParked: false, owner: wants[want]!.consumer ?? '' });
      claimed.push({ entry, want, isFirstOfGroup: group !== '' && owner === undefined });
    }
    return claimed;
  }

  /** Passes one over, and with it those that were before, but for the first of them. */
  #park(queue: string, entry: ModelEntry): void {
    const [open, ...rest] = this.#ofGroup(queue, entry.message.group).filter((each) => each.wasParked && !each.isParked);
    Object.assign(entry, { isParked: true, wasParked: true });
    for (const each of rest) each.isParked = true;
    if (open === entry) open.isParked = true;
  }

  /** Of a group, what is at rest, in order. */
  #ofGroup(queue: string, group: string): ModelEntry[] {
    return this.#atRest(queue).filter(({ message }) => message.group === group);
  }

  #ownerOf(queue: string, group: string): string | undefined {
    return this.#queues.get(queue)?.find(({ isHeld, isDug, message }) => isHeld && !isDug && message.group === group)?.owner;
  }

  /** All of the dead, by their ids; held from now on. */
  claimDead(): Map<string, ModelEntry> {
    const dead = [...this.#queues.values()].flat().filter(isDead);
    for (const entry of dead) Object.assign(entry, { isHeld: true, isDug: true });
    return new Map(dead.map((entry) => [entry.message.id, entry]));
  }

  hold(queue: string, terms: DurableTerms, holder: string): ReturnType<ModelDurables['hold']> {
    const result = this.durables.hold(queue, terms, holder);
    if (result === 'replaces') this.#queues.delete(queue);
    return result;
  }

  unsubscribe(queue: string): boolean {
    if (!this.durables.remove(queue)) return false;
    this.#queues.delete(queue);
    return true;
  }

  createTemporaryQueue(queue: string): void {
    this.#temporary.add(queue);
  }

  dropQueue(queue: string): void {
    this.#queues.delete(queue);
    this.#temporary.delete(queue);
    this.durables.remove(queue);
  }

  browse(queue: string, offset: number, limit: number): Message[] {
    const messages = [...this.#atRest(queue).map((entry) => entry.message), ...this.durables.browse(queue)];
    return messages.slice(offset, offset + limit);
  }

  /** `after` is an offset of the present numbering, or `stranger` for a place of another one. */
  readLog(topic: string, after: number | 'stranger' | undefined, limit: number): ModelPage {
    const log = this.#logs.get(topic);
    if (!log) return { last: 0, entries: [], isComplete: after === undefined };
    const last = log.messages.length;
    const isMiss = after === 'stranger' || (after !== undefined && after > last);
    const from = isMiss ? 0 : (after ?? 0);
    const all = log.messages.map((message, index) => ({ offset: index + 1, message }));
    const entries = all.slice(Math.max(from, log.forgotten)).slice(0, limit);
    return { last, entries, isComplete: !isMiss && from >= log.forgotten };
  }

  hasLog(topic: string): boolean {
    return this.#logs.has(topic);
  }

  purge(queue: string, limit: number): number {
    const gone = this.#atRest(queue).slice(0, limit);
    for (const entry of gone) this.#remove(queue, entry);
    return gone.length + this.durables.skip(queue, limit - gone.length);
  }

  queues(): QueueInfo[] {
    const names = new Set([...this.#queues.keys(), ...this.#temporary, ...this.durables.names]);
    const infos = [...names].map((name) => {
      const entries = this.#queues.get(name) ?? [];
      const inFlight = entries.filter((entry) => entry.isHeld).length;
      const scheduled = entries.filter(isScheduled).length;
      const dead = entries.filter(isDead).length;
      const backlog = this.durables.backlog(name);
      const messages = [...entries.map(({ message }) => message), ...backlog];
      const bytes = messages.reduce((sum, message) => sum + messageBytes(message), 0);
      return { name, temporary: this.#temporary.has(name), ready: messages.length - inFlight - scheduled - dead, inFlight, scheduled, dead, bytes };
    });
    return infos.filter((info) => info.temporary || info.ready + info.inFlight + info.scheduled + info.dead > 0);
  }

  /** The moments at which something becomes different by itself. */
  moments(): number[] {
    return [...this.#queues.values()].flat().flatMap((entry) => [entry.dueAt, entry.message.expiresAt]);
  }

  /** The node vanished with everyone who knew a number or watched a topic, and came back. */
  crash(): void {
    this.published.length = 0;
    this.durables.crash();
    for (const queue of this.#temporary) this.dropQueue(queue);
    for (const [queue, entries] of this.#queues) {
      for (const entry of [...entries]) {
        Object.assign(entry, { seq: undefined, isParked: false, wasParked: false });
        if (!entry.isHeld) continue;
        entry.recoveries++;
        this.#giveBack(queue, entry);
      }
    }
  }

  held(): (Handle & { readonly message: Message })[] {
    return [...this.#queues].flatMap(([queue, entries]) =>
      entries.filter((entry) => entry.isHeld).map((entry) => ({ queue, seq: entry.seq!, message: entry.message })),
    );
  }

  #apply(operation: Operation): 'done' | 'missed' | 'repeat' | 'not-held' {
    if ('once' in operation && operation.once) {
      const { key } = operation.once;
      if (this.#used.has(key)) return 'repeat';
      this.#used.add(key);
    }
    if (operation.kind === 'publish') {
      const { topic, message, log } = operation;
      this.durables.publish(topic, message);
      const offset = log ? this.#log(topic, message, log) : 'none';
      this.published.push(`${topic} ${message.id} at ${offset}`);
      return 'done';
    }
    if (operation.kind === 'enqueue') return this.#enqueue(operation.queue, operation.message);
    const { queue, seq } = operation;
    const entry = this.#queues.get(queue)?.find((each) => each.seq === seq);
    if (operation.kind === 'settle' && operation.late) {
      if (!entry || entry.isHeld) return 'missed';
      return this.#remove(queue, entry);
    }
    if (!entry?.isHeld) return 'not-held';
    if (operation.kind === 'release') {
      entry.dueAt = operation.dueAt ?? 0;
      if (operation.reason === 'nack') entry.failures++;
      if (operation.reason === 'gone') entry.recoveries++;
      return this.#giveBack(queue, entry);
    }
    this.#remove(queue, entry);
    return operation.kind === 'move' ? this.#enqueue(operation.to, operation.message) : 'done';
  }

  #log(topic: string, message: Message, { maxMessages }: LogBounds): number {
    const log = this.#logs.get(topic) ?? { messages: [], forgotten: 0 };
    this.#logs.set(topic, log);
    const offset = log.messages.push(message);
    log.forgotten = Math.max(log.forgotten, offset - maxMessages);
    return offset;
  }

  #enqueue(queue: string, message: Message): 'done' {
    if (queue.startsWith('temp:') && !this.#temporary.has(queue)) return 'done';
    this.#put(queue, message, 0);
    return 'done';
  }

  #put(queue: string, message: Message, missed: number): void {
    const plain = { seq: undefined, isHeld: false, isDug: false, failures: 0, recoveries: 0, owner: '', isParked: false, wasParked: false };
    const entry: ModelEntry = { message, missed, ...plain, dueAt: message.dueAt, isNewest: true };
    this.#replace(queue, entry);
    this.#queues.set(queue, [...(this.#queues.get(queue) ?? []), entry]);
  }

  /** The newest with the same key makes way for one that comes to rest. */
  #replace(queue: string, entry: ModelEntry): void {
    const before = this.#newest(queue, entry);
    if (before && before !== entry) {
      before.isNewest = false;
      if (!before.isHeld) this.#remove(queue, before);
    }
    entry.isNewest = true;
  }

  #giveBack(queue: string, entry: ModelEntry): 'done' {
    const entries = this.#queues.get(queue)!;
    const newest = this.#newest(queue, entry);
    if (newest && entries.indexOf(newest) > entries.indexOf(entry)) return this.#remove(queue, entry);
    this.#replace(queue, entry);
    Object.assign(entry, { isHeld: false, isDug: false });
    return 'done';
  }

  #newest(queue: string, { message: { lastValue } }: ModelEntry): ModelEntry | undefined {
    return lastValue === '' ? undefined : this.#queues.get(queue)?.find((each) => each.isNewest && each.message.lastValue === lastValue);
  }

  #remove(queue: string, entry: ModelEntry): 'done' {
    const entries = this.#queues.get(queue)!;
    entries.splice(entries.indexOf(entry), 1);
    return 'done';
  }

  #atRest(queue: string): ModelEntry[] {
    const atRest = (this.#queues.get(queue) ?? []).filter((entry) => !entry.isHeld && !isScheduled(entry) && !isDead(entry));
    return atRest.sort((left, right) => right.message.priority - left.message.priority);
  }

  #copyLogs(): Map<string, ModelLog> {
    return new Map([...this.#logs].map(([topic, { messages, forgotten }]) => [topic, { messages: [...messages], forgotten }]));
  }

  #copy(): Map<string, ModelEntry[]> {
    return new Map([...this.#queues].map(([queue, entries]) => [queue, entries.map((entry) => ({ ...entry }))]));
  }
}
