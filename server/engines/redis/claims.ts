import type { Claimed, ConsumerWant, Dead } from '../../broker/engine.ts';
import { messageBytes } from '../../broker/message.ts';
import { Agenda } from '../../lib/agenda.ts';
import { Turns } from '../turns.ts';
import { DURABLE_PREFIX, mayBeDurable } from '../../broker/durable-name.ts';
import { ChoosyClaims, type Dealer } from './choosy-claims.ts';
import type { Durables } from './durables.ts';
import type { Holds } from './holds.ts';
import type { Keys } from './keys.ts';
import type { Argument, Link, Reply } from './link/link.ts';
import type { Membership } from './membership.ts';
import { listOf, numberOf, octetsOf, textOf } from './reply.ts';
import { call, SCRIPTS } from './scripts.ts';
import { decodeStored } from './stored-message.ts';
import { Unreadable } from './unreadable.ts';

export interface ClaimsParts {
  readonly keys: Keys;
  readonly link: Link;
  readonly membership: Membership;
  readonly holds: Holds;
  readonly durables: Pick<Durables, 'pull' | 'isHungry' | 'lost'>;
  /** The queue may have something to claim. */
  readonly onReady: (queue: string) => void;
  /** There may be more to take by `claimDead`. */
  readonly onEnded: () => void;
}

/** What one script takes at most. */
const MAX_BITE = 1000;
const MAX_BITE_BYTES = 4 * 1024 * 1024;

/** The net under the hints: every queue waited for is looked at this often, but no more than so many a second. */
const POLL_MS = 4_000;
const POLLS_A_SECOND = 250;

/**
 * Claims of this node. One that found less than it wanted leaves the node waiting: the store tells it by a nudge when there
 * is something, and forgets it then. Claims and leavings are numbered, so that what arrives late does nothing. Nudges may be lost, so waiting queues are asked for again now and then, and all of
 * them when the store is back.
 *
 * Where something is scheduled, such a node also learns when it is due, and then looks by itself.
 *
 * A claim whose answer was lost may have taken messages. Before the queue is claimed from again, `reconcile` gives back
 * what the node holds without knowing; its number also disarms the lost one, should it still arrive.
 */
