import type { Target } from '../load/target.ts';
import type { Testbed } from '../testbed.ts';

/** A broker that can be measured. */
export interface Rival {
  readonly name: string;
  /** One sentence on what it is and how it is set up here. */
  readonly about: string;
  /** Whether it has queues that outlive their consumers, with receipts and acknowledgements. */
  readonly hasQueues: boolean;
  /** Undefined when it can run here, else why not. */
  absence(): string | undefined;
  start(testbed: Testbed): Promise<RunningRival>;
}

export interface RunningRival {
  readonly target: Target;
  /** As it names itself. */
  readonly version: string;
  close(): Promise<void>;
}
