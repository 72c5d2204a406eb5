import type { Target } from '../load/target.ts';
import type { Testbed } from '../testbed.ts';

/** A broker that can be measured. */
export interface Rival {
  readonly name: string;
  /** One sentence on what it is and how it is set up here. */
  readonly about: string;
  /** Whether it has queues that outlive their consumers, with receipts and acknowledgements. */
  readonly hasQueues: boolean;
  /** Names of the workloads that it is there for; without it all. */
  readonly only?: readonly string[];
  /** Undefined when it can run here, else why not. */
  absence(): string | undefined;
  start(testbed: Testbed): Promise<RunningRival>;
}

export interface RunningRival {
  readonly target: Target;
  /** As it names itself. */
  readonly version: string;
  /** Octets that the store has sent so far to a node without clients, where there is one. */
  readonly quietNodeBytes?: () => number;
  close(): Promise<void>;
}
