import { overlaps, patternWords } from './topic-pattern.ts';

/**
 * Topic name -> who asked for it. Exact names stand in a map; patterns in a trie of words, so that the cost of a match
 * depends on the words of the name and not on how many patterns there are.
 *
 *     #  a.*            root ─ '#' {1}
 *     a.b.#                  └ a ─ '*' {2}
 *                                └ b ─ '#' {3}
 */
export class TopicRouter<Subscriber> {
  readonly #exact = new Map<string, Set<Subscriber>>();
  readonly #root = new TrieNode<Subscriber>();
  #patternCount = 0;

  add(name: string, isPattern: boolean, subscriber: Subscriber): void {
    if (isPattern) {
      let node = this.#root;
      for (const word of patternWords(name)) node = node.childFor(word);
      if (node.subscribers.size === 0) this.#patternCount++;
      node.subscribers.add(subscriber);
      return;
    }
    const subscribers = this.#exact.get(name);
    if (subscribers) subscribers.add(subscriber);
    else this.#exact.set(name, new Set([subscriber]));
  }

  remove(name: string, isPattern: boolean, subscriber: Subscriber): void {
    if (isPattern) {
      if (this.#root.remove(patternWords(name), 0, subscriber)) this.#patternCount--;
      return;
    }
    const subscribers = this.#exact.get(name);
    subscribers?.delete(subscriber);
    if (subscribers?.size === 0) this.#exact.delete(name);
  }

  /** Those who asked for exactly this name. */
  matchExact(name: string): ReadonlySet<Subscriber> {
    return this.#exact.get(name) ?? NOBODY;
  }

  /** Everyone who asked for this topic, once each. The result may be the live set: read it before changing the router. */
  match(name: string): ReadonlySet<Subscriber> {
    const exact = this.#exact.get(name);
    if (this.#patternCount === 0) return exact ?? NOBODY;
    const found = new Set(exact);
    this.#root.collect(name.split('.'), 0, found, new Map());
    return found;
  }

  /** Everyone who could get a message that the pattern matches. Walks through all names: for rare occasions. */
  overlapping(pattern: string): ReadonlySet<Subscriber> {
    const words = patternWords(pattern);
    const found = new Set<Subscriber>();
    for (const [name, subscribers] of this.#exact) {
      if (overlaps(words, name.split('.'))) for (const subscriber of subscribers) found.add(subscriber);
    }
    this.#root.visit([], (own, subscribers) => {
      if (overlaps(words, own)) for (const subscriber of subscribers) found.add(subscriber);
    });
    return found;
  }

  /** Names and patterns with at least one subscriber. */
  get size(): number {
    return this.#exact.size + this.#patternCount;
  }
}

const NOBODY: ReadonlySet<never> = new Set<never>();

class TrieNode<Subscriber> {
  readonly children = new Map<string, TrieNode<Subscriber>>();
  readonly subscribers = new Set<Subscriber>();

  childFor(word: string): TrieNode<Subscriber> {
    let child = this.children.get(word);
    if (!child) this.children.set(word, (child = new TrieNode()));
    return child;
  }

  /** Returns whether a pattern lost its last subscriber. Empty branches go with it. */
  remove(words: readonly string[], at: number, subscriber: Subscriber): boolean {
    const word = words[at];
    if (word === undefined) return this.subscribers.delete(subscriber) && this.subscribers.size === 0;
    const child = this.children.get(word);
    if (!child) return false;
    const isLast = child.remove(words, at + 1, subscriber);
    if (child.subscribers.size === 0 && child.children.size === 0) this.children.delete(word);
    return isLast;
  }

  /** Tells every pattern below this node that has subscribers. */
  visit(words: readonly string[], told: (words: readonly string[], subscribers: ReadonlySet<Subscriber>) => void): void {
    if (this.subscribers.size > 0) told(words, this.subscribers);
    for (const [word, child] of this.children) child.visit([...words, word], told);
  }

  /**
   * Adds everyone below this node who wants `words` from `at` on. `tried` holds from which place on each '#' node was
   * followed already: without it a pattern like `#.a.#.a.#.a` would be followed in exponentially many ways.
   */
  collect(words: readonly string[], at: number, found: Set<Subscriber>, tried: Map<TrieNode<Subscriber>, number>): void {
    const many = this.children.get('#');
    if (many) {
      const triedFrom = tried.get(many) ?? words.length + 1;
      tried.set(many, Math.min(at, triedFrom));
      for (let i = at; i < triedFrom; i++) many.collect(words, i, found, tried);
    }
    const word = words[at];
    if (word === undefined) {
      for (const subscriber of this.subscribers) found.add(subscriber);
      return;
    }
    this.children.get(word)?.collect(words, at + 1, found, tried);
    if (word !== '*') this.children.get('*')?.collect(words, at + 1, found, tried);
  }
}
