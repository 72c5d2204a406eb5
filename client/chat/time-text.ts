/** Words for moments and spans, in the reader's own zone unless one is given. Moments are ms since the epoch, spans ms. */

/** Making a formatter costs far more than using it, and a log asks for three of them with every line. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(style: Intl.DateTimeFormatOptions, locale: string | undefined, timeZone: string | undefined): Intl.DateTimeFormat {
  const key = `${locale ?? ''} ${timeZone ?? ''} ${Object.entries(style).flat().join(' ')}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(locale, { ...style, timeZone });
    formats.set(key, format);
  }
  return format;
}

export function clockText(at: number, locale?: string, timeZone?: string): string {
  return formatOf({ timeStyle: 'short' }, locale, timeZone).format(at);
}

export function fullText(at: number, locale?: string, timeZone?: string): string {
  return formatOf({ dateStyle: 'full', timeStyle: 'medium' }, locale, timeZone).format(at);
}

/** `Today`, `Yesterday`, or the date. */
export function dayText(at: number, now: number, locale?: string, timeZone?: string): string {
  const day = dayKey(at, timeZone);
  if (day === dayKey(now, timeZone)) return 'Today';
  if (day === dayKey(now - 86_400_000, timeZone)) return 'Yesterday';
  return formatOf({ dateStyle: 'long' }, locale, timeZone).format(at);
}

/** The calendar day as a text that only serves to compare. */
export function dayKey(at: number, timeZone?: string): string {
  return formatOf({ year: 'numeric', month: '2-digit', day: '2-digit' }, 'en-CA', timeZone).format(at);
}

/** Rounded down, in one unit: `under 1 s`, `12 s`, `3 min`, `2 h`, `5 d`. */
export function spanText(spanMs: number): string {
  const seconds = Math.floor(spanMs / 1_000);
  if (seconds < 1) return 'under 1 s';
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** Counts in small badges stay small. */
export function countText(count: number): string {
  return count > 99 ? '99+' : String(count);
}
