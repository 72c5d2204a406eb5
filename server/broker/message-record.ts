import { DEFAULT_PRIORITY, type Message } from './message.ts';

/**
 * A message as it is stored, the same octets in every engine. Little endian; texts are UTF-8 with their length in octets.
 *
 *     0   u8     format version: 2 if it has a key for last values, else 1
 *     1   u8     flags: 1 = the body is valid UTF-8, 2 = all texts are ASCII, 4 = it has terms: one of priority, expiresAt,
 *                dueAt, group and lastValue is not what it usually is, so whoever keeps queues has to look at them
 *     2   u8     priority
 *     3   f64    timestamp, ms since the epoch
 *     11  f64    expiresAt, 0 = never
 *     19  f64    dueAt, 0 = at once
 *     27  u32    octets of the body
 *     31  u32    octets of all texts together
 *     35  n      how many texts, then the length of each (LEB128: seven bits an octet, low ones first)
 *         texts  id, destination, group, origin, in format 2 lastValue, then header names and values in turn
 *         body
 *
 * The texts stand in one block because crossing into native code costs more than the copying: ASCII texts, nearly all
 * there are, are written and read as one string and cut apart here (0.8 µs against 2.2 µs for five headers).
 *
 * Whatever changes this layout gets a new version; a release reads its own and the one before. What needs no other is written
 * in format 1, which a node of the release before reads as well.
 */
const PLAIN_FORMAT = 1;
const KEYED_FORMAT = 2;
const FIXED_BYTES = 35;
const FLAG_TEXT_BODY = 1;
const FLAG_ASCII = 2;
const FLAG_TERMS = 4;
/** Texts before the headers, without the key that format 2 has behind them. */
const OWN_TEXTS = 4;

/** A record that this release cannot read. */
export class MessageRecordError extends Error {
  override readonly name = 'MessageRecordError';
}

/** A record of its own, with `headroom` octets before it for the caller to fill. */
export function encodeMessageRecord(message: Message, headroom = 0): Buffer {
  const plan = planRecord(message);
  const record = Buffer.allocUnsafe(headroom + plan.bytes);
  writeRecord(message, plan, record, headroom);
  return record;
}

/** Writes the record at `offset` and returns where it ends; -1 if it does not fit, and nothing is written. */
export function encodeInto(message: Message, target: Buffer, offset: number): number {
  const plan = planRecord(message);
  if (offset + plan.bytes > target.length) return -1;
  writeRecord(message, plan, target, offset);
  return offset + plan.bytes;
}

/** The body is a view of the record. Throws a `MessageRecordError` for what is not a record of a version known here. */
export function decodeMessageRecord(record: Buffer): Message {
  const version = record[0];
  if (version !== PLAIN_FORMAT && version !== KEYED_FORMAT) {
    throw new MessageRecordError(`expected a message record of format ${PLAIN_FORMAT} or ${KEYED_FORMAT}, got ${version ?? 'nothing'}; a later release wrote it?`);
  }
  if (record.length <= FIXED_BYTES) throw cutShort(record);
  const flags = record[1]!;
  const bodyBytes = record.readUInt32LE(27);
  const textBytes = record.readUInt32LE(31);
  const cursor = { at: FIXED_BYTES };
  const ownTexts = version === KEYED_FORMAT ? OWN_TEXTS + 1 : OWN_TEXTS;
  const lengths = readLengths(record, cursor, ownTexts);
  const bodyAt = cursor.at + textBytes;
  if (bodyAt + bodyBytes > record.length) throw cutShort(record);
  const texts = readTexts(record, cursor.at, textBytes, lengths, (flags & FLAG_ASCII) !== 0);
  const [id, destination, group, origin] = texts;
  return {
    id: id!,
    destination: destination!,
    headers: texts.slice(ownTexts),
    body: record.subarray(bodyAt, bodyAt + bodyBytes),
    isText: (flags & FLAG_TEXT_BODY) !== 0,
    timestamp: record.readDoubleLE(3),
    priority: record[2]!,
    expiresAt: record.readDoubleLE(11),
    dueAt: record.readDoubleLE(19),
    group: group!,
    lastValue: version === KEYED_FORMAT ? texts[OWN_TEXTS]! : '',
    origin: origin!,
  };
}

/** What has to be known before the first octet can be written. */
interface RecordPlan {
  readonly texts: readonly string[];
  /** Octets of each. */
  readonly lengths: readonly number[];
  /** All of them one after the other. */
  readonly joined: string;
  /** Joined and one by one they have the same octets: not so where two halves of a surrogate pair meet. */
  readonly isJoinable: boolean;
  readonly isAscii: boolean;
  readonly textBytes: number;
  readonly bytes: number;
}

