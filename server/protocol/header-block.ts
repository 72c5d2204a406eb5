import { unescapeHeader } from './escaping.ts';
import { Headers } from './frame.ts';
import { emptyHeaderName, missingColon, undefinedEscape } from './frame-errors.ts';
import { HEADER } from './header-names.ts';
import type { ProtocolError } from './protocol-error.ts';
import { negotiateVersion, type Version } from './version.ts';

const LF = 0x0a;
const CR = 0x0d;

/**
 * Up to here the block becomes one string that all names and values are slices of, which is much the fastest. A slice
 * keeps the whole string alive, though, so from a larger block a kept destination could hold on to megabytes.
 */
const SHARED_TEXT_BYTES = 2048;

/**
 * Reads a complete header block: lines, each with its LF, without the blank line at the end. Returns the pairs, decoded
 * as `version` says (undefined = not negotiated yet, read like 1.0). Octets that are not UTF-8 become U+FFFD.
 */
export function readHeaderBlock(
  command: string,
  bytes: Buffer,
  start: number,
  end: number,
  version: Version | undefined,
): string[] | ProtocolError {
  const pairs: string[] = [];
  const error =
    end - start <= SHARED_TEXT_BYTES
      ? splitLines(command, bytes.toString('utf8', start, end), pairs)
      : splitLongBlock(command, bytes, start, end, pairs);
  if (error !== undefined) return error;
  // STOMP 1.2, Value Encoding: no escapes on CONNECT; and 1.0 knows none.
  if (command === 'CONNECT' || command === 'STOMP') trimConnect(pairs);
  else if (version === undefined || version === '1.0') trimValues(pairs);
  else return unescapePairs(command, pairs, version) ?? pairs;
  return pairs;
}

/** Splits lines at their first colon and puts the raw pairs at the end of `pairs`. */
function splitLines(command: string, text: string, pairs: string[]): ProtocolError | undefined {
  let lineStart = 0;
  while (lineStart < text.length) {
    const lineEnd = text.indexOf('\n', lineStart);
    const colon = text.indexOf(':', lineStart);
    if (colon < 0 || colon > lineEnd) return missingColon(command, pairs.length / 2 + 1);
    if (colon === lineStart) return emptyHeaderName(command, pairs.length / 2 + 1);
    // CRLF ends a line in every version: at CONNECT none is known yet, and old clients write it in 1.0 and 1.1 too.
    const valueEnd = text.charCodeAt(lineEnd - 1) === CR ? lineEnd - 1 : lineEnd;
    pairs.push(text.slice(lineStart, colon), text.slice(colon + 1, valueEnd));
    lineStart = lineEnd + 1;
  }
  return undefined;
}

function splitLongBlock(
  command: string,
  bytes: Buffer,
  start: number,
  end: number,
  pairs: string[],
): ProtocolError | undefined {
  let lineStart = start;
  while (lineStart < end) {
    const next = bytes.indexOf(LF, lineStart) + 1;
    const error = splitLines(command, bytes.toString('utf8', lineStart, next), pairs);
    if (error !== undefined) return error;
    lineStart = next;
  }
  return undefined;
}

function unescapePairs(command: string, pairs: string[], version: Version): ProtocolError | undefined {
  for (let i = 0; i < pairs.length; i++) {
    const text = unescapeHeader(pairs[i]!, version);
    if (text === undefined) return undefinedEscape(command, pairs[i - (i % 2)]!, version);
    pairs[i] = text;
  }
  return undefined;
}

/** STOMP 1.0's own examples are padded. */
function trimValues(pairs: string[]): void {
  for (let i = 1; i < pairs.length; i += 2) pairs[i] = trimBlanks(pairs[i]!);
}

/** Clients pad CONNECT whatever they speak. Only a passcode may mean its blanks, where 1.1 or later is offered. */
function trimConnect(pairs: string[]): void {
  const offered = negotiateVersion(new Headers(pairs).get(HEADER.acceptVersion));
  const isPasscodeKept = offered === '1.1' || offered === '1.2';
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    if (!isPasscodeKept || pairs[i] !== HEADER.passcode) pairs[i + 1] = trimBlanks(pairs[i + 1]!);
  }
}

function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(unit: number): boolean {
  return unit === 0x20 || unit === 0x09;
}
