import type { LogHead } from '../state/topic-logs-restore.ts';
import { EFFECT } from './batch-format.ts';
import type { LogStanding, Standing } from './batch-writer.ts';

/** Who is told what a batch did. */
export interface EffectReader {
  /** `at` is where in the payload the message stands: its length, then its record. */
  put(queue: string, standing: Standing, at: number): void;
  drop(queue: string, seq: number): void;
  count(queue: string, seq: number, failures: number, recoveries: number): void;
  postpone(queue: string, seq: number, dueAt: number): void;
  dropQueue(queue: string): void;
  suspectAll(): void;
  /** `at` as for `put`. */
  logPut(log: LogHead, standing: LogStanding, at: number): void;
  /** `at` is where in the payload the end of its window stands. */
  use(key: string, expiresAt: number, at: number): void;
}

/** Reads the effects of a batch in their order; returns the last number given to a message. Throws if it makes no sense. */
export function readBatch(payload: Buffer, reader: EffectReader): number {
  const lastSeq = payload.readDoubleLE(0);
  let queue = '';
  let log: LogHead = { topic: '', epoch: '', bounds: { maxMessages: 0, maxAgeMs: 0 } };
  let at = 8;
  while (at < payload.length) {
    const effect = payload[at++]!;
    switch (effect) {
      case EFFECT.queue: {
        const end = at + 2 + payload.readUInt16LE(at);
        queue = payload.toString('utf8', at + 2, end);
        at = end;
        break;
      }
      case EFFECT.put: {
        const standing = {
          seq: payload.readDoubleLE(at),
          failures: payload.readUInt16LE(at + 8),
          recoveries: payload.readUInt16LE(at + 10),
          bytes: payload.readUInt32LE(at + 12),
        };
        reader.put(queue, standing, at + 16);
        at += 20 + payload.readUInt32LE(at + 16);
        break;
      }
      case EFFECT.drop:
        reader.drop(queue, payload.readDoubleLE(at));
        at += 8;
        break;
      case EFFECT.count:
        reader.count(queue, payload.readDoubleLE(at), payload.readUInt16LE(at + 8), payload.readUInt16LE(at + 10));
        at += 12;
        break;
      case EFFECT.postpone:
        reader.postpone(queue, payload.readDoubleLE(at), payload.readDoubleLE(at + 8));
        at += 16;
        break;
      case EFFECT.dropQueue:
        reader.dropQueue(queue);
        break;
      case EFFECT.suspectAll:
        reader.suspectAll();
        break;
      case EFFECT.log: {
        const topicEnd = at + 2 + payload.readUInt16LE(at);
        const end = topicEnd + 1 + payload[topicEnd]!;
        const bounds = { maxMessages: payload.readDoubleLE(end), maxAgeMs: payload.readDoubleLE(end + 8) };
        log = { topic: payload.toString('utf8', at + 2, topicEnd), epoch: payload.toString('latin1', topicEnd + 1, end), bounds };
        at = end + 16;
        break;
      }
      case EFFECT.logPut: {
        const standing = {
          offset: payload.readDoubleLE(at),
          at: payload.readDoubleLE(at + 8),
          bytes: payload.readUInt32LE(at + 16),
        };
        reader.logPut(log, standing, at + 20);
        at += 24 + payload.readUInt32LE(at + 20);
        break;
      }
      case EFFECT.use: {
        const end = at + 9 + payload[at + 8]!;
        reader.use(payload.toString('utf8', at + 9, end), payload.readDoubleLE(at), at);
        at = end;
        break;
      }
      default:
        throw new Error(`expected an effect between 1 and 10, got ${effect}: a later release wrote it?`);
    }
  }
  return lastSeq;
}
