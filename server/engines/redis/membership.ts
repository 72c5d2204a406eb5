import type { NodeSelf } from '../../broker/engine.ts';
import type { Keys } from './keys.ts';
import type { Link } from './link/link.ts';
import { listOf, numberOf, textOf } from './reply.ts';
import { call, SCRIPTS } from './scripts.ts';

/** How long a store of an earlier epoch is refused. */
const REPLACED_MS = 10_000;

/**
 * Of keys, records and parcels. What changes them beyond understanding gets the next number: a release then still reads
 * and, as long as the store's format is not its own, writes the one before. See `scripts/open.lua` and `beat.lua`.
 */
export const STORE_FORMAT = 1;

/** How the store presents itself to a fresh connection; see `scripts/open.lua`. */
export interface Opened {
  readonly epoch: number;
  readonly suspect: number;
  readonly durable: number;
  readonly volatile: number;
  readonly inbox: number;
  readonly generation: number;
  readonly logId: string;
  readonly wildcards: number;
  /** The name of the table of wildcards, another with each epoch. */
  readonly table: string;
  readonly format: number;
}

/** What is new with a connection. */
export interface Change {
  /** The store is another process than before, or was emptied: it may have forgotten what it had acknowledged. */
  readonly isEpochNew: boolean;
  /** This node is another member than before: nothing of what it held or asked for is there any more. */
  readonly isMemberNew: boolean;
  /** The last durable batch that the store remembers of the member this node was last; undefined at the very first. */
  readonly rememberedBatch: number | undefined;
}

/**
 * The node's place among the members. A member is known by the node's id and the number of its incarnation, so that no
 * member comes back once it was taken for dead.
 *
 *     outside --joined--> member --a beat or another call was answered FENCED--> outside --joined, with the next number--> member
 *
 * Each connection begins with `greet`, one after the other. So no script ever runs on a server that may have forgotten
 * something before the numbers of messages were moved on and everybody here was told.
 */
export class Membership {
  readonly #keys: Keys;
  readonly #self: NodeSelf;
  readonly #onOpened: (opened: Opened, change: Change) => void;
  #incarnation = 0;
  #isMember = false;
  /** The last incarnation that is known to have joined. */
  #joined = 0;
  #epoch = 0;
  /** Since when connections lead to a server of an earlier epoch. */
  #refusedSince: number | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(keys: Keys, self: NodeSelf, onOpened: (opened: Opened, change: Change) => void) {
    this.#keys = keys;
    this.#self = self;
    this.#onOpened = onOpened;
  }

  /** The member's name in the store. */
  get node(): string {
    return this.#name(this.#incarnation);
  }

  get isMember(): boolean {
    return this.#isMember;
  }

  /** What the directory shows of this node. */
  describe(): string {
    return JSON.stringify({ id: this.#self.id, version: this.#self.version, ...this.#self.load() });
  }

  /** The first words on a connection. Rejects as the connection does. */
  greet(connection: Pick<Link, 'run'>): Promise<void> {
    return this.#inTurn(() => this.#open(connection));
  }

  /** A call in the name of `node` was answered FENCED. */
  expelled(node: string, connection: Pick<Link, 'run'>): void {
    if (node !== this.node || !this.#isMember) return;
    this.#isMember = false;
    // A lost connection is greeted anew, and then joins.
    this.greet(connection).catch(() => undefined);
  }

  async #open(connection: Pick<Link, 'run'>): Promise<void> {
    let rememberedBatch: number | undefined;
    if (this.#joined > 0) {
      const [state, opened] = await this.#ask(connection, this.#name(this.#joined), false);
      this.#refuseReplaced(opened.epoch);
      rememberedBatch = opened.durable;
      if (state === 'MEMBER' && this.#isMember) return this.#opened(opened, { isMemberNew: false, rememberedBatch });
      this.#isMember = false;
    }
    this.#incarnation++;
    const [state, opened] = await this.#ask(connection, this.node, true);
    // Only our own question, whose answer was lost, can have taken a name that was never used before.
    if (state === 'TAKEN') return this.#open(connection);
    this.#isMember = true;
    this.#joined = this.#incarnation;
    this.#opened(opened, { isMemberNew: true, rememberedBatch });
  }

  /** Epochs follow the clock. A failover may leave a server behind that does not know yet that it was replaced. */
  #refuseReplaced(epoch: number): void {
    if (epoch >= this.#epoch) {
      this.#refusedSince = undefined;
      return;
    }
    const now = performance.now();
    this.#refusedSince ??= now;
    // For so long there was no other: then this is the store, however old it looks.
    if (now - this.#refusedSince > REPLACED_MS) return;
    throw new Error(`expected the store of epoch ${this.#epoch}, got one of epoch ${epoch}: a server that was replaced`);
  }

  #opened(opened: Opened, change: Omit<Change, 'isEpochNew'>): void {
    const isEpochNew = opened.epoch !== this.#epoch;
    this.#epoch = opened.epoch;
    this.#onOpened(opened, { ...change, isEpochNew });
  }

  #name(incarnation: number): string {
    return `${this.#self.id}.${incarnation}`;
  }

  async #ask(connection: Pick<Link, 'run'>, name: string, isJoining: boolean): Promise<[state: string, opened: Opened]> {
    const asked = { node: name, isJoining: isJoining ? 1 : 0, info: this.describe(), spoken: STORE_FORMAT };
    const reply = listOf(await call(connection, this.#keys, SCRIPTS.open, asked));
    if (textOf(reply[0]) === 'FOREIGN') {
      const format = numberOf(reply[1]);
      const remedy = format > STORE_FORMAT ? 'a newer release has written to it; start that one' : 'start the releases between first, one after the other';
      throw new Error(`expected a store of format ${STORE_FORMAT} or the one before, got ${format}: ${remedy}`);
    }
    const [epoch, suspect, durable, volatile, inbox, generation] = reply.slice(1, 7).map(numberOf) as [number, number, number, number, number, number];
    const opened = { epoch, suspect, durable, volatile, inbox, generation, logId: textOf(reply[7]), wildcards: numberOf(reply[8]), table: textOf(reply[9]), format: numberOf(reply[10]) };
    return [textOf(reply[0]), opened];
  }

  #inTurn(task: () => Promise<void>): Promise<void> {
    const result = this.#turn.then(task);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}
