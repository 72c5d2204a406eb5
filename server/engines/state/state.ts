import type { ConsumerWant, Group, QueueInfo } from '../../broker/engine.ts';
import { Agenda } from '../../lib/agenda.ts';
import { serveInTurn, type Taken, type TakenDead } from './claim.ts';
import { kindOf, type Announcement, type Effect, type Refusal, type StagedGroup } from './effect.ts';
import type { Entry } from './entry.ts';
import type { Queue } from './queue.ts';
import { messageBytes, type Message } from '../../broker/message.ts';
import { DurableSubscriptions, type StagedPull } from './durable/durable-subscriptions.ts';
import { isPulled } from './durable/kept.ts';
import type { RestToBrowse } from './durable/pulling.ts';
import { QueueTable } from './queue-table.ts';
import { Repeats } from './repeats.ts';
import { Restore } from './restore.ts';
import { SelectiveClaim } from './selective-claim.ts';
import { Staging } from './staging.ts';
import { TopicLogs } from './topic-logs.ts';

export const creditOf = (wants: readonly ConsumerWant[]): number => wants.reduce((sum, { credit }) => sum + Math.max(0, credit), 0);

/**
 * All queues, topic logs and used keys of one store, in memory: the reference semantics of the Engine port, without promises and disks.
 *
 * A group takes two steps, so that an engine can make it durable in between: `stage` checks it and reserves what it
 * touches, changing nothing that shows; `commit` makes it visible, `undo` takes it back without trace. Groups are
 * committed in the order they were staged in; those of another lane, and undoings, may come in between.
 *
 * Time passes for a queue when somebody looks at it, and when the agenda says so.
 */
