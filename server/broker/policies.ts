import type { LogBounds } from './engine.ts';
import { overlaps, patternWords } from './topic-pattern.ts';

/** What holds for a destination beyond what holds for all. What is left out is as it is without a policy. */
export interface Policy {
  /** Topics only: keeps a log of the newest messages. Without it nothing is kept. */
  readonly log?: LogBounds;
}

/** A policy and whom it is for. */
export interface DestinationPolicy extends Policy {
  /** `/topic/` or `/queue/` and a pattern of words split by `.`: `*` stands for one word, `#` or a last `>` for zero or more. */
  readonly destination: string;
}

/** What can have a policy: temporary destinations go with their sessions and have none. */
export const POLICY_PREFIXES = ['/topic/', '/queue/'] as const;

const NO_POLICY: Policy = Object.freeze({});
const MAX_ENTRIES = 8192;

/**
 * The policies in their order: the first that matches a destination is its policy, alone. Matching walks through the list
 * once for a destination; what came of it is remembered in two generations, so that invented names cannot make it grow.
 */
export class Policies {
  readonly #rules: readonly Rule[];
  #younger = new Map<string, Policy>();
  #older = new Map<string, Policy>();

  constructor(policies: readonly DestinationPolicy[]) {
    this.#rules = policies.map((policy) => new Rule(policy));
  }

  /** By the canonical text of a destination, e.g. `/topic/chat.lobby`. */
  of(canonical: string): Policy {
    if (this.#rules.length === 0) return NO_POLICY;
    const known = this.#younger.get(canonical);
    if (known) return known;
    const found = this.#older.get(canonical) ?? this.#rules.find((rule) => rule.matches(canonical))?.policy ?? NO_POLICY;
    if (this.#younger.size >= MAX_ENTRIES) {
      this.#older = this.#younger;
      this.#younger = new Map();
    }
    this.#younger.set(canonical, found);
    return found;
  }
}

class Rule {
  readonly policy: Policy;
  readonly #prefix: string;
  readonly #words: readonly string[];

  constructor(policy: DestinationPolicy) {
    const { destination } = policy;
    const prefix = POLICY_PREFIXES.find((each) => destination.startsWith(each));
    if (prefix === undefined) throw new Error(`expected a policy for one of ${POLICY_PREFIXES.join(' ')}, got ${destination}`);
    this.policy = policy;
    this.#prefix = prefix;
    this.#words = patternWords(destination.slice(prefix.length));
  }

  matches(canonical: string): boolean {
    return canonical.startsWith(this.#prefix) && overlaps(this.#words, canonical.slice(this.#prefix.length).split('.'));
  }
}
