import type { Failure } from '../../broker/engine.ts';
import type { Queue } from '../state/queue.ts';
import type { BatchWriter } from './batch-writer.ts';
import type { Job } from './job.ts';
import { journalBytes, placeOf, type Holder, type Stored } from './resident-messages.ts';
import type { Store } from './store.ts';

/**
 * The end of a queue with all its messages. In memory it is gone at once: what is sent to its name from then on belongs
 * to a new queue, also on the disk, where the end stands before that.
 */
export class DropQueueJob implements Job {
  readonly bytes = 64;
  readonly grows = false;
  readonly chain = undefined;
  readonly isVoid = false;
  readonly #queue: string;
  readonly #resolve: () => void;
  readonly #reject: (error: Error) => void;

  constructor(queue: string, resolve: () => void, reject: (error: Error) => void) {
    this.#queue = queue;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  write(batch: BatchWriter): void {
    batch.dropQueue(this.#queue);
  }

  committed(): void {
    this.#resolve();
  }

  refused(failure: Failure): void {
    this.#reject(new Error(failure.detail));
  }
}

/** Lets go of what the messages of a removed queue took in the journal and in memory. */
export function forgetEntries(store: Store, queue: Queue<Stored>): void {
  // What it took out of a log is the log's to let go of.
  for (const entry of queue.entries()) if (entry.holder === entry) forgetMessage(store, entry);
}

/** The same for one message. */
export function forgetMessage({ journal, residents }: Pick<Store, 'journal' | 'residents'>, holder: Holder): void {
  const place = placeOf(holder.content);
  if (place !== undefined) journal.count(place, -journalBytes(holder));
  residents.forget(holder);
}
