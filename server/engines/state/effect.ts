import type { Failure, LogPosition } from '../../broker/engine.ts';
import type { Message } from '../../broker/message.ts';
import type { StagedKept } from './durable/durable-subscriptions.ts';
import type { Entry } from './entry.ts';
import { hasEnded, type Queue } from './queue.ts';
import type { StagedOnce } from './repeats.ts';
import type { StagedLogged } from './topic-logs.ts';

/** What a staged operation does, in terms that need neither a clock nor the state before: an engine writes them down. */
export type Effect<Stored> = PutEffect<Stored> | DropEffect<Stored> | ReturnEffect<Stored>;

/** A new message; `entry.content` is the message until the engine puts its place on the disk there. */
export interface PutEffect<Stored> {
  readonly kind: 'put';
  readonly queue: Queue<Stored>;
  readonly entry: Entry<Stored>;
  readonly message: Message;
  /** The newest entry with its key before it came. */
  readonly before?: Entry<Stored> | undefined;
}

export interface DropEffect<Stored> {
  readonly kind: 'drop';
  readonly queue: Queue<Stored>;
  readonly entry: Entry<Stored>;
}

/** Back to its place, if not before `dueAt` (0 = at once); the counters are those it has afterwards. */
export interface ReturnEffect<Stored> {
  readonly kind: 'return';
  readonly queue: Queue<Stored>;
  readonly entry: Entry<Stored>;
  readonly failures: number;
  readonly recoveries: number;
  readonly dueAt: number;
  /** One with its key that came after it: unless that comes to nothing, this one is dropped. */
  readonly successor?: Entry<Stored> | undefined;
}

/** What an effect does as far as is known by now. */
export const kindOf = <Stored>(effect: Effect<Stored>): Effect<Stored>['kind'] =>
  effect.kind === 'return' && effect.successor && !hasEnded(effect.successor) ? 'drop' : effect.kind;

/** A message for the watchers of a topic. */
export interface Publication {
  readonly topic: string;
  readonly message: Message;
  /** Where it stands in the topic's log, if it was put into one. */
  readonly position?: LogPosition | undefined;
}

export interface StagedPublication<Stored> extends Publication {
  /** What is to be put into the topic's log; the position is known when that is done. */
  readonly logged?: StagedLogged<Stored>;
  /** What is to be kept for durable subscriptions; left out = nothing. */
  readonly kept?: readonly StagedKept<Stored>[];
  position?: LogPosition | undefined;
}

/** A group that was checked and has its reservations; it awaits `commit` or `undo`, one of them, once. */
export interface StagedGroup<Stored> {
  readonly ok: true;
  /** In the order of the operations. Those of temporary queues are among them. */
  readonly effects: readonly Effect<Stored>[];
  readonly publications: readonly StagedPublication<Stored>[];
  /** Late settles that found nothing. */
  readonly missed: number;
  /** Undefined where nothing of it is to happen once. */
  readonly once: StagedOnce<Stored> | undefined;
}

export interface Refusal {
  readonly ok: false;
  readonly failure: Failure;
}

/** What a commit made visible. */
export interface Announcement {
  /** Queues that may have something to claim now. */
  readonly ready: readonly string[];
  readonly publications: readonly Publication[];
}
