import { Ranges, type Range } from '../lib/ranges.ts';

/** Of each priority; more holes in what was looked at are closed, and looked at again. */
const MAX_RANGES = 64;

/**
 * What a selector has not looked at yet of a queue, for each priority as numbers of messages: at first everything, then what
 * stands behind the last one it came to, and what was put back before that since. So what does not match is looked at once,
 * and again only when it was away.
 */
export class Unseen {
  readonly #byPriority: (Ranges | undefined)[] = [];

  of(priority: number): Ranges {
    return (this.#byPriority[priority] ??= new Ranges(MAX_RANGES));
  }

  /** The lowest numbers not looked at of a priority. */
  first(priority: number): Range | undefined {
    return this.of(priority).first;
  }

  /** A message was put at rest, at the end of the queue or before it. */
  add(priority: number, seq: number): void {
    this.#byPriority[priority]?.add(seq);
  }

  /** As `add`, of whichever priority they are. */
  addToAll(from: number, to: number): void {
    for (const ranges of this.#byPriority) ranges?.add(from, to);
  }

  /** Of each priority of which not everything is unseen: priority, from, to (`inf`), one range after the other. */
  ranges(): (string | number)[] {
    const listed: (string | number)[] = [];
    for (const [priority, ranges] of this.#byPriority.entries()) {
      for (let i = 0; i < (ranges?.count ?? 0); i++) {
        const { from, to } = ranges!.at(i)!;
        listed.push(priority, from, to === Infinity ? 'inf' : to);
      }
    }
    return listed;
  }

  /** Everything up to this number was looked at. */
  passed(priority: number, seq: number): void {
    this.of(priority).dropThrough(seq);
  }
}
