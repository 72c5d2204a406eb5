import { compileSelector, type Selector } from './compile-selector.ts';

/** Characters of text; what a selector is compiled to grows with its text, so this bounds both. */
const DEFAULT_MAX_CHARACTERS = 128 * 1024;
/** What even the shortest selector counts as. */
const LEAST_CHARACTERS = 64;

/**
 * Selectors already compiled, by their text: pages subscribe with the same few over and over. Those that were not asked for
 * the longest give way to new ones, so a client that invents selectors cannot make it grow. What is no selector is not kept.
 */
export class SelectorCache {
  readonly #maxCharacters: number;
  /** From the one that was not asked for the longest to the newest. */
  readonly #selectors = new Map<string, Selector>();
  #characters = 0;

  constructor(maxCharacters = DEFAULT_MAX_CHARACTERS) {
    this.#maxCharacters = maxCharacters;
  }

  get size(): number {
    return this.#selectors.size;
  }

  /** As `compileSelector`: undefined for a blank text; throws SelectorError. */
  get(text: string): Selector | undefined {
    const known = this.#selectors.get(text);
    const selector = known ?? compileSelector(text);
    if (!selector) return undefined;
    if (known) this.#selectors.delete(text);
    else this.#characters += cost(text);
    this.#selectors.set(text, selector);
    for (const oldest of this.#selectors.keys()) {
      if (this.#characters <= this.#maxCharacters) break;
      this.#selectors.delete(oldest);
      this.#characters -= cost(oldest);
    }
    return selector;
  }
}

const cost = (text: string): number => Math.max(text.length, LEAST_CHARACTERS);
