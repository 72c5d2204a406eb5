import { TEMPORARY_PREFIX } from '../../broker/engine.ts';
import { TopicRouter } from '../../broker/topic-router.ts';
import type { WildcardMatcher } from './batch.ts';
import type { Keys } from './keys.ts';
import type { Link, Reply } from './link/link.ts';
import { listOf, numberOf, textOf } from './reply.ts';
import { call, SCRIPTS } from './scripts.ts';

const CACHED_TOPICS = 10_000;

/** What the names of logs begin with; no node has such a name. */
const LOG = '+';

/**
 * Which nodes watch which wildcards: this node's copy of the cluster's table, so that a publisher's node finds the inboxes
 * itself and Redis never matches a pattern. Each change of the table has a number and is told to all; who missed one asks
 * for what it missed. A copy may be late: the store then adds the nodes whose wildcards are younger than the copy.
 */
export class WildcardTable implements WildcardMatcher {
  readonly #keys: Keys;
  readonly #link: Link;
  #version = 0;
  /** The table's name. */
  #table = '';
  #members = new Set<string>();
  #router = new TopicRouter<string>();
  readonly #cache = new Map<string, string>();
  #logCount = 0;
  #isStale = false;
  #refreshing: Promise<void> | undefined;

  constructor(keys: Keys, link: Link) {
    this.#keys = keys;
    this.#link = link;
  }

  get version(): number {
    return this.#version;
  }

  match(topic: string): string {
    if (this.#members.size === 0) return '';
    let nodes = this.#cache.get(topic);
    if (nodes === undefined) {
      nodes = [...this.#router.match(topic)].join(' ');
      if (this.#cache.size >= CACHED_TOPICS) this.#cache.clear();
      this.#cache.set(topic, nodes);
    }
    return nodes;
  }

  /** Is there a log of a durable subscription for the topic? They stand in the table as nodes do, by a name with a `+`. */
  hasLog(topic: string): boolean {
    if (this.#logCount === 0) return false;
    if (!topic.startsWith(TEMPORARY_PREFIX)) return this.match(topic).includes(LOG);
    return [...this.#router.match(topic)].some((name) => this.#members.has(`${name} ${topic}`) && name.startsWith(LOG));
  }

  /**
   * `+7 table node pattern` or `-7 table node pattern`: the seventh change. It may be that of another table: of a store in
   * another database of the server, whose channels are the same, or of this one before it forgot.
   */
  changed(text: string): void {
    const [head, table] = text.split(' ', 2) as [string, string];
    if (table !== this.#table) return;
    const version = Number(head.slice(1));
    const member = text.slice(head.length + table.length + 2);
    if (version <= this.#version && !this.#isStale) return;
    if (version !== this.#version + 1 || this.#isStale) {
      this.refresh();
      return;
    }
    if (text.startsWith('+')) this.#add(member);
    else this.#remove(member);
    this.#version = version;
  }

  /** The store is at that version. */
  seen(version: number): void {
    if (version !== this.#version) this.refresh();
  }

  /** The store may have lost changes and given their numbers to others: nothing known counts. `table` is its new name. */
  forget(table: string): void {
    this.#table = table;
    this.#version = 0;
    this.refresh();
  }

  refresh(): void {
    this.#isStale = true;
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined));
  }

  async #refresh(): Promise<void> {
    while (this.#isStale && this.#link.isUp) {
      this.#isStale = false;
      try {
        this.#apply(listOf(await call(this.#link, this.#keys, SCRIPTS.wildcards, { since: this.#version })));
      } catch {
        // The next beat tells the version again.
        return;
      }
    }
  }

  #apply(reply: readonly Reply[]): void {
    const version = numberOf(reply[1]);
    if (textOf(reply[0]) === 'ALL') {
      this.#members = new Set();
      this.#logCount = 0;
      this.#router = new TopicRouter();
      this.#cache.clear();
      for (const member of reply.slice(2)) this.#add(textOf(member));
    } else {
      const added = 3 + numberOf(reply[2]);
      for (const member of reply.slice(3, added)) this.#add(textOf(member));
      for (const member of reply.slice(added)) this.#remove(textOf(member));
    }
    this.#version = version;
  }

  #add(member: string): void {
    if (this.#members.has(member)) return;
    this.#members.add(member);
    const [node, pattern] = split(member);
    if (node.startsWith(LOG)) this.#logCount++;
    this.#router.add(pattern, true, node);
    this.#cache.clear();
  }

  #remove(member: string): void {
    if (!this.#members.delete(member)) return;
    const [node, pattern] = split(member);
    if (node.startsWith(LOG)) this.#logCount--;
    this.#router.remove(pattern, true, node);
    this.#cache.clear();
  }
}

function split(member: string): [node: string, pattern: string] {
  const space = member.indexOf(' ');
  return [member.slice(0, space), member.slice(space + 1)];
}
