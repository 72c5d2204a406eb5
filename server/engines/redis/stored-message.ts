import { messageBytes, type Message } from '../../broker/message.ts';
import { decodeMessageRecord, encodeMessageRecord } from '../../broker/message-record.ts';
import type { LogPosition } from '../../broker/engine.ts';

const SIZE_BYTES = 4;

/** As a queue keeps it: u32 what it counts in byte caps (little endian), then its record. */
export function encodeStored(message: Message): Buffer {
  const stored = encodeMessageRecord(message, SIZE_BYTES);
  stored.writeUInt32LE(messageBytes(message), 0);
  return stored;
}

export const decodeStored = (stored: Buffer): Message => decodeMessageRecord(stored.subarray(SIZE_BYTES));

/** A topic message as it goes to the inboxes. */
export interface TopicEntry {
  readonly topic: string;
  readonly message: Message;
  readonly position: LogPosition | undefined;
}

const NO_POSITION = 0;
const WITH_POSITION = 1;
/** Length of what follows, length of the topic. */
const ENTRY_HEAD_BYTES = 6;

/**
 * What goes to the inboxes. Little endian; a position is put in by the script that gives it.
 *
 *     u8 0                                          | u8 1, f64 offset, u8 length, epoch
 *     u32 octets that follow, u16 length, topic, record
 */
export function encodeEntry(topic: string, message: Message): Buffer {
  const topicBytes = Buffer.byteLength(topic);
  const entry = encodeMessageRecord(message, 1 + ENTRY_HEAD_BYTES + topicBytes);
  entry[0] = NO_POSITION;
  entry.writeUInt32LE(entry.length - 1 - 4, 1);
  entry.writeUInt16LE(topicBytes, 5);
  entry.write(topic, 7);
  return entry;
}

/** Reads entries one behind the other, up to the end. Bodies are views of `octets`. */
export function decodeEntries(octets: Buffer, offset = 0): TopicEntry[] {
  const entries: TopicEntry[] = [];
  for (let at = offset; at < octets.length; ) {
    let position: LogPosition | undefined;
    if (octets[at++] === WITH_POSITION) {
      const length = octets[at + 8]!;
      position = { offset: octets.readDoubleLE(at), epoch: octets.toString('latin1', at + 9, at + 9 + length) };
      at += 9 + length;
    }
    const end = at + 4 + octets.readUInt32LE(at);
    entries.push({ ...decodeLogRecord(octets.subarray(at, end)), position });
    at = end;
  }
  return entries;
}

/** An entry without its first octet: what a topic's log keeps. */
export function decodeLogRecord(record: Buffer): { readonly topic: string; readonly message: Message } {
  const topicEnd = ENTRY_HEAD_BYTES + record.readUInt16LE(4);
  return {
    topic: record.toString('utf8', ENTRY_HEAD_BYTES, topicEnd),
    message: decodeMessageRecord(record.subarray(topicEnd)),
  };
}
