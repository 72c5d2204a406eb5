import { encodeInto, encodeMessageRecord } from '../../broker/message-record.ts';
import type { Message } from '../../broker/message.ts';
import type { StagedKept, StagedPull } from '../state/durable/durable-subscriptions.ts';
import type { DurableRecord } from '../state/durable/durable-restore.ts';
import type { StagedLogged } from '../state/topic-logs.ts';
import type { LogHead } from '../state/topic-logs-restore.ts';
import { EFFECT, FIXED_BYTES, useBytes } from './batch-format.ts';
import { RECORD_HEAD_BYTES, sealRecord } from './journal/record.ts';
import type { Stored } from './resident-messages.ts';

/** A message's standing in its queue, as it is written down. */
export interface Standing {
  readonly seq: number;
  /** What it counts in byte caps. */
  readonly bytes: number;
  readonly failures: number;
  readonly recoveries: number;
}

/** Which log of a pattern. */
export interface KeptHead {
  readonly pattern: string;
  readonly epoch: string;
}

/** A message's standing in a log, as it is written down. */
export interface LogStanding {
  readonly offset: number;
  /** When it was logged, ms since the epoch. */
  readonly at: number;
  /** What it counts in byte caps. */
  readonly bytes: number;
}

const SMALL_BYTES = 64 * 1024;
/** A buffer that had to grow beyond this is not kept. */
const KEPT_BYTES = 8 * 1024 * 1024;

/** Composes one batch, effect by effect, in a buffer that the next batch uses again. */
export class BatchWriter {
  #buffer = Buffer.allocUnsafe(SMALL_BYTES);
  #end = 0;
  #start = 0;
  /** The queue that effects refer to at this point. */
  #queue: string | undefined;
  /** The same for logs. */
  #log: LogHead | undefined;
  #keptLog: KeptHead | undefined;
  /** The last offset given in this batch, by the epoch of the log. */
  readonly #offsets = new Map<string, number>();

  get isEmpty(): boolean {
    return this.#end === this.#start;
  }

  /** Octets so far. */
  get bytes(): number {
    return this.#end;
  }