function planRecord(message: Message): RecordPlan {
  const { id, destination, group, origin, lastValue, headers, body } = message;
  const texts = lastValue === '' ? [id, destination, group, origin, ...headers] : [id, destination, group, origin, lastValue, ...headers];
  const joined = texts.join('');
  const joinedBytes = Buffer.byteLength(joined);
  const isAscii = joinedBytes === joined.length;
  const lengths = texts.map((text) => (isAscii ? text.length : Buffer.byteLength(text)));
  let textBytes = 0;
  let bytes = FIXED_BYTES + lengthBytes(texts.length) + body.length;
  for (const length of lengths) {
    textBytes += length;
    bytes += lengthBytes(length);
  }
  return { texts, lengths, joined, isJoinable: textBytes === joinedBytes, isAscii, textBytes, bytes: bytes + textBytes };
}

/** What a queue has to know of the message whose record begins at `offset`; undefined where nothing of it is unusual. */
export function readRecordTerms(octets: Buffer, offset: number): Pick<Message, 'priority' | 'dueAt' | 'expiresAt' | 'group' | 'lastValue'> | undefined {
  if ((octets[offset + 1]! & FLAG_TERMS) === 0) return undefined;
  const [group, lastValue] = readOwnKeys(octets, offset);
  return { priority: octets[offset + 2]!, dueAt: octets.readDoubleLE(offset + 19), expiresAt: octets.readDoubleLE(offset + 11), group, lastValue };
}

/** Only group and lastValue, out of the middle of the texts. */
function readOwnKeys(octets: Buffer, offset: number): [group: string, lastValue: string] {
  const cursor = { at: offset + FIXED_BYTES };
  const isKeyed = octets[offset] === KEYED_FORMAT;
  const [id, destination, group, origin, lastValue] = readLengths(octets, cursor, isKeyed ? OWN_TEXTS + 1 : OWN_TEXTS) as [number, number, number, number, number];
  const groupAt = cursor.at + id + destination;
  const keyAt = groupAt + group + origin;
  return [octets.toString('utf8', groupAt, groupAt + group), isKeyed ? octets.toString('utf8', keyAt, keyAt + lastValue) : ''];
}

const hasTerms = ({ priority, expiresAt, dueAt, group, lastValue }: Message): boolean =>
  priority !== DEFAULT_PRIORITY || expiresAt !== 0 || dueAt !== 0 || group !== '' || lastValue !== '';

function writeRecord(message: Message, plan: RecordPlan, target: Buffer, offset: number): void {
  const { body } = message;
  target[offset] = message.lastValue === '' ? PLAIN_FORMAT : KEYED_FORMAT;
  target[offset + 1] = (message.isText ? FLAG_TEXT_BODY : 0) | (plan.isAscii ? FLAG_ASCII : 0) | (hasTerms(message) ? FLAG_TERMS : 0);
  target[offset + 2] = message.priority;
  target.writeDoubleLE(message.timestamp, offset + 3);
  target.writeDoubleLE(message.expiresAt, offset + 11);
  target.writeDoubleLE(message.dueAt, offset + 19);
  target.writeUInt32LE(body.length, offset + 27);
  target.writeUInt32LE(plan.textBytes, offset + 31);
  let at = writeLength(target, offset + FIXED_BYTES, plan.texts.length);
  for (const length of plan.lengths) at = writeLength(target, at, length);
  if (plan.isJoinable) at += target.write(plan.joined, at, plan.isAscii ? 'latin1' : 'utf8');
  else for (const text of plan.texts) at += target.write(text, at);
  body.copy(target, at);
}

function readTexts(record: Buffer, start: number, bytes: number, lengths: readonly number[], isAscii: boolean): string[] {
  const block = isAscii ? record.toString('latin1', start, start + bytes) : '';
  const texts: string[] = [];
  let at = 0;
  for (const length of lengths) {
    texts.push(isAscii ? block.slice(at, at + length) : record.toString('utf8', start + at, start + at + length));
    at += length;
  }
  if (at !== bytes) throw new MessageRecordError(`expected ${bytes} octets of texts, got ${at}; the record is damaged`);
  return texts;
}

function readLengths(record: Buffer, cursor: { at: number }, least: number): number[] {
  const count = readLength(record, cursor);
  if (count < least || cursor.at + count > record.length) throw cutShort(record);
  const lengths: number[] = [];
  for (let i = 0; i < count; i++) lengths.push(readLength(record, cursor));
  return lengths;
}

function readLength(record: Buffer, cursor: { at: number }): number {
  let length = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const octet = record[cursor.at++];
    if (octet === undefined) throw cutShort(record);
    length += (octet & 0x7f) * 2 ** shift;
    if (octet < 0x80) return length;
  }
  throw new MessageRecordError('expected a length of at most five octets; the record is damaged');
}

function writeLength(target: Buffer, offset: number, length: number): number {
  let at = offset;
  let rest = length;
  while (rest >= 0x80) {
    target[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[at++] = rest;
  return at;
}

function lengthBytes(length: number): number {
  let bytes = 1;
  for (let rest = length; rest >= 0x80; rest >>>= 7) bytes++;
  return bytes;
}

function cutShort(record: Buffer): MessageRecordError {
  return new MessageRecordError(`expected a whole message record, got ${record.length} octets of it`);
}
