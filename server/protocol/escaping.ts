import type { Version } from './version.ts';

/**
 * How an octet that would end a line stands in a header. Frames of 1.0 know no escapes at all, nor do CONNECT and
 * CONNECTED in any version; 1.1 knows `\n` `\c` `\\`; 1.2 knows `\r` as well (Value Encoding).
 *
 * What a version cannot represent becomes a blank on the way out: a header written by one client must never be read
 * as two by another. That is LF, CR and NUL without escapes, CR and NUL in 1.1, NUL in 1.2.
 */

const BACKSLASH = 0x5c;

/**
 * Decodes a header's name or value. One pass, so that `\\r` is a backslash and an "r". Returns undefined when an escape
 * is not defined in that version, a lone backslash at the end included: fatal in 1.1 and 1.2.
 */
export function unescapeHeader(text: string, version: Version): string | undefined {
  if (version === '1.0') return text;
  let at = text.indexOf('\\');
  if (at < 0) return text;
  let decoded = '';
  let copied = 0;
  while (at >= 0) {
    const octet = decodeEscape(text.charCodeAt(at + 1), version);
    if (octet === undefined) return undefined;
    decoded += text.slice(copied, at) + octet;
    copied = at + 2;
    at = text.indexOf('\\', copied);
  }
  return decoded + text.slice(copied);
}

/** `letter` is what follows the backslash; NaN at the end of the text. */
function decodeEscape(letter: number, version: Version): string | undefined {
  if (letter === 0x6e) return '\n';
  if (letter === 0x63) return ':';
  if (letter === BACKSLASH) return '\\';
  if (letter === 0x72 && version === '1.2') return '\r';
  return undefined;
}

/** Encodes a header's name or value for a receiver of that version. Whatever comes in, one line comes out. */
export function escapeHeader(text: string, version: Version): string {
  if (version === '1.0') return singleLine(text);
  return SPECIAL.test(text) ? text.replace(EVERY_SPECIAL, (octet) => encodeOctet(octet, version)) : text;
}

/** For frames without escapes: a text that cannot end its own line. */
export function singleLine(text: string): string {
  return LINE_BREAKING.test(text) ? text.replace(EVERY_LINE_BREAKING, ' ') : text;
}

/** For frames without escapes: a name that cannot end its own line, nor begin its value early. */
export function singleName(text: string): string {
  return NAME_BREAKING.test(text) ? text.replace(EVERY_NAME_BREAKING, ' ') : text;
}

const SPECIAL = /[\0\n\r:\\]/;
const EVERY_SPECIAL = /[\0\n\r:\\]/g;
const LINE_BREAKING = /[\0\n\r]/;
const EVERY_LINE_BREAKING = /[\0\n\r]/g;
const NAME_BREAKING = /[\0\n\r:]/;
const EVERY_NAME_BREAKING = /[\0\n\r:]/g;

function encodeOctet(octet: string, version: Version): string {
  if (octet === '\n') return '\\n';
  if (octet === ':') return '\\c';
  if (octet === '\\') return '\\\\';
  if (octet === '\r' && version === '1.2') return '\\r';
  return ' ';
}
