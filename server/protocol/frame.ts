/**
 * The headers of one frame: ordered name and value pairs, decoded, in one flat list
 * (`[name, value, name, value, …]`), because that is how they come from the wire and go to it.
 */
export class Headers {
  readonly pairs: readonly string[];

  constructor(pairs: readonly string[]) {
    this.pairs = pairs;
  }

  /** The value of the first header of that name: STOMP 1.2, Repeated Header Entries. */
  get(name: string): string | undefined {
    const { pairs } = this;
    for (let i = 0; i < pairs.length; i += 2) {
      if (pairs[i] === name) return pairs[i + 1];
    }
    return undefined;
  }
}

/** One STOMP unit as it was received. `body` is a view of the received bytes: copy it to keep it. */
export interface Frame {
  readonly command: string;
  readonly headers: Headers;
  readonly body: Buffer;
}
