/**
 * Names in Redis. All keys of a cluster have one hash tag, so that one server of a Redis Cluster holds them and a script
 * may touch them all; the scripts derive the others from the first (`scripts/common/base.lua`).
 */
export class Keys {
  /** The sorted set of members, by their last beat: the one key that every script is given. */
  readonly nodes: string;
  /** Changes of the table of wildcards are told here. */
  readonly cluster: string;
  /** A hash of what the store knows of itself. */
  readonly store: string;
  readonly #base: string;

  constructor(prefix: string) {
    this.#base = `${prefix}:{${prefix}}:`;
    this.nodes = `${this.#base}nodes`;
    this.store = `${this.#base}store`;
    this.cluster = `${this.#base}cluster`;
  }

  /** The set of queues in which a node may hold something. */
  busy(node: string): string {
    return `${this.#base}busy:${node}`;
  }

  /** The channel of one node: parcels of topic messages, nudges, commands. */
  inbox(node: string): string {
    return `${this.#base}inbox:${node}`;
  }
}
