/** Who speaks: the id tells two people of one name apart. */
export interface Author {
  readonly id: string;
  readonly name: string;
}

/** In characters as people count them, or nearly so. */
export const MAX_NAME_LENGTH = 32;
export const HUE_COUNT = 8;

/** One line, no control characters, no outer or double spaces, bounded; '' when nothing is left. */
export function cleanName(text: string): string {
  const line = text.normalize('NFC').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, (run) => (/\s/u.test(run) ? ' ' : ''));
  return [...line.trim()].slice(0, MAX_NAME_LENGTH).join('').trim();
}

/** A colour of the palette that stays with a name: 0 up to `HUE_COUNT` - 1. */
export function hueOf(name: string): number {
  let hash = 2_166_136_261;
  for (const character of name.toLowerCase()) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16_777_619);
  return (hash >>> 0) % HUE_COUNT;
}

/** One or two letters for a round badge. */
export function initialsOf(name: string): string {
  const words = name.split(' ').filter((word) => word !== '');
  const first = words[0] ?? '';
  const last = words.length > 1 ? (words.at(-1) ?? '') : '';
  return (firstLetter(first) + firstLetter(last)).toUpperCase();
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

function firstLetter(word: string): string {
  for (const { segment } of graphemes.segment(word)) return segment;
  return '';
}

const MANNERS = ['Quiet', 'Merry', 'Swift', 'Gentle', 'Bold', 'Calm', 'Bright', 'Curious'];
const BEASTS = ['Bison', 'Zebra', 'Ibex', 'Gazelle', 'Elk', 'Oryx', 'Yak', 'Wildebeest'];

/** A friendly name for those who give none. */
export function suggestName(random: () => number): string {
  const pick = (words: readonly string[]): string => words[Math.floor(random() * words.length)] ?? '';
  return `${pick(MANNERS)} ${pick(BEASTS)}`;
}
