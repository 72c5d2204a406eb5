import type { Message } from '../../broker/message.ts';
import { PLAIN_TERMS, type Terms } from './terms.ts';

/**
 * One message in a queue. Kept small, since a million of them must fit: seven fields and no slot in a Map while at rest.
 *
 * `content` is the message itself, or whatever the engine put in its place to find it again (`Stored`: where it lies on
 * the disk). The state never looks inside.
 */
export class Entry<Stored = never> {
  /** Place and name; grows over all queues of the store and is never used again. */
  readonly seq: number;
  /** What it counts in byte caps, wherever its content is. */
  readonly bytes: number;
  content: Message | Stored;
  failures: number;
  recoveries: number;
  /** Shared by all that ask for the same. `dueAt` is 0 once it was due. */
  terms: Terms;
  /** What is staged for it, see `Queue`. */
  marks = 0;

  constructor(seq: number, bytes: number, content: Message | Stored, terms = PLAIN_TERMS, failures = 0, recoveries = 0) {
    this.seq = seq;
    this.bytes = bytes;
    this.content = content;
    this.terms = terms;
    this.failures = failures;
    this.recoveries = recoveries;
  }

  /** Who has the content: it itself, unless its message is kept for several. */
  get holder(): Pick<Entry<Stored>, 'bytes' | 'content'> {
    return this;
  }
}

/** What stays in line where an entry was taken out of the middle: its number, so that the line can still be searched. */
export class Hole {
  readonly seq: number;

  constructor(seq: number) {
    this.seq = seq;
  }
}