  /** Begins a batch; `lastSeq` is the last number given to a message. */
  begin(lastSeq: number): void {
    if (this.#buffer.length > KEPT_BYTES) this.#buffer = Buffer.allocUnsafe(SMALL_BYTES);
    this.#buffer.writeDoubleLE(lastSeq, RECORD_HEAD_BYTES);
    this.#end = RECORD_HEAD_BYTES + 8;
    this.#start = this.#end;
    this.#queue = undefined;
    this.#log = undefined;
    this.#keptLog = undefined;
    this.#offsets.clear();
  }

  /** Returns where in the record the message stands. */
  put(queue: string, standing: Standing, message: Message): number {
    return this.#encode(this.#beginPut(queue, standing), message);
  }

  /** As `put`, for a message in its stored form. */
  putStored(queue: string, standing: Standing, record: Buffer): number {
    return this.#copy(this.#beginPut(queue, standing), record);
  }

  /** Gives a staged message its offset, behind those of the batch so far, and tells where in the record it stands. */
  logPut({ log, entry, bounds }: StagedLogged<Stored>, message: Message): { readonly offset: number; readonly at: number } {
    const { topic, epoch } = log;
    const offset = this.#nextOffset(log);
    const { at, bytes } = entry;
    return { offset, at: this.#encode(this.#beginLogPut({ topic, epoch, bounds }, { offset, at, bytes }), message) };
  }

  /** As `putStored`, for a message of a log. */
  logPutStored(log: LogHead, standing: LogStanding, record: Buffer): number {
    return this.#copy(this.#beginLogPut(log, standing), record);
  }

  /** As `logPut`, for what is kept for durable subscriptions. */
  keptPut({ log, kept }: StagedKept<Stored>, message: Message): { readonly offset: number; readonly at: number } {
    const offset = this.#nextOffset(log);
    const { at, bytes } = kept;
    return { offset, at: this.#encode(this.#beginKeptPut(log, { offset, at, bytes }), message) };
  }

  keptPutStored(log: KeptHead, standing: LogStanding, record: Buffer): number {
    return this.#copy(this.#beginKeptPut(log, standing), record);
  }

  /** Returns where in the record it stands, and its octets. */
  subscription(queue: string, record: DurableRecord): { readonly at: number; readonly bytes: number } {
    const text = JSON.stringify(record);
    const bytes = Buffer.byteLength(text);
    this.#begin(queue, EFFECT.subscription, FIXED_BYTES.subscription + bytes);
    const at = this.#end;
    this.#end = this.#buffer.writeUInt32LE(bytes, this.#end);
    this.#end += this.#buffer.write(text, this.#end);
    return { at, bytes };
  }

  pull({ subscription, cursor, missed, taken }: StagedPull<Stored>): void {
    this.#begin(subscription.name, EFFECT.pull, FIXED_BYTES.pull + taken.length * FIXED_BYTES.pulled);
    this.#end = this.#buffer.writeDoubleLE(cursor, this.#end);
    this.#end = this.#buffer.writeDoubleLE(missed, this.#end);
    this.#end = this.#buffer.writeUInt32LE(taken.length, this.#end);
    for (const entry of taken) {
      this.#end = this.#buffer.writeDoubleLE(entry.seq, this.#end);
      this.#end = this.#buffer.writeDoubleLE(entry.kept.offset, this.#end);
      this.#end = this.#buffer.writeDoubleLE(entry.missed, this.#end);
    }
  }

  drop(queue: string, seq: number): void {
    this.#begin(queue, EFFECT.drop, FIXED_BYTES.drop);
    this.#end = this.#buffer.writeDoubleLE(seq, this.#end);
  }

  count(queue: string, seq: number, failures: number, recoveries: number): void {
    this.#begin(queue, EFFECT.count, FIXED_BYTES.count);
    this.#end = this.#buffer.writeDoubleLE(seq, this.#end);
    this.#writeCounters(failures, recoveries);
  }

  postpone(queue: string, seq: number, dueAt: number): void {
    this.#begin(queue, EFFECT.postpone, FIXED_BYTES.postpone);
    this.#end = this.#buffer.writeDoubleLE(seq, this.#end);
    this.#end = this.#buffer.writeDoubleLE(dueAt, this.#end);
  }

  dropQueue(queue: string): void {
    this.#begin(queue, EFFECT.dropQueue, 0);
  }

  /** Returns where in the record it stands. */
  use(key: string, expiresAt: number): number {
    this.#reserve(1 + useBytes(key));
    const at = this.#buffer.writeUInt8(EFFECT.use, this.#end);
    this.#end = this.#buffer.writeDoubleLE(expiresAt, at);
    this.#end = this.#buffer.writeUInt8(useBytes(key) - FIXED_BYTES.use, this.#end);
    this.#end += this.#buffer.write(key, this.#end);
    return at;
  }

  suspectAll(): void {
    this.#reserve(1);
    this.#end = this.#buffer.writeUInt8(EFFECT.suspectAll, this.#end);
  }

  /** The whole record, valid until the next `begin`. */
  finish(type: number): Buffer {
    return sealRecord(this.#buffer, this.#end, type);
  }

  #beginPut(queue: string, standing: Standing): number {
    this.#begin(queue, EFFECT.put, FIXED_BYTES.put);
    this.#end = this.#buffer.writeDoubleLE(standing.seq, this.#end);
    this.#writeCounters(standing.failures, standing.recoveries);
    this.#end = this.#buffer.writeUInt32LE(standing.bytes, this.#end);
    return this.#end;
  }

  #beginLogPut(log: LogHead, { offset, at, bytes }: LogStanding): number {
    if (!isSameLog(log, this.#log)) this.#writeLog(log);
    this.#reserve(1 + FIXED_BYTES.logPut);
    this.#end = this.#buffer.writeUInt8(EFFECT.logPut, this.#end);
    this.#end = this.#buffer.writeDoubleLE(offset, this.#end);
    this.#end = this.#buffer.writeDoubleLE(at, this.#end);
    this.#end = this.#buffer.writeUInt32LE(bytes, this.#end);
    return this.#end;
  }

  #beginKeptPut(log: KeptHead, { offset, at, bytes }: LogStanding): number {
    if (log.epoch !== this.#keptLog?.epoch || log.pattern !== this.#keptLog.pattern) this.#writeKeptLog(log);
    this.#reserve(1 + FIXED_BYTES.keptPut);
    this.#end = this.#buffer.writeUInt8(EFFECT.keptPut, this.#end);
    this.#end = this.#buffer.writeDoubleLE(offset, this.#end);
    this.#end = this.#buffer.writeDoubleLE(at, this.#end);
    this.#end = this.#buffer.writeUInt32LE(bytes, this.#end);
    return this.#end;
  }

  /** Behind those of the batch so far. */
  #nextOffset({ epoch, last }: { readonly epoch: string; readonly last: number }): number {
    const offset = (this.#offsets.get(epoch) ?? last) + 1;
    this.#offsets.set(epoch, offset);
    return offset;
  }

  #encode(at: number, message: Message): number {
    const end = encodeInto(message, this.#buffer, at + 4);
    return end < 0 ? this.#copy(at, encodeMessageRecord(message)) : this.#endPut(at, end);
  }

  #copy(at: number, record: Buffer): number {
    this.#reserve(4 + record.length);
    return this.#endPut(at, at + 4 + record.copy(this.#buffer, at + 4));
  }

  #endPut(at: number, end: number): number {
    this.#buffer.writeUInt32LE(end - at - 4, at);
    this.#end = end;
    return at;
  }

  #begin(queue: string, effect: number, fixedBytes: number): void {
    if (queue !== this.#queue) this.#writeQueue(queue);
    this.#reserve(1 + fixedBytes);
    this.#end = this.#buffer.writeUInt8(effect, this.#end);
  }

  #writeQueue(queue: string): void {
    const length = Buffer.byteLength(queue);
    this.#reserve(1 + FIXED_BYTES.queue + length);
    this.#end = this.#buffer.writeUInt8(EFFECT.queue, this.#end);
    this.#end = this.#buffer.writeUInt16LE(length, this.#end);
    this.#end += this.#buffer.write(queue, this.#end);
    this.#queue = queue;
  }

  #writeLog(log: LogHead): void {
    const { topic, epoch, bounds } = log;
    const length = Buffer.byteLength(topic);
    this.#reserve(1 + FIXED_BYTES.log + length + epoch.length);
    this.#end = this.#buffer.writeUInt8(EFFECT.log, this.#end);
    this.#end = this.#buffer.writeUInt16LE(length, this.#end);
    this.#end += this.#buffer.write(topic, this.#end);
    this.#end = this.#buffer.writeUInt8(epoch.length, this.#end);
    this.#end += this.#buffer.write(epoch, this.#end, 'latin1');
    this.#end = this.#buffer.writeDoubleLE(bounds.maxMessages, this.#end);
    this.#end = this.#buffer.writeDoubleLE(bounds.maxAgeMs, this.#end);
    this.#log = { topic, epoch, bounds };
  }

