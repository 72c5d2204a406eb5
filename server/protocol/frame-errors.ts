import { CLIENT_COMMANDS } from './commands.ts';
import type { FrameLimits } from './limits.ts';
import type { ProtocolError } from './protocol-error.ts';
import type { Version } from './version.ts';

/**
 * The catalogue of what can be wrong with a frame's octets. Header values are not repeated in a detail (one of them is
 * a passcode) unless they should be counts; what is repeated stands there in a short, printable form.
 */
const error = (message: string, code: string, detail: string): ProtocolError => ({ message, code, detail });

/** `octets` is what came instead of a command, as far as it was read. */
export const unknownCommand = (octets: Buffer): ProtocolError =>
  error(
    'Bad command',
    'unknown-command',
    `a frame begins with one of ${CLIENT_COMMANDS.join(', ')}; got ${quoted(octets.toString('latin1'))}`,
  );

export const frameTooLarge = (command: string | undefined, limits: FrameLimits): ProtocolError =>
  error(
    'Frame too large',
    'frame-too-large',
    `${command ?? 'a frame'} may have at most ${limits.maxFrameBytes} octets at this point`,
  );

export const tooManyHeaders = (command: string, limits: FrameLimits): ProtocolError =>
  error('Too many headers', 'too-many-headers', `${command} may have at most ${limits.maxHeaders} headers`);

export const headerTooLong = (command: string, line: number, limits: FrameLimits): ProtocolError =>
  error(
    'Header too long',
    'header-too-long',
    `${command}, header ${line}: a header may have at most ${limits.maxHeaderLineBytes} octets`,
  );

export const nulInHeader = (command: string, line: number): ProtocolError =>
  error(
    'Bad header',
    'nul-in-header',
    `${command}, header ${line}: expected a header or the blank line that ends them, got NUL`,
  );

export const missingColon = (command: string, line: number): ProtocolError =>
  error('Bad header', 'missing-colon', `${command}, header ${line}: expected name:value, got a line without a colon`);

export const emptyHeaderName = (command: string, line: number): ProtocolError =>
  error(
    'Bad header',
    'empty-header-name',
    `${command}, header ${line}: expected name:value, got nothing before the colon`,
  );

export const undefinedEscape = (command: string, name: string, version: Version): ProtocolError =>
  error(
    'Undefined escape',
    'undefined-escape',
    `${command}, header ${quoted(name)}: after a backslash STOMP ${version} knows only ${version === '1.2' ? 'n, c, r' : 'n, c'} and \\`,
  );

export const badContentLength = (command: string, value: string): ProtocolError =>
  error(
    'Bad content-length',
    'bad-content-length',
    `${command}: expected content-length to be a count of octets, got ${quoted(value)}`,
  );

export const missingBodyTerminator = (command: string, bodyBytes: number, octet: number): ProtocolError =>
  error(
    'Missing body terminator',
    'missing-body-terminator',
    `${command}: expected NUL after the ${bodyBytes} octets of content-length, got octet 0x${octet.toString(16).padStart(2, '0')}`,
  );

export const badHeartBeat = (value: string): ProtocolError =>
  error(
    'Bad heart-beat',
    'bad-heart-beat',
    `expected heart-beat to be two counts of milliseconds, like 10000,10000; got ${quoted(value)}`,
  );

/** Short and printable: what a stranger sent may end in a log and in a terminal. */
function quoted(text: string): string {
  const printable = text.slice(0, 40).replace(/\p{C}/gu, '?');
  return `"${printable}${text.length > 40 ? '…' : ''}"`;
}
