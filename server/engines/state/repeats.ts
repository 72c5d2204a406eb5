import type { Once } from '../../broker/engine.ts';
import { Heap } from '../../lib/heap.ts';

/** A key that an operation came with, for as long as another one with it is a repeat. */
export class UsedKey<Stored = never> {
  readonly key: string;
  /** Ms since the epoch. */
  readonly expiresAt: number;
  /** A staged one is as good as used, unless its group comes to nothing: then it is void. */
  stage: 'staged' | 'used' | 'void' = 'staged';
  /** Where the engine noted it, if it did. */
  note: Stored | undefined;

  constructor(key: string, expiresAt: number) {
    this.key = key;
    this.expiresAt = expiresAt;
  }
}

/** The part of a staged group whose operations are to happen once. */
export interface StagedOnce<Stored> {
  /** Keys that are used with it. */
  readonly keys: UsedKey<Stored>[];
  /** Keys of groups staged before, still on their way, because of which it leaves something out. */
  readonly leansOn: UsedKey<Stored>[];
  /** How many operations it leaves out. */
  repeats: number;
}

/** Was something left out for the sake of a group that came to nothing? */
export const isVoid = ({ leansOn }: StagedOnce<unknown>): boolean => leansOn.some(({ stage }) => stage === 'void');

/** Keys remembered at most, about a hundred octets each: beyond it the next to expire is forgotten early. */
const KEYS_KEPT = 1_000_000;

/** For the operator. */
export const FORGOTTEN_EARLY = `More than ${KEYS_KEPT} duplicate ids came within their window: the oldest are forgotten early, and a repeat of one of those is taken for new.`;

/**
 * Knows which operations happened already: the keys that were used, each until its window is over.
 *
 *     unknown --stage--> staged --commit--> used --its time--> unknown
 *                          \--undo--> unknown (void for those who lean on it)
 */
export class Repeats<Stored = never> {
  /** Told of each key that is forgotten; an engine may have to let go of its note. */
  onForget: (used: UsedKey<Stored>) => void = () => {};
  readonly #clock: () => number;
  readonly #limit: number;
  readonly #keys = new Map<string, UsedKey<Stored>>();
  /** The used ones, the next to expire first. */
  readonly #order = new Heap<UsedKey<Stored>>((left, right) => left.expiresAt < right.expiresAt);
  #forgottenEarly = 0;

  constructor(clock: () => number, limit = KEYS_KEPT) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /** Keys remembered. */
  get size(): number {
    return this.#keys.size;
  }

  /** Keys that had to be forgotten before their time. */
  get forgottenEarly(): number {
    return this.#forgottenEarly;
  }

  /** A key that was used and is not over yet, or is staged. */
  find(key: string): UsedKey<Stored> | undefined {
    const used = this.#keys.get(key);
    return used === undefined || (used.stage === 'used' && used.expiresAt <= this.#clock()) ? undefined : used;
  }

  /** A key that is remembered, be it over. */
  get(key: string): UsedKey<Stored> | undefined {
    return this.#keys.get(key);
  }

  /** To be called for a key that is not found only. */
  stage({ key, windowMs }: Once): UsedKey<Stored> {
    this.forgetPast();
    return this.#add(new UsedKey<Stored>(key, this.#clock() + windowMs));
  }

  commit(used: UsedKey<Stored>): void {
    used.stage = 'used';
    this.#order.push(used);
    while (this.#order.length > this.#limit) {
      this.#forgottenEarly++;
      this.#forget(this.#order.pop()!);
    }
  }

  undo(used: UsedKey<Stored>): void {
    used.stage = 'void';
    this.#keys.delete(used.key);
  }

  /** A key as it was noted before a restart, the latest note of it last; false if it is over. */
  adopt(key: string, expiresAt: number, note: Stored): boolean {
    if (expiresAt <= this.#clock()) return false;
    const used = this.#add(new UsedKey<Stored>(key, expiresAt));
    used.note = note;
    this.commit(used);
    return true;
  }

  /** Lets go of what is over. Costs nothing when nothing is. */
  forgetPast(): void {
    for (let next = this.#order.peek(); next && next.expiresAt <= this.#clock(); next = this.#order.peek()) this.#forget(this.#order.pop()!);
  }

  #add(used: UsedKey<Stored>): UsedKey<Stored> {
    const before = this.#keys.get(used.key);
    if (before) this.#forget(before);
    this.#keys.set(used.key, used);
    return used;
  }

  /** Unless that was done when the key was used anew. */
  #forget(used: UsedKey<Stored>): void {
    if (this.#keys.get(used.key) !== used) return;
    this.#keys.delete(used.key);
    this.onForget(used);
  }
}
