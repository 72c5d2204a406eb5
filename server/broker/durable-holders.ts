import type { Timers } from '../lib/timers.ts';
import type { Engine, HoldRefusal } from './engine.ts';
import type { Log } from './log.ts';
import type { Session } from './session.ts';

export interface DurableHoldersOptions {
  readonly engine: Engine;
  readonly timers: Timers;
  readonly log: Log;
  readonly nodeId: string;
  /** Ends a session whose hold has gone to somebody else. */
  readonly end: (session: Session, queue: string) => void;
}

/** How long a holder's socket has for a sign of life, in ms, and how often it is looked at. */
const PING_MS = 2_000;
const LOOK_MS = 100;
/** Commands to another node and back take so long on top. */
const WAY_MS = 3_000;
/** A node whose beat is so much older than the newest is dead, in ms. */
const DEAD_BEAT_MS = 3_000;

const PROBE = 'durable-probe';
const ANSWER = 'durable-answer';

/**
 * Who holds which durable subscription by this node, and whether a holder is still there. Two pages with one name must not
 * drive each other out for ever: so who comes second is refused as long as the first one's socket shows life within two
 * seconds. That is asked of the node that has it, by a command; one that is dead does not answer, and its beat is old.
 */
export class DurableHolders {
  readonly #options: DurableHoldersOptions;
  readonly #sessions = new Map<string, { readonly session: Session; readonly queue: string }>();
  readonly #asked = new Map<string, (isAlive: boolean) => void>();
  #lastProbe = 0;

  constructor(options: DurableHoldersOptions) {
    this.#options = options;
  }

  add(holder: string, session: Session, queue: string): void {
    this.#sessions.set(holder, { session, queue });
  }

  remove(holder: string): void {
    this.#sessions.delete(holder);
  }

  /** The engine says that a hold is over. */
  evicted(queue: string, holder: string): void {
    const found = this.#sessions.get(holder);
    if (!found) return;
    this.#sessions.delete(holder);
    this.#options.log.info({ event: 'durable-taken-over', queue, session: found.session.id });
    this.#options.end(found.session, queue);
  }

  /** Is the one that stands in the way gone, so that his place may be taken? */
  async isGone(refusal: HoldRefusal & { readonly reason: 'held' }): Promise<boolean> {
    const { holder, node } = refusal;
    if (node === '' || node === this.#options.nodeId) return !(await this.#isAlive(holder));
    const probe = `${this.#options.nodeId}-${++this.#lastProbe}`;
    const answer = new Promise<boolean | undefined>((resolve) => {
      const timer = this.#options.timers.after(PING_MS + WAY_MS, () => {
        this.#asked.delete(probe);
        resolve(undefined);
      });
      this.#asked.set(probe, (isAlive) => {
        timer.cancel();
        this.#asked.delete(probe);
        resolve(isAlive);
      });
    });
    if (!(await this.#options.engine.tell(node, `${PROBE} ${probe} ${this.#options.nodeId} ${holder}`))) return true;
    const isAlive = await answer;
    return isAlive === undefined ? this.#isDead(node) : !isAlive;
  }

  /** Tells whether the command was one of these. */
  heard(command: string): boolean {
    const [word, probe = '', from = '', holder = ''] = command.split(' ');
    if (word === ANSWER) {
      this.#asked.get(probe)?.(from === 'alive');
      return true;
    }
    if (word !== PROBE) return false;
    this.#isAlive(holder)
      .then((isAlive) => this.#options.engine.tell(from, `${ANSWER} ${probe} ${isAlive ? 'alive' : 'gone'}`))
      .catch((error: unknown) => {
        this.#options.log.warn({ event: 'probe-not-answered', error });
      });
    return true;
  }

  /** Any octet that arrives is a sign of life. A socket without one is cut; one that cannot be asked counts as alive. */
  async #isAlive(holder: string): Promise<boolean> {
    const found = this.#sessions.get(holder);
    if (!found) return false;
    const { session, queue } = found;
    const { peer } = session;
    if (session.state !== 'connected') return false;
    if (peer.transport !== 'websocket') return true;
    const before = peer.receivedBytes;
    peer.ping();
    for (let waited = 0; waited < PING_MS; waited += LOOK_MS) {
      await new Promise<void>((resolve) => this.#options.timers.after(LOOK_MS, resolve));
      if (session.state !== 'connected' || !this.#sessions.has(holder)) return false;
      if (peer.receivedBytes > before) return true;
    }
    this.evicted(queue, holder);
    return false;
  }

  async #isDead(node: string): Promise<boolean> {
    const nodes = await this.#options.engine.nodes();
    const newest = Math.max(...nodes.map(({ seenAt }) => seenAt));
    const found = nodes.find(({ id }) => id === node);
    return found === undefined || found.seenAt < newest - DEAD_BEAT_MS;
  }
}