export class State<Stored = never> {
  readonly #table = new QueueTable<Stored>();
  readonly #clock: () => number;
  readonly #agenda: Agenda;
  #onDue: (queue: string) => void = () => undefined;
  #onDead: () => void = () => undefined;
  /** Queues with dead entries that nobody has claimed. */
  readonly #graves = new Set<Queue<Stored>>();
  readonly logs: TopicLogs<Stored>;
  readonly repeats: Repeats<Stored>;
  readonly durables: DurableSubscriptions<Stored>;
  /** Brings the state back at start-up. */
  readonly restore = new Restore<Stored>(this.#table);

  /** `clock` tells ms since the epoch: what is due, and the age of what stands in logs and of used keys. */
  constructor(clock: () => number = Date.now) {
    this.#clock = clock;
    this.#agenda = new Agenda((name) => { this.#timeHasCome(name); }, clock);
    this.logs = new TopicLogs(clock);
    this.repeats = new Repeats(clock);
    this.durables = new DurableSubscriptions(this.#table, clock);
  }

  /** Octets of all queued messages, staged ones included. */
  get bytes(): number {
    return this.#table.bytes;
  }

  /** The last number given to an entry; numbers grow over all queues and are never used again. */
  get lastSeq(): number {
    return this.#table.lastSeq;
  }

  /** Queues remembered: all that have something in them, and a bounded number of empty ones. */
  get queueCount(): number {
    return this.#table.size;
  }

  /**
   * From now on `onDue` hears of a queue when something in it came due that nobody has looked for, and `onDead` when there
   * is something to claim by `claimDead`.
   */
  watchTime(onDue: (queue: string) => void, onDead: () => void): void {
    this.#onDue = onDue;
    this.#onDead = onDead;
    for (const queue of this.#table.known()) this.#appoint(queue);
  }

  /** Nobody hears of anything any more. */
  close(): void {
    this.#agenda.close();
  }

  stage(group: Group): StagedGroup<Stored> | Refusal {
    const staging = new Staging<Stored>(this.#table, this.logs, this.repeats, this.durables);
    const staged = staging.stage(group);
    if (!staged.ok) this.undo(staging);
    return staged;
  }

  /** Stages the end of up to `limit` messages at rest, from the head on. */
  stagePurge(queue: string, limit: number): StagedGroup<Stored> {
    const present = this.#table.get(queue);
    if (present) this.#catchUp(present);
    return new Staging<Stored>(this.#table, this.logs, this.repeats, this.durables).stagePurge(queue, limit);
  }

  commit(staged: StagedGroup<Stored>): Announcement {
    const ready: string[] = [];
    for (const effect of staged.effects) {
      const { queue } = effect;
      queue.pins--;
      if (queue.isDropped) this.#commitDropped(effect);
      else if (this.#commitEffect(effect)) ready.push(queue.name);
      else this.#table.retire(queue);
    }
    for (const publication of staged.publications) {
      if (publication.logged) publication.position = this.logs.commit(publication.logged);
      for (const kept of publication.kept ?? []) for (const name of this.durables.commit(kept)) ready.push(name);
    }
    for (const used of staged.once?.keys ?? []) this.repeats.commit(used);
    return { ready, publications: staged.publications };
  }

  undo({ effects, publications, once }: Pick<StagedGroup<Stored>, 'effects' | 'publications' | 'once'>): void {
    for (const used of once?.keys ?? []) this.repeats.undo(used);
    for (const { logged, kept } of publications) {
      if (logged) this.logs.undo(logged);
      for (const each of kept ?? []) this.durables.undo(each);
    }
    this.#undo(effects);
  }

  /**
   * As the port says, for wants without selectors; the entries are held when this returns, and nothing is undone if the engine
   * then fails.
   */
  claim(queue: string, wants: readonly ConsumerWant[], maxBytes: number): Taken<Stored> {
    const present = this.#present(queue);
    // Time has come for more than one bite: what stands at the head may be dead.
    if (present && this.#isBehind(present)) return { entries: [], hasMore: true };
    const taken = serveInTurn(present, wants, maxBytes);
    const subscription = this.durables.get(queue);
    if (!subscription || taken.hasMore || taken.entries.length >= creditOf(wants)) return taken;
    if (subscription.backlog > 0) return { ...taken, hasMore: true };
    subscription.log.hungry.add(queue);
    return taken;
  }

  /** Takes what has come to its end, of any queue; held when this returns. */
  claimDead(limit: number, maxBytes: number): TakenDead<Stored>[] {
    this.#agenda.look();
    const taken: TakenDead<Stored>[] = [];
    let room = Infinity;
    for (const queue of this.#graves) {
      while (taken.length < limit && !queue.isDropped) {
        const dead = queue.holdDead(room);
        if (!dead) break;
        room = (taken.length === 0 ? maxBytes : room) - dead.entry.bytes;
        taken.push({ queue, ...dead });
      }
      if (queue.isDropped || queue.deadCount === 0) this.#graves.delete(queue);
      else break;
    }
    return taken;
  }

  /** The same where a want has a selector. It may have to be told what messages are, see `SelectiveClaim`. */
  claimSelectively(
    queue: string,
    wants: readonly ConsumerWant[],
    maxBytes: number,
    atHand: (content: Message | Stored) => Message | undefined,
  ): SelectiveClaim<Stored> {
    const present = this.#present(queue);
    const isBehind = present !== undefined && this.#isBehind(present);
    const claim = new SelectiveClaim(isBehind ? undefined : present, wants, maxBytes, atHand);
    claim.goOn();
    claim.hasMore ||= isBehind;
    return claim;
  }

  forgetSelector(name: string, text: string): void {
    const queue = this.#table.get(name);
    queue?.ready.views?.forget(text);
    if (queue?.ready.views?.size === 0) queue.ready.views = undefined;
  }

  findHeld(queue: string, seq: number): Entry<Stored> | undefined {
    return this.#table.get(queue)?.findHeld(seq);
  }

  createTemporaryQueue(queue: string): void {
    this.#table.addTemporary(queue);
  }

  /** Returns the queue as it was: an engine may have to let go of what its entries refer to. */
  dropQueue(queue: string): Queue<Stored> | undefined {
    return this.durables.remove(queue)?.queue ?? this.#table.remove(queue);
  }

  /** An entry at rest or held, whatever is staged for it. */
  find(queue: string, seq: number): Entry<Stored> | undefined {
    return this.#table.get(queue)?.find(seq);
  }

  /** The queues themselves, for an engine that has to walk through their entries. */
  known(): Iterable<Queue<Stored>> {
    return this.#table.known();
  }

  queues(): QueueInfo[] {
    const infos: QueueInfo[] = [];
    for (const queue of this.#table.known()) {
      this.#catchUp(queue);
      const { name, temporary, restCount, held, scheduledCount, deadCount, bytes, subscription } = queue;
      const ready = restCount + (subscription?.backlog ?? 0);
      if (!temporary && ready + held.size + scheduledCount + deadCount === 0) continue;
      infos.push({ name, temporary, ready, inFlight: held.size, scheduled: scheduledCount, dead: deadCount, bytes: bytes + (subscription?.backlogBytes ?? 0) });
    }
    return infos;
  }

  browse(queue: string, offset: number, limit: number, maxBytes = Infinity): Entry<Stored>[] {
    const present = this.#table.get(queue);
    if (present) this.#catchUp(present);
    const entries = present?.list(offset, limit) ?? [];
    let room = maxBytes;
    const beyond = entries.findIndex((entry, i) => (room -= entry.bytes) < 0 && i > 0);
    return beyond === -1 ? entries : entries.slice(0, beyond);
  }

  /** What a subscription took out of its log is in its queue from now on. */
  commitPull(pull: StagedPull<Stored>): void {
    this.durables.commitPull(pull);
    this.#appoint(pull.subscription.queue);
  }

  /** Where to go on browsing behind what rests in the queue of a durable subscription: in what it has not looked at. */
  restToBrowse(queue: string, offset: number, limit: number, shown: readonly Message[], maxBytes = Infinity): RestToBrowse<Stored> | undefined {
    const subscription = this.durables.get(queue);
    const resting = subscription?.queue.restCount ?? 0;
    if (!subscription || shown.length >= limit || offset + shown.length < resting) return undefined;
    const room = shown.reduce((left, message) => left - messageBytes(message), maxBytes);
    const before = shown.length;
    return { subscription, skip: Math.max(0, offset - resting), limit: limit - before, maxBytes: before > 0 ? room : Math.max(1, room), before };
  }

  /** Tells whether the queue has something to claim from it. */
  #commitEffect(effect: Effect<Stored>): boolean {
    const { queue, entry } = effect;
    switch (effect.kind) {
      case 'put':
        queue.put(entry);
        return this.#isDue(queue, entry);
      case 'return':
        if (kindOf(effect) === 'drop') {
          if (queue.drop(entry)) this.#table.bytes -= entry.bytes;
          return false;
        }
        queue.giveBack(entry, effect.failures, effect.recoveries, effect.dueAt);
        return this.#isDue(queue, entry);
      case 'drop':
        if (queue.drop(entry)) {
          this.#table.bytes -= entry.bytes;
          if (queue.subscription && isPulled(entry)) queue.subscription.log.unpin(entry.kept);
        }
        return queue.takeOpened();
    }
  }

  #present(name: string): Queue<Stored> | undefined {
    const queue = this.#table.get(name);
    if (queue) this.#turn(queue);
    return queue;
  }

  #turn(queue: Queue<Stored>): void {
    if (queue.nextAt === Infinity) return;
    const { deadCount } = queue;
    queue.turnTo(this.#clock());
    this.#appoint(queue);
    if (queue.deadCount === deadCount) return;
    this.#graves.add(queue);
    this.#onDead();
  }

  /** Time has come for more than could be done so far. */
  #isBehind({ nextAt }: Queue<Stored>): boolean {
    return nextAt !== Infinity && nextAt <= this.#clock();
  }

  #catchUp(queue: Queue<Stored>): void {
    do this.#turn(queue);
    while (this.#isBehind(queue));
  }

  #appoint({ name, nextAt }: Queue<Stored>): void {
    if (nextAt !== Infinity) this.#agenda.note(name, nextAt);
  }

  #timeHasCome(name: string): void {
    const queue = this.#present(name);
    if (queue && queue.ready.length > 0) this.#onDue(name);
  }

  /** Of what has just come: is it at rest? */
  #isDue(queue: Queue<Stored>, { terms }: Entry<Stored>): boolean {
    if (terms.dueAt === 0 && terms.expiresAt === 0) return true;
    this.#appoint(queue);
    return terms.dueAt <= this.#clock();
  }

  /** The octets of a removed queue were subtracted with it; what was only staged then, was not. */
  #commitDropped(effect: Effect<Stored>): void {
    if (effect.kind === 'put') this.#table.bytes -= effect.entry.bytes;
  }

  #undo(effects: readonly Effect<Stored>[]): void {
    for (const effect of effects) {
      const { queue, entry } = effect;
      queue.pins--;
      if (effect.kind === 'put') {
        this.#table.bytes -= entry.bytes;
        queue.undoPut(entry, effect.before);
      } else if (effect.kind === 'drop') queue.undoDrop(entry);
      else queue.undoReturn(entry);
      this.#appoint(queue);
      this.#table.retire(queue);
    }
  }
}
