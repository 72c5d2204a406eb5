import assert from 'node:assert/strict';
import { overlaps, patternWords } from '../../../server/broker/topic-pattern.ts';

interface Watcher {
  /** Patterns in force, and since when. */
  readonly since: Map<string, number>;
  /** What it has to get still. */
  readonly due: Map<string, string>;
  readonly seen: Set<string>;
  readonly last: Map<string, number>;
}

/**
 * What was published to topics, and what each node saw of it:
 *
 * 1. what is published after a `watch` resolved and before `unwatch` is seen, unless a gap was announced after it was sent;
 * 2. nothing is seen twice, and the messages of one publisher in the order it sent them.
 */
export class InterestLedger {
  readonly #watchers = new Map<string, Watcher>();
  #now = 0;
  #count = 0;
  received = 0;
  gaps = 0;

  watched(node: string, pattern: string): void {
    this.#watcher(node).since.set(pattern, ++this.#now);
  }

  /** What it has not seen by now it may never see. */
  unwatched(node: string, pattern: string): void {
    const watcher = this.#watcher(node);
    watcher.since.delete(pattern);
    for (const [id, topic] of watcher.due) if (!isWanted(watcher, topic, Infinity)) watcher.due.delete(id);
  }

  publishing(publisher: string): { readonly id: string; readonly at: number } {
    const number = ++this.#count;
    return { id: `${publisher}.${number}`, at: ++this.#now };
  }

  /** Published for certain; it was begun at `at`. */
  published(id: string, topic: string, at: number): void {
    for (const watcher of this.#watchers.values()) {
      if (isWanted(watcher, topic, at) && !watcher.seen.has(id)) watcher.due.set(id, topic);
    }
  }

  seen(node: string, id: string): void {
    const watcher = this.#watcher(node);
    this.received++;
    assert.ok(!watcher.seen.has(id), `${node} saw ${id} twice`);
    const [publisher, number] = id.split('.') as [string, string];
    const last = watcher.last.get(publisher) ?? 0;
    assert.ok(Number(number) > last, `${node} saw ${id} after ${publisher}.${last}`);
    watcher.last.set(publisher, Number(number));
    watcher.seen.add(id);
    watcher.due.delete(id);
  }

  gap(node: string): void {
    this.gaps++;
    const watcher = this.#watcher(node);
    watcher.due.clear();
    // What is on its way by now, and not published for certain yet, may be lost as well.
    for (const pattern of watcher.since.keys()) watcher.since.set(pattern, ++this.#now);
  }

  gone(node: string): void {
    this.#watchers.delete(node);
  }

  /** What nodes still have to see: nothing, after a while. */
  get due(): string[] {
    return [...this.#watchers].flatMap(([node, { due }]) => [...due.keys()].map((id) => `${id} at ${node}`));
  }

  #watcher(node: string): Watcher {
    let watcher = this.#watchers.get(node);
    if (!watcher) this.#watchers.set(node, (watcher = { since: new Map(), due: new Map(), seen: new Set(), last: new Map() }));
    return watcher;
  }
}

function isWanted({ since }: Watcher, topic: string, at: number): boolean {
  for (const [pattern, from] of since) if (from <= at && overlaps(patternWords(pattern), patternWords(topic))) return true;
  return false;
}