  #writeKeptLog(log: KeptHead): void {
    const { pattern, epoch } = log;
    const length = Buffer.byteLength(pattern);
    this.#reserve(1 + FIXED_BYTES.keptLog + length + epoch.length);
    this.#end = this.#buffer.writeUInt8(EFFECT.keptLog, this.#end);
    this.#end = this.#buffer.writeUInt16LE(length, this.#end);
    this.#end += this.#buffer.write(pattern, this.#end);
    this.#end = this.#buffer.writeUInt8(epoch.length, this.#end);
    this.#end += this.#buffer.write(epoch, this.#end, 'latin1');
    this.#keptLog = log;
  }

  #writeCounters(failures: number, recoveries: number): void {
    this.#end = this.#buffer.writeUInt16LE(Math.min(failures, MAX_COUNT), this.#end);
    this.#end = this.#buffer.writeUInt16LE(Math.min(recoveries, MAX_COUNT), this.#end);
  }

  #reserve(bytes: number): void {
    const needed = this.#end + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#end);
    this.#buffer = larger;
  }
}

const MAX_COUNT = 0xffff;

function isSameLog(log: LogHead, other: LogHead | undefined): boolean {
  if (log.topic !== other?.topic || log.epoch !== other.epoch) return false;
  return log.bounds.maxMessages === other.bounds.maxMessages && log.bounds.maxAgeMs === other.bounds.maxAgeMs;
}
