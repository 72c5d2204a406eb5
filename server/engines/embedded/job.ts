import type { Chain, Failure } from '../../broker/engine.ts';
import type { BatchWriter } from './batch-writer.ts';
import type { Place } from './journal/place.ts';

/** What waits for its place in the journal: a group, or another change that has to be durable. */
export interface Job {
  /** Rough octets it will write. */
  readonly bytes: number;
  /** It brings new messages, for which a full disk has no room. */
  readonly grows: boolean;
  /** If an earlier job of it is refused, this one must not take effect. */
  readonly chain: Chain | undefined;
  /** It left something out for the sake of an earlier job that was refused, and so must be refused, too. */
  readonly isVoid: boolean;
  /** Writes its effects; called again when the batch has to be composed anew. */
  write(batch: BatchWriter): void;
  /** Its effects are on the disk, in the record at that place. */
  committed(record: Place): void;
  /** It will never take effect. */
  refused(failure: Failure): void;
}
