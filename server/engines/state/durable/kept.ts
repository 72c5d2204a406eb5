import type { Message } from '../../../broker/message.ts';
import { Entry } from '../entry.ts';
import type { Terms } from '../terms.ts';

/**
 * One message in the log of a pattern, kept for its durable subscriptions; `content` is the message, or whatever the engine
 * put in its place to find it again.
 */
export class Kept<Stored = never> {
  /** 0 until it is put in. */
  offset = 0;
  /** When it was published, ms since the epoch. */
  readonly at: number;
  /** What it counts in byte caps, wherever its content is. */
  readonly bytes: number;
  readonly terms: Terms;
  /** Octets of all that were ever put in, up to this one. */
  end = 0;
  /** Subscriptions that took it and have not settled it. */
  users = 0;
  /** It stands in line for those who have not come to it. */
  isInLine = false;
  content: Message | Stored;

  constructor(at: number, bytes: number, terms: Terms, content: Message | Stored) {
    this.at = at;
    this.bytes = bytes;
    this.terms = terms;
    this.content = content;
  }
}

/** A message that a durable subscription took out of its log: an entry of its queue, whose content stays where it is. */
export class PulledEntry<Stored = never> extends Entry<Stored> {
  readonly kept: Kept<Stored>;
  /** Messages before it that the log had forgotten. */
  readonly missed: number;

  constructor(seq: number, kept: Kept<Stored>, missed: number, failures = 0, recoveries = 0) {
    super(seq, kept.bytes, kept.content, kept.terms, failures, recoveries);
    this.kept = kept;
    this.missed = missed;
  }

  override get holder(): Kept<Stored> {
    return this.kept;
  }
}

export const isPulled = <Stored>(entry: Entry<Stored>): entry is PulledEntry<Stored> => entry instanceof PulledEntry;