export class Claims {
  readonly unreadable = new Unreadable();
  /** For consumers with selectors. */
  readonly choosy: ChoosyClaims;
  readonly #parts: ClaimsParts;
  #number = 0;
  /** Up to this number messages may have been delivered before, without anybody having noted it. */
  #suspect = 0;
  readonly #waiting = new Set<string>();
  /** When something is due in a queue waited for, on the monotonic clock: the store told how long that is. */
  readonly #due = new Agenda((queue) => {
    if (this.#isAskedFor(queue)) this.#parts.onReady(queue);
  }, () => performance.now());
  /** Those of which the store has to know whom it gives a message to. */
  readonly #dealing = new Set<string>();
  /** Queues with a claim whose answer was lost. */
  readonly #uncertain = new Set<string>();
  /** Any queue may be one of them. */
  #isInDoubt = false;
  #reconciling: Promise<void> | undefined;
  #polling: NodeJS.Timeout | undefined;
  #pollQueue: string[] = [];

  constructor(parts: ClaimsParts) {
    this.#parts = parts;
    this.choosy = new ChoosyClaims({
      ...parts,
      onDue: (queue, ms) => { this.#due.note(queue, performance.now() + ms); },
    });
  }

  start(): void {
    const beat = POLL_MS / 4;
    this.#polling = setInterval(() => {
      this.#poll((POLLS_A_SECOND * beat) / 1000);
    }, beat);
  }

  async claim(queue: string, asked: readonly ConsumerWant[], maxBytes: number): Promise<Claimed[]> {
    if (!asked.some((want) => want.credit > 0)) return [];
    // The selector of a durable subscription is its own, and was asked before a message came to its queue.
    const wants = queue.startsWith(DURABLE_PREFIX) ? asked.map(({ selector: _, ...want }) => want) : asked;
    const table = new Table(wants);
    if (table.plainCredit > 0) this.#waiting.add(queue);
    // Nobody here takes whatever comes: who does must be told of it instead.
    else if (this.#waiting.has(queue)) this.#stopWaiting(queue);
    if (wants.some((want) => want.priority)) this.#dealing.add(queue);
    const { durables } = this.#parts;
    const isDurable = mayBeDurable(queue);
    let room = Math.max(0, Math.floor(maxBytes));
    // In bites, so that no script keeps Redis from others for long.
    while (table.plainCredit > 0 && (room > 0 || table.claimed.length === 0)) {
      const wanted = Math.min(table.plainCredit, MAX_BITE);
      // Before it is asked: what is told by the bus may come before the answer.
      if (isDurable) durables.isHungry(queue);
      const bite = await this.#bite(queue, wanted, Math.min(room, MAX_BITE_BYTES), table);
      for (const each of bite.taken) {
        table.serve(each);
        room -= messageBytes(each.message);
      }
      if (bite.isUnseen && (room > 0 || table.claimed.length === 0) && (await durables.pull(queue, wanted - bite.count, room))) continue;
      if (bite.count < wanted) {
        if (bite.dueMs >= 0) this.#due.note(queue, performance.now() + bite.dueMs);
        // Its share, or as much as fits: the rest is for whoever comes next.
        if (bite.hasMore) queueMicrotask(() => { this.#parts.onReady(queue); });
        return table.claimed;
      }
    }
    if (table.credit > 0 && (room > 0 || table.claimed.length === 0)) await this.#takeChosen(queue, wants, table, room);
    return table.claimed;
  }

  /** What has come to its end. Of an answer that was lost, all queues may have something held for it. */
  async claimDead(limit: number, maxBytes: number): Promise<Dead[]> {
    const { keys, link, membership, holds, onEnded } = this.#parts;
    if (this.#isInDoubt) await this.#reconcile();
    if (!link.isUp || !membership.isMember || this.#isInDoubt) return [];
    const { era } = holds;
    const { node } = membership;
    const given = { node, number: ++this.#number, limit: Math.min(limit, MAX_BITE), maxBytes: Math.min(Math.max(0, Math.floor(maxBytes)), MAX_BITE_BYTES) };
    try {
      const reply = listOf(await call(link, keys, SCRIPTS.claimDead, given));
      const status = textOf(reply[0]);
      if (status === 'FENCED') membership.expelled(node, link);
      if (status !== 'OK') return [];
      if (era !== holds.era) {
        this.#isInDoubt = true;
        return [];
      }
      if (reply[1] === 1) queueMicrotask(onEnded);
      return this.#takeDead(reply.slice(2));
    } catch {
      this.#isInDoubt = true;
      return [];
    }
  }

  leave(queue: string): void {
    this.#due.forget(queue);
    const isChoosyAlone = this.choosy.has(queue) && !this.#waiting.has(queue);
    this.choosy.leave(queue);
    if (!isChoosyAlone) this.#stopWaiting(queue);
  }

  /** The store took this node for one that waits, and told it alone. */
  nudged(queue: string): void {
    this.#waiting.add(queue);
    this.#parts.onReady(queue);
  }

  #stopWaiting(queue: string): void {
    this.#waiting.delete(queue);
    this.#dealing.delete(queue);
    const { keys, link, membership } = this.#parts;
    if (!link.isUp || !membership.isMember) return;
    const { node } = membership;
    // Lost: then a nudge comes that nobody needs, and is answered by another of these.
    call(link, keys, SCRIPTS.leave, { node, number: ++this.#number, queue }).then(
      (reply) => {
        if (textOf(listOf(reply)[0]) === 'FENCED') membership.expelled(node, link);
      },
      () => undefined,
    );
  }

  /** A temporary queue is there from now on, of which nobody could be told before. */
  created(queue: string): void {
    if (this.#isAskedFor(queue)) this.#parts.onReady(queue);
  }

  /** The store may have forgotten what this node settled or gave back: it may hold what nobody here knows of. */
  doubt(): void {
    this.#isInDoubt = true;
  }

  /** Messages up to this number may have been delivered by a store that has forgotten it. */
  distrust(suspect: number): void {
    this.#suspect = suspect;
  }

  /** The store is back: hints that came meanwhile are lost. */
  resume(): void {
    this.choosy.beginAnew();
    void this.#reconcile().then(() => {
      for (const queue of this.#askedFor()) this.#parts.onReady(queue);
    });
  }

  close(): void {
    clearInterval(this.#polling);
    this.#waiting.clear();
    this.choosy.close();
    this.#due.close();
  }

  /** Of the first one message is taken whatever its size. */
  async #bite(queue: string, want: number, room: number, table: Table): Promise<Bite> {
    const { keys, link } = this.#parts;
    const maxBytes = table.claimed.length === 0 ? room : -room;
    let dealt: readonly Argument[] = [];
    const take = (node: string, number: number): Promise<Reply> => {
      if (this.#dealing.has(queue)) dealt = table.encodePlain();
      return call(link, keys, SCRIPTS.claim, { node, number, queue, want, maxBytes }, dealt);
    };
    const reply = await this.#numbered(queue, () => this.#waiting.has(queue), take);
    if (!reply) return NOTHING;
    if (textOf(reply[0]) === 'WANTS') {
      if (dealt.length > 0) return NOTHING;
      this.#dealing.add(queue);
      return this.#bite(queue, want, room, table);
    }
    const entries = readEntries(reply, dealt.length > 0);
    return { taken: this.#take(queue, entries), count: entries.length, hasMore: reply[1] === 1, isUnseen: reply[1] === 2, dueMs: numberOf(reply[2]) };
  }

  /** For wants with selectors: whatever of what they chose is still at rest. */
  async #takeChosen(queue: string, wants: readonly ConsumerWant[], table: Table, room: number): Promise<void> {
    const chosen = await this.choosy.choose(queue, wants, table, room, table.claimed.length === 0);
    if (chosen.length === 0) return;
    const { keys, link, holds } = this.#parts;
    const listed = chosen.flatMap(({ seq, message, want }) => [seq, messageBytes(message), wants[want]!.consumer ?? '']);
    const take = (node: string, number: number): Promise<Reply> => call(link, keys, SCRIPTS.take, { node, number, queue }, listed);
    const reply = await this.#numbered(queue, () => this.choosy.isAsking(queue), take);
    const attempts = new Map<number, Reply>();
    const first = new Set<number>();
    for (let i = 1; i < (reply?.length ?? 0); i += 3) {
      attempts.set(numberOf(reply![i]), reply![i + 1]!);
      if (reply![i + 2] === 1) first.add(numberOf(reply![i]));
    }
    for (const { seq, message, want } of chosen) {
      const text = attempts.get(seq);
      if (text === undefined) continue;
      const [failures, recoveries] = readAttempts(text);
      holds.add(queue, seq);
      table.claimed.push({ seq, message, want, failures, recoveries: this.#recoveriesOf(seq, recoveries), ...(first.has(seq) && { isFirstOfGroup: true }) });
    }
    // Somebody else was quicker, or the answer was lost: there may be more.
    if (attempts.size < chosen.length) this.choosy.comeAgain(queue, chosen.filter(({ seq }) => !attempts.has(seq)));
  }

  /** Runs a numbered script that takes messages, if the queue is still asked for; undefined if it brought nothing. */
  async #numbered(queue: string, isAsked: () => boolean, run: (node: string, number: number) => Promise<Reply>): Promise<readonly Reply[] | undefined> {
    const { link, membership, holds } = this.#parts;
    if (this.#isUncertain(queue)) await this.#reconcile();
    // Left meanwhile: nobody must be told of this queue any more.
    if (!link.isUp || !membership.isMember || this.#isUncertain(queue) || !isAsked()) return undefined;
    const { era } = holds;
    const { node } = membership;
    try {
      const reply = listOf(await run(node, ++this.#number));
      const status = textOf(reply[0]);
      if (status === 'FENCED') membership.expelled(node, link);
      // A later one was quicker, since this one had to be sent with its text: nobody will tell of this queue.
      if (status === 'STALE') queueMicrotask(() => { this.#parts.onReady(queue); });
      if (status === 'LOST') this.#parts.durables.lost(queue);
      if (status !== 'OK' && status !== 'WANTS') return undefined;
      if (era === holds.era) return reply;
      // Of an era that is over: reaped with the member this node was, or held by it still.
      this.#uncertain.add(queue);
      return undefined;
    } catch {
      this.#uncertain.add(queue);
      return undefined;
    }
  }

  #isAskedFor(queue: string): boolean {
    return this.#waiting.has(queue) || this.choosy.isAsking(queue);
  }

  #askedFor(): string[] {
    return [...new Set([...this.#waiting, ...this.choosy.asking])];
  }

  #recoveriesOf(seq: number, recoveries: number): number {
    return recoveries + (seq <= this.#suspect ? 1 : 0);
  }

  /** All of them are held from now on; one that cannot be read by this node alone, and delivered to nobody. */
  #take(queue: string, entries: readonly Entry[]): Taken[] {
    const taken: Taken[] = [];
    for (const { seq, failures, recoveries, missed, stored, want, isFirstOfGroup } of entries) {
      this.#parts.holds.add(queue, seq);
      try {
        taken.push({ seq, message: decodeStored(stored), failures, recoveries: this.#recoveriesOf(seq, recoveries), ...(missed > 0 && { missed }), want, isFirstOfGroup });
      } catch (error) {
        this.unreadable.add(queue, seq, error);
      }
    }
    return taken;
  }

  #takeDead(reply: readonly Reply[]): Dead[] {
    const dead: Dead[] = [];
    for (let i = 0; i < reply.length; i += 5) {
      const queue = textOf(reply[i]);
      const reason = numberOf(reply[i + 2]) === EXPIRED ? 'expired' : 'maxlen';
      const [failures, recoveries] = readAttempts(reply[i + 3]!);
      const entry = { seq: numberOf(reply[i + 1]), failures, recoveries, stored: octetsOf(reply[i + 4]), missed: 0, want: undefined, isFirstOfGroup: false };
      for (const { seq, message, failures, recoveries } of this.#take(queue, [entry])) dead.push({ queue, reason, seq, message, failures, recoveries });
    }
    return dead;
  }

  /** One at a time, and all queues that need it. */
  #reconcile(): Promise<void> {
    return (this.#reconciling ??= this.#reconcileAll().finally(() => (this.#reconciling = undefined)));
  }

  #isUncertain(queue: string): boolean {
    return this.#isInDoubt || this.#uncertain.has(queue);
  }

  async #reconcileAll(): Promise<void> {
    const { keys, link, membership, holds } = this.#parts;
    if (this.#isInDoubt) {
      if (!link.isUp || !membership.isMember) return;
      try {
        for (const queue of listOf(await link.command(['SMEMBERS', keys.busy(membership.node)]))) this.#uncertain.add(textOf(queue));
        this.#isInDoubt = false;
      } catch {
        return;
      }
    }
    for (const queue of [...this.#uncertain]) {
      if (!link.isUp || !membership.isMember) return;
      const { node } = membership;
      const given = { node, number: ++this.#number, queue };
      try {
        const status = textOf(listOf(await call(link, keys, SCRIPTS.reconcile, given, holds.ofQueue(queue)))[0]);
        if (status === 'FENCED') membership.expelled(node, link);
        if (status !== 'STALE') this.#uncertain.delete(queue);
      } catch {
        return;
      }
    }
  }

  #poll(count: number): void {
    if (!this.#parts.link.isUp) return;
    const asked = this.#askedFor();
    if (this.#pollQueue.length === 0) this.#pollQueue = asked;
    // A round takes as long as it has to, and POLL_MS at least.
    const share = Math.min(count, Math.ceil(asked.length / 4));
    for (const queue of this.#pollQueue.splice(0, share)) if (this.#isAskedFor(queue)) this.#parts.onReady(queue);
  }
}

/** Why a message is dead, as `scripts/claim-dead.lua` says it. */
const EXPIRED = 1;

interface Taken extends Omit<Claimed, 'want' | 'isFirstOfGroup'> {
  readonly isFirstOfGroup: boolean;
  /** As the store dealt it; undefined where that is for the node to do. */
  readonly want: number | undefined;
}

/** A message as the script gives it. */
interface Entry extends Omit<Taken, 'message' | 'missed'> {
  readonly missed: number;
  readonly stored: Buffer;
}

interface Bite {
  readonly taken: readonly Taken[];
  /** How many the store gave: those, and what cannot be read. */
  readonly count: number;
  readonly hasMore: boolean;
  /** In how many ms it is worth coming again, untold; below 0 if there is no such moment. */
  readonly dueMs: number;
  /** There is more, at which a node has to look first. */
  readonly isUnseen: boolean;
}

const NOTHING: Bite = Object.freeze({ taken: [], count: 0, hasMore: false, isUnseen: false, dueMs: -1 });

/** Deals messages out to the wants in turn, one each, those with a selector only what it matches. */
class Table implements Dealer {
  readonly claimed: Claimed[] = [];
  /** Of wants without a selector. */
  plainCredit = 0;
  readonly #wants: readonly ConsumerWant[];
  readonly #turns: Turns;
  /** Those without a selector. */
  readonly #plain: number[] = [];

  constructor(wants: readonly ConsumerWant[]) {
    this.#wants = wants;
    this.#turns = new Turns(wants);
    for (const [want, { selector }] of wants.entries()) {
      if (selector) continue;
      this.#plain.push(want);
      this.plainCredit += this.#turns.creditOf(want);
    }
  }

  get credit(): number {
    return this.#turns.left;
  }

  /** The store named one, where groups or priorities are to be kept among those without selectors. */
  serve({ want, isFirstOfGroup, ...taken }: Taken): void {
    const { message } = taken;
    const isNamed = want !== undefined && (message.group !== '' || this.#plain.length === this.#wants.length);
    const served = isNamed ? this.#serveNamed(this.#plain[want]!) : this.deal((each) => this.#wants[each]!.selector?.matches(message) ?? true);
    this.claimed.push({ ...taken, want: served, ...(isFirstOfGroup && { isFirstOfGroup }) });
  }

  creditOf(want: number): number {
    return this.#turns.creditOf(want);
  }

  deal(accepts: (want: number) => boolean): number {
    const want = this.#turns.nextFor(accepts);
    if (!this.#wants[want]!.selector) this.plainCredit--;
    return want;
  }

  #serveNamed(want: number): number {
    this.plainCredit--;
    return this.#turns.serve(want);
  }

  /** What is left of the wants without selectors, as `scripts/common/turns.lua` reads it. */
  encodePlain(): Argument[] {
    return this.#plain.flatMap((want) => {
      const { consumer = '', priority = 0 } = this.#wants[want]!;
      return [consumer, this.#turns.creditOf(want), priority];
    });
  }
}

function readEntries(reply: readonly Reply[], isDealt: boolean): Entry[] {
  const entries: Entry[] = [];
  const length = isDealt ? 4 : 3;
  for (let i = 3; i < reply.length; i += length) {
    const [failures, recoveries, missed] = readAttempts(reply[i + 1]!);
    const dealt = isDealt ? numberOf(reply[i + 3]) : undefined;
    const want = dealt === undefined ? undefined : dealt >> 1;
    entries.push({ seq: numberOf(reply[i]), failures, recoveries, missed, stored: octetsOf(reply[i + 2]), want, isFirstOfGroup: dealt !== undefined && dealt % 2 === 1 });
  }
  return entries;
}

function readAttempts(reply: Reply): [failures: number, recoveries: number, missed: number] {
  if (reply === null) return [0, 0, 0];
  const [failures, recoveries, missed] = textOf(reply).split(' ');
  return [Number(failures), Number(recoveries), Number(missed ?? 0)];
}
