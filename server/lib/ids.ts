import { randomBytes, randomInt } from 'node:crypto';

const RANDOM_DIGITS = 5;

/**
 * Names one start of a process: the second of the start and 60 million chances within it, base 36, 11 letters and
 * digits. Younger starts sort after older ones.
 */
export function createNodeId(now: number = Date.now()): string {
  const random = randomInt(36 ** RANDOM_DIGITS).toString(36).padStart(RANDOM_DIGITS, '0');
  return Math.floor(now / 1000).toString(36) + random;
}

/** Names something by chance alone: 72 random bits as 12 letters, digits, `-` and `_`. */
export const randomId = (): string => randomBytes(9).toString('base64url');

/**
 * Counts names up below a prefix: `prefix-1`, `prefix-2`, … in base 36, unique as long as the prefix is.
 * Neither `:` nor a backslash occurs in them, so that they stand in a STOMP header of any version as they are.
 */
export class IdSequence {
  readonly #prefix: string;
  #count = 0;

  constructor(prefix: string) {
    this.#prefix = `${prefix}-`;
  }

  nextId(): string {
    return this.#prefix + (++this.#count).toString(36);
  }
}
