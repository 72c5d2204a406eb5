import { EngineError } from '../../broker/engine.ts';
import { Interest } from '../state/interest.ts';
import { unreachable } from './failures.ts';
import type { Keys } from './keys.ts';
import type { Link } from './link/link.ts';
import type { Membership } from './membership.ts';
import { listOf, textOf } from './reply.ts';
import { call, SCRIPTS } from './scripts.ts';

/** Wishes told to the store in one call. */
const MAX_WISHES = 512;

/**
 * What this node asks the store for: the topics and patterns its subscribers watch, each told once however many watch it.
 *
 * Wishes are told one call at a time, in any order that ends with what is wanted now. Each call has a number, and an older
 * one that arrives late does nothing: so a wish is simply told again when the answer was lost, and all of them when this
 * node became another member.
 */
export class WatchedTopics {
  readonly #keys: Keys;
  readonly #link: Link;
  readonly #membership: Membership;
  readonly #interest = new Interest();
  readonly #counts = new Map<string, number>();
  /** Patterns whose last state the store was not told yet. */
  readonly #untold = new Set<string>();
  readonly #waiters = new Map<string, (() => void)[]>();
  #number = 0;
  #isTelling = false;

  readonly #waitMs: number;

  constructor(keys: Keys, link: Link, membership: Membership, waitMs: number) {
    this.#keys = keys;
    this.#link = link;
    this.#membership = membership;
    this.#waitMs = waitMs;
  }

  mayWant(topic: string): boolean {
    return this.#interest.mayWant(topic);
  }

  async watch(pattern: string): Promise<void> {
    const count = this.#counts.get(pattern) ?? 0;
    this.#counts.set(pattern, count + 1);
    this.#interest.add(pattern);
    if (count === 0) this.#untold.add(pattern);
    if (!this.#untold.has(pattern) || (await this.#toldInTime(pattern))) return;
    this.unwatch(pattern);
    throw new EngineError(unreachable);
  }

  unwatch(pattern: string): void {
    const count = this.#counts.get(pattern);
    if (count === undefined) return;
    this.#interest.remove(pattern);
    if (count > 1) {
      this.#counts.set(pattern, count - 1);
      return;
    }
    this.#counts.delete(pattern);
    this.#untold.add(pattern);
    this.tell();
  }

  /** The store knows nothing of this member, or may have forgotten. */
  tellAll(): void {
    for (const pattern of this.#counts.keys()) this.#untold.add(pattern);
    this.tell();
  }

  /** Nobody waits any more. */
  close(): void {
    for (const waiters of this.#waiters.values()) for (const resolve of waiters) resolve();
    this.#waiters.clear();
  }

  tell(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    // Those of one turn go together.
    queueMicrotask(() => {
      void this.#tell().then((isDone) => {
        this.#isTelling = false;
        // A wish may have come after the last look.
        if (isDone && this.#untold.size > 0) this.tell();
      });
    });
  }

  /** False if it has to wait: for the link, or for this node to be a member. */
  async #tell(): Promise<boolean> {
    while (this.#untold.size > 0) {
      if (!this.#link.isUp || !this.#membership.isMember) return false;
      const patterns = [...this.#untold].slice(0, MAX_WISHES);
      const wanted = patterns.map((pattern) => this.#counts.has(pattern));
      const wishes = patterns.map((pattern, i) => `${wanted[i] ? '+' : '-'}${hasWildcard(pattern) ? '~' : '='}${pattern}`);
      const { node } = this.#membership;
      try {
        const reply = listOf(await call(this.#link, this.#keys, SCRIPTS.interest, { node, number: ++this.#number }, wishes));
        const status = textOf(reply[0]);
        if (status === 'FENCED') this.#membership.expelled(node, this.#link);
        if (status !== 'OK' || node !== this.#membership.node) continue;
        patterns.forEach((pattern, i) => this.#told(pattern, wanted[i]!));
      } catch {
        // Told again when the link is back, or with the next beat.
        return false;
      }
    }
    return true;
  }

  #toldInTime(pattern: string): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        resolve(false);
      }, this.#waitMs);
      const told = (): void => {
        clearTimeout(timer);
        resolve(true);
      };
      const waiters = this.#waiters.get(pattern);
      if (waiters) waiters.push(told);
      else this.#waiters.set(pattern, [told]);
      this.tell();
    });
  }

  #told(pattern: string, wasWanted: boolean): void {
    // It changed its mind meanwhile: told again in the next round.
    if (this.#counts.has(pattern) !== wasWanted) return;
    this.#untold.delete(pattern);
    for (const resolve of this.#waiters.get(pattern) ?? []) resolve();
    this.#waiters.delete(pattern);
  }
}

const hasWildcard = (pattern: string): boolean => pattern.includes('*') || pattern.includes('#');
