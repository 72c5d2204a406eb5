import type { Entry, Note, Said } from './room.ts';
import { dayKey, dayText } from './time-text.ts';

/** What stands in a room's log, top to bottom. Keys are unique in a log and stay with their line. */
export type Line =
  | { readonly kind: 'day'; readonly key: string; readonly text: string }
  /** `isContinued`: follows a message of the same author closely, so the author need not be named again. */
  | { readonly kind: 'said'; readonly key: string; readonly said: Said; readonly isContinued: boolean }
  | { readonly kind: 'note'; readonly key: string; readonly note: Note };

const CLOSE_MS = 5 * 60_000;

export function layOut(entries: readonly Entry[], now: number, timeZone?: string): Line[] {
  const lines: Line[] = [];
  let day = '';
  let before: Entry | undefined;
  for (const entry of entries) {
    const entryDay = dayKey(entry.at, timeZone);
    if (entryDay !== day) {
      day = entryDay;
      // The first entry's id tells apart the same day met twice, after a clock was set back.
      lines.push({ kind: 'day', key: `day ${day} ${entry.id}`, text: dayText(entry.at, now, undefined, timeZone) });
      before = undefined;
    }
    if (entry.kind === 'note') lines.push({ kind: 'note', key: entry.id, note: entry });
    else lines.push({ kind: 'said', key: entry.id, said: entry, isContinued: continues(before, entry) });
    before = entry;
  }
  return lines;
}

function continues(before: Entry | undefined, said: Said): boolean {
  if (before?.kind !== 'said') return false;
  const { author } = before;
  return author.id === said.author.id && author.name === said.author.name && Math.abs(said.at - before.at) < CLOSE_MS;
}
