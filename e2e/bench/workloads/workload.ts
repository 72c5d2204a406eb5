import type { Measured } from '../load/meter.ts';
import type { Target } from '../load/target.ts';
import type { Scale } from '../scale.ts';
import type { Testbed } from '../testbed.ts';

/** A kind of work that every broker is put to. */
export interface Workload {
  /** As `--only` names it. */
  readonly name: string;
  readonly unit: 'delivery' | 'message' | 'connection';
  readonly about: string;
  /** Only for brokers that have queues. */
  readonly needsQueues: boolean;
  /** Whether a broker is started anew for each round, because what it measures is memory or what a store holds. */
  readonly isFresh: boolean;
  /** Brokers left out unless they are named, and why. */
  readonly leftOut: { readonly names: readonly string[]; readonly why: string };
  /** The only brokers it makes sense for; without it any. */
  readonly onlyFor?: readonly string[];
  run(ground: Ground): AsyncIterable<CaseMeasured>;
}

/** What a round of a workload stands on. */
export interface Ground {
  readonly testbed: Testbed;
  readonly target: Target;
  readonly scale: Scale;
  readonly quietNodeBytes?: (() => number) | undefined;
}

export interface CaseMeasured {
  readonly name: string;
  readonly measured: Measured;
}

export const NOBODY = { names: [], why: '' };

/** Ms for a job that measures for `times`, with its set-up and its draining. */
export function withinMs(times: { readonly warmUpMs: number; readonly measureMs: number }, setUpMs = 60_000): number {
  return times.warmUpMs + times.measureMs + setUpMs;
}
