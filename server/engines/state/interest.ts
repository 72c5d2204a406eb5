/**
 * What this node watches, counted per pattern. Answers a cheap question before anything is handed up: nobody can want
 * a topic that no exact pattern names while no pattern has wildcards. The broker's router decides the rest.
 */
export class Interest {
  readonly #counts = new Map<string, number>();
  #wildcards = 0;

  add(pattern: string): void {
    const count = this.#counts.get(pattern) ?? 0;
    this.#counts.set(pattern, count + 1);
    if (count === 0 && hasWildcard(pattern)) this.#wildcards++;
  }

  /** Undoes one `add`; a pattern that is not watched is fine. */
  remove(pattern: string): void {
    const count = this.#counts.get(pattern);
    if (count === undefined) return;
    if (count > 1) {
      this.#counts.set(pattern, count - 1);
      return;
    }
    this.#counts.delete(pattern);
    if (hasWildcard(pattern)) this.#wildcards--;
  }

  mayWant(topic: string): boolean {
    return this.#wildcards > 0 || this.#counts.has(topic);
  }
}

const hasWildcard = (pattern: string): boolean => pattern.includes('*') || pattern.includes('#');
