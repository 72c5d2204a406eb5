import type { ConsumerWant } from '../../broker/engine.ts';
import type { Message } from '../../broker/message.ts';
import { Turns } from '../turns.ts';
import type { Entry } from './entry.ts';
import type { Taker } from './groups.ts';
import type { DeadEntry, Queue } from './queue.ts';

export interface Taken<Stored> {
  readonly entries: readonly TakenEntry<Stored>[];
  /** Whoever claimed should be told to come again: the bytes ran out first, or something was parked for a consumer that did not claim. */
  readonly hasMore: boolean;
  /** Messages that were read for selectors. */
  readonly messageOf?: (entry: Entry<Stored>) => Message | undefined;
}

export interface TakenEntry<Stored> {
  readonly entry: Entry<Stored>;
  /** Index of the want it goes to. */
  readonly want: number;
  readonly isFirstOfGroup: boolean;
}

export const hasSelector = (wants: readonly ConsumerWant[]): boolean => wants.some(({ selector }) => selector !== undefined);

/** What one claim parks at most. */
export const PARKED_BITE = 4096;
export const NOBODY = -1;

/** A dead entry that is held now. */
export interface TakenDead<Stored> extends DeadEntry<Stored> {
  readonly queue: Queue<Stored>;
}

/**
 * Claims entries in queue order and deals them out to the wants in turn, one each, until credit, entries or bytes run
 * out; the first entry is given whatever its size, or a large one would block the queue for ever.
 *
 * The entry comes first, then the question who takes it: whatever decides about one entry (where it belongs, whom it
 * fits) stands between the two.
 */
export function serveInTurn<Stored>(
  queue: Queue<Stored> | undefined,
  wants: readonly ConsumerWant[],
  maxBytes: number,
): Taken<Stored> {
  const entries: TakenEntry<Stored>[] = [];
  if (queue === undefined) return { entries, hasMore: false };
  const turns = new Turns(wants);
  queue.openFor(wants);
  let room = Infinity;
  let parked = 0;
  let isOwnerAway = false;
  for (let entry = queue.first(); entry && turns.left > 0; entry = queue.first()) {
    if (entry.bytes > room) return { entries, hasMore: true };
    const taker = entry.terms.group === '' ? undefined : queue.takerOf(entry);
    const want = taker ? wantOfGroup(taker, turns) : turns.next();
    if (want === NOBODY) {
      isOwnerAway ||= taker?.kind === 'owner' && !wants.some(({ consumer = '' }) => consumer === taker.consumer);
      queue.park(entry);
      if (++parked === PARKED_BITE) return { entries, hasMore: true };
      continue;
    }
    entries.push({ entry, want, isFirstOfGroup: queue.hold(entry, wants[want]!.consumer ?? '') });
    room = (entries.length === 1 ? maxBytes : room) - entry.bytes;
  }
  return { entries, hasMore: isOwnerAway };
}

function wantOfGroup(taker: Taker, turns: Turns): number {
  if (taker.kind === 'anyone') return turns.next();
  return taker.kind === 'owner' ? turns.serveConsumer(taker.consumer) : NOBODY;
}
