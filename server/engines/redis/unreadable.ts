/**
 * Messages that this release cannot read: damaged ones, and those of a later release. Each stays held by the node that
 * claimed it, so that it is in nobody's way, and goes back to its place with the node's end.
 */
export class Unreadable {
  #count = 0;
  #last = '';

  get count(): number {
    return this.#count;
  }

  /** A sentence for the operator, if there were any. */
  get warnings(): string[] {
    return this.#count === 0 ? [] : [`${this.#count} messages cannot be read and were set aside until this node ends; the last was ${this.#last}.`];
  }

  add(queue: string, seq: number, error: unknown): void {
    this.#count++;
    this.#last = `number ${seq} of queue ${queue} (${error instanceof Error ? error.message : String(error)})`;
  }
}
