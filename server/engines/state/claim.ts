import type { ConsumerWant } from '../../broker/engine.ts';
import type { Entry } from './entry.ts';
import type { Queue } from './queue.ts';

export interface Taken<Stored> {
  readonly entries: readonly TakenEntry<Stored>[];
  /** The bytes ran out before the credit and the entries did: whoever claimed should be told to come again. */
  readonly hasMore: boolean;
}

export interface TakenEntry<Stored> {
  readonly entry: Entry<Stored>;
  /** Index of the want it goes to. */
  readonly want: number;
}

/**
 * Claims entries in queue order and deals them out to the wants in turn, one each, until credit, entries or bytes run
 * out; the first entry is given whatever its size, or a large one would block the queue for ever.
 */
export function serveInTurn<Stored>(
  queue: Queue<Stored> | undefined,
  wants: readonly ConsumerWant[],
  maxBytes: number,
): Taken<Stored> {
  const entries: TakenEntry<Stored>[] = [];
  if (queue === undefined) return { entries, hasMore: false };
  const credits = wants.map((want) => want.credit);
  let wanting = credits.reduce((count, credit) => count + (credit > 0 ? 1 : 0), 0);
  let room = Infinity;
  for (let want = 0; wanting > 0; want = want + 1 === credits.length ? 0 : want + 1) {
    const credit = credits[want]!;
    if (credit <= 0) continue;
    const entry = queue.claim(room);
    if (!entry) break;
    entries.push({ entry, want });
    room = (entries.length === 1 ? maxBytes : room) - entry.bytes;
    credits[want] = credit - 1;
    if (credit === 1) wanting--;
  }
  return { entries, hasMore: wanting > 0 && queue.ready.length > 0 };
}
