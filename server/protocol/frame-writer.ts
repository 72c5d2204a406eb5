import { isUtf8 } from 'node:buffer';
import { HEADER } from './header-names.ts';
import { escapeHeader, singleLine, singleName } from './escaping.ts';
import type { Version } from './version.ts';
import { HEADROOM, WireFrame } from './wire-frame.ts';

/**
 * Frames to octets, in the receiver's version: escaped where the version can (never on CONNECTED), made harmless where
 * it cannot. A header with an empty value is left out for 1.0, whose grammar has none and whose clients fail on it;
 * from 1.1 on it is sent as `name:`.
 */

/** Bodies up to here are copied behind their headers: one buffer to write is cheaper than three. */
const MAX_COPIED_BODY_BYTES = 4096;

const NUL = Buffer.from([0]);

/** What all MESSAGE frames of one message in one version have in common, encoded once. */
export interface MessageTail {
  /** Shared headers, `content-length`, the blank line; a small body and its NUL too. */
  readonly shared: Buffer;
  /** A large body and its NUL, as they stand. */
  readonly parts: readonly Buffer[] | undefined;
  readonly isText: boolean;
}

/** Encodes CONNECTED, RECEIPT or ERROR. ERROR always says its `content-length`, the others never have a body. */
export function encodeFrame(version: Version, command: string, pairs: readonly string[], body?: Buffer): WireFrame {
  const lines = command === 'CONNECTED' ? plainLines(version, pairs) : headerLines(version, pairs);
  const length = body === undefined ? 0 : body.length;
  const end = length > 0 || command === 'ERROR' ? `${HEADER.contentLength}:${length}\n\n` : '\n';
  const head = `${command}\n${lines}${end}`;
  const headBytes = Buffer.byteLength(head);
  if (body === undefined || length <= MAX_COPIED_BODY_BYTES) {
    const buffer = Buffer.allocUnsafe(HEADROOM + headBytes + length + 1);
    buffer.write(head, HEADROOM);
    if (body !== undefined) body.copy(buffer, HEADROOM + headBytes);
    buffer[buffer.length - 1] = 0;
    return new WireFrame(buffer, body === undefined || isUtf8(body));
  }
  const buffer = Buffer.allocUnsafe(HEADROOM + headBytes);
  buffer.write(head, HEADROOM);
  return new WireFrame(buffer, isUtf8(body), [body, NUL]);
}

/** Encodes what every receiver of that version shares. `pairs` are all headers but the ones of a single delivery. */
export function messageTail(
  version: Version,
  pairs: readonly string[],
  body: Buffer,
  bodyIsText: boolean,
): MessageTail {
  const head = `${headerLines(version, pairs)}${HEADER.contentLength}:${body.length}\n\n`;
  const headBytes = Buffer.byteLength(head);
  if (body.length > MAX_COPIED_BODY_BYTES) return { shared: Buffer.from(head), parts: [body, NUL], isText: bodyIsText };
  const shared = Buffer.allocUnsafe(headBytes + body.length + 1);
  shared.write(head);
  body.copy(shared, headBytes);
  shared[shared.length - 1] = 0;
  return { shared, parts: undefined, isText: bodyIsText };
}

/**
 * Encodes one MESSAGE. `subscription` is the receiver's id for it, undefined for a 1.0 client that gave none;
 * `perDelivery` are the headers of this delivery alone (`ack`, `redelivered`, …).
 */
export function encodeMessage(
  version: Version,
  subscription: string | undefined,
  perDelivery: readonly string[],
  tail: MessageTail,
): WireFrame {
  let head = 'MESSAGE\n';
  if (subscription !== undefined) head += headerLine(version, HEADER.subscription, subscription);
  if (perDelivery.length > 0) head += headerLines(version, perDelivery);
  const headBytes = Buffer.byteLength(head);
  const { shared } = tail;
  const buffer = Buffer.allocUnsafe(HEADROOM + headBytes + shared.length);
  buffer.write(head, HEADROOM);
  buffer.set(shared, HEADROOM + headBytes);
  return new WireFrame(buffer, tail.isText, tail.parts);
}

function headerLines(version: Version, pairs: readonly string[]): string {
  let lines = '';
  for (let i = 0; i + 1 < pairs.length; i += 2) lines += headerLine(version, pairs[i]!, pairs[i + 1]!);
  return lines;
}

function headerLine(version: Version, name: string, value: string): string {
  if (version === '1.0') return plainLine(version, name, value);
  return `${escapeHeader(name, version)}:${escapeHeader(value, version)}\n`;
}

function plainLines(version: Version, pairs: readonly string[]): string {
  let lines = '';
  for (let i = 0; i + 1 < pairs.length; i += 2) lines += plainLine(version, pairs[i]!, pairs[i + 1]!);
  return lines;
}

function plainLine(version: Version, name: string, value: string): string {
  if (version === '1.0' && value === '') return '';
  return `${singleName(name)}:${singleLine(value)}\n`;
}
