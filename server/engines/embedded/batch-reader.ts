import type { LogHead } from '../state/topic-logs-restore.ts';
import { EFFECT } from './batch-format.ts';
import type { DurableRecord, TakenRecord } from '../state/durable/durable-restore.ts';
import type { KeptHead, LogStanding, Standing } from './batch-writer.ts';

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
  /** `at` as for `put`, of its JSON; `bytes` of that. */
  subscription(queue: string, record: DurableRecord, at: number, bytes: number): void;
  pull(queue: string, cursor: number, missed: number, taken: readonly TakenRecord[]): void;
  /** `at` as for `put`. */
  keptPut(log: KeptHead, standing: LogStanding, at: number): void;
}

/** Reads the effects of a batch in their order; returns the last number given to a message. Throws if it makes no sense. */
export function readBatch(payload: Buffer, reader: EffectReader): number {
  const lastSeq = payload.readDoubleLE(0);
  let queue = '';
  let log: LogHead = { topic: '', epoch: '', bounds: { maxMessages: 0, maxAgeMs: 0 } };
  let keptLog: KeptHead = { pattern: '', epoch: '' };
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
        reader.logPut(log, readLogStanding(payload, at), at + 20);
        at += 24 + payload.readUInt32LE(at + 20);
        break;
      }
      case EFFECT.subscription: {
        const bytes = payload.readUInt32LE(at);
        reader.subscription(queue, JSON.parse(payload.toString('utf8', at + 4, at + 4 + bytes)) as DurableRecord, at, bytes);
        at += 4 + bytes;
        break;
      }
      case EFFECT.pull: {
        const taken: TakenRecord[] = [];
        for (let next = at + 20, end = next + 24 * payload.readUInt32LE(at + 16); next < end; next += 24) {
          taken.push([payload.readDoubleLE(next), payload.readDoubleLE(next + 8), payload.readDoubleLE(next + 16), 0, 0, -1]);
        }
        reader.pull(queue, payload.readDoubleLE(at), payload.readDoubleLE(at + 8), taken);
        at += 20 + 24 * taken.length;
        break;
      }
      case EFFECT.keptLog: {
        const patternEnd = at + 2 + payload.readUInt16LE(at);
        const end = patternEnd + 1 + payload[patternEnd]!;
        keptLog = { pattern: payload.toString('utf8', at + 2, patternEnd), epoch: payload.toString('latin1', patternEnd + 1, end) };
        at = end;
        break;
      }
      case EFFECT.keptPut: {
        reader.keptPut(keptLog, readLogStanding(payload, at), at + 20);
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
        throw new Error(`expected an effect between 1 and 14, got ${effect}: a later release wrote it?`);
    }
  }
  return lastSeq;
}

function readLogStanding(payload: Buffer, at: number): LogStanding {
  return { offset: payload.readDoubleLE(at), at: payload.readDoubleLE(at + 8), bytes: payload.readUInt32LE(at + 16) };
}
