import type { Keys } from './keys.ts';
import type { Link } from './link/link.ts';
import { STORE_FORMAT, type Membership } from './membership.ts';
import type { LogPlace } from './parcel.ts';
import { listOf, numberOf, textOf } from './reply.ts';
import { call, SCRIPTS } from './scripts.ts';

export interface HeartbeatParts {
  readonly keys: Keys;
  readonly link: Link;
  readonly membership: Membership;
  readonly beatMs: number;
  readonly leaseMs: number;
  readonly onBeat: (told: Beat) => void;
  readonly onCommand: (command: string) => void;
  readonly onDead: (nodes: readonly string[]) => void;
  /** Messages have come to their end, and this node is to take them. */
  readonly onEnded: () => void;
}

/** What the store told with a beat. */
export interface Beat {
  readonly epoch: number;
  /** Number of the last parcel sent to this node, and where the shared log ends. */
  readonly parcel: number;
  readonly place: LogPlace;
  /** Version of the table of wildcards. */
  readonly wildcards: number;
  /** Of the store. */
  readonly format: number;
}

/** At the least: silence of a third of a lease is a sign to others (`scripts/beat.lua`). */
const BEATS_A_LEASE = 6;

/** Keeps the lease on what this node holds, and asks for news. One beat at a time; a command may hasten the next. */
export class Heartbeat {
  readonly #parts: HeartbeatParts;
  #timer: NodeJS.Timeout | undefined;
  #isBeating = false;
  #isHastened = false;
  /** Commands that this member has heard. */
  #heard = { node: '', count: 0 };

  constructor(parts: HeartbeatParts) {
    this.#parts = parts;
  }

  start(): void {
    const { beatMs, leaseMs } = this.#parts;
    this.#timer = setInterval(this.#beat, Math.min(beatMs, leaseMs / BEATS_A_LEASE));
  }

  /** A command is waiting. */
  hasten(): void {
    if (this.#isBeating) this.#isHastened = true;
    else this.#beat();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#isHastened = false;
  }

  readonly #beat = (): void => {
    const { link, membership } = this.#parts;
    if (this.#isBeating || !link.isUp) return;
    this.#isBeating = true;
    // A lost beat is made good by the next one.
    void this.#ask(membership.node)
      .catch(() => undefined)
      .finally(() => {
        this.#isBeating = false;
        if (this.#isHastened) {
          this.#isHastened = false;
          this.#beat();
        }
      });
  };

  async #ask(node: string): Promise<void> {
    const { keys, link, membership, leaseMs, onBeat, onCommand, onDead, onEnded } = this.#parts;
    if (!membership.isMember) return membership.greet(link);
    const said = { node, lease: leaseMs, info: membership.describe(), heardCommands: this.#heardBy(node).count, spoken: STORE_FORMAT };
    const reply = listOf(await call(link, keys, SCRIPTS.beat, said));
    if (textOf(reply[0]) === 'FENCED') return membership.expelled(node, link);
    const place = { generation: numberOf(reply[3]), id: textOf(reply[4]) };
    const told = { epoch: numberOf(reply[1]), parcel: numberOf(reply[2]), place, wildcards: numberOf(reply[5]), format: numberOf(reply[6]) };
    // Of the member this node was when it asked.
    if (node === membership.node) onBeat(told);
    const dead = textOf(reply[7]);
    if (dead !== '') onDead(dead.split(' '));
    if (reply[8] === 1) onEnded();
    this.#hear(node, numberOf(reply[9]), reply.slice(10).map(textOf), onCommand);
  }

  /** A command whose beat was lost on its way is told again; so they are counted. */
  #hear(node: string, before: number, commands: readonly string[], onCommand: (command: string) => void): void {
    const heard = this.#heardBy(node);
    for (const command of commands.slice(Math.max(0, heard.count - before))) {
      heard.count++;
      onCommand(command);
    }
  }

  #heardBy(node: string): { count: number } {
    if (this.#heard.node !== node) this.#heard = { node, count: 0 };
    return this.#heard;
  }
}
