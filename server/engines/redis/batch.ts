import type { Chain, Lane } from '../../broker/engine.ts';
import type { Holds } from './holds.ts';
import type { Job, StoreOperation } from './job.ts';
import type { Argument } from './link/link.ts';
import { encodeEntry, encodeStored } from './stored-message.ts';

/** The nodes whose wildcards match a topic, as far as this node knows. */
export interface WildcardMatcher {
  readonly version: number;
  /** Their names, separated by spaces. */
  match(topic: string): string;
}

/** Jobs on their way together, under a number that the store remembers. */
export interface Batch {
  readonly node: string;
  readonly number: number;
  readonly jobs: readonly Job[];
  readonly argv: readonly Argument[];
  /** How often the link was lost over it. */
  losses: number;
}

export interface BatchContext {
  readonly lane: Lane;
  readonly holds: Holds;
  readonly wildcards: WildcardMatcher;
  readonly topicLogBytes: number;
}

/** Writes jobs as `scripts/apply.lua` reads them. */
export function encodeBatch(context: BatchContext, node: string, number: number, jobs: readonly Job[]): Batch {
  const puts = jobs.reduce((sum, job) => sum + job.puts, 0);
  const grows = jobs.some((job) => job.grows);
  const argv: Argument[] = [node, context.lane, number, puts, grows ? 1 : 0, context.wildcards.version, context.topicLogBytes];
  const chains = new Map<Chain, number>();
  for (const job of jobs) {
    argv.push(job.operations.length, numberOfChain(chains, job.chain));
    for (const operation of job.operations) encodeOperation(context, operation, argv);
  }
  return { node, number, jobs, argv, losses: 0 };
}

function numberOfChain(chains: Map<Chain, number>, chain: Chain | undefined): number {
  if (!chain) return 0;
  const known = chains.get(chain);
  if (known !== undefined) return known;
  chains.set(chain, chains.size + 1);
  return chains.size;
}

/** A small letter where the hold has lapsed: done if it can be, and no fault if it cannot. */
function encodeOperation({ holds, wildcards }: BatchContext, operation: StoreOperation, argv: Argument[]): void {
  switch (operation.kind) {
    case 'enqueue':
      argv.push('E', operation.queue, encodeStored(operation.message));
      return;
    case 'publish': {
      const { topic, message, log } = operation;
      argv.push('P', topic, wildcards.match(topic), encodeEntry(topic, message), log?.maxMessages ?? -1, log?.maxAgeMs ?? 0);
      return;
    }
    case 'settle': {
      const { queue, seq, late } = operation;
      const kind = late ? 'L' : holds.isLapsed(queue, seq) ? 's' : 'S';
      argv.push(kind, queue, seq);
      return;
    }
    case 'release': {
      const { queue, seq, reason } = operation;
      argv.push(holds.isLapsed(queue, seq) ? 'r' : 'R', queue, seq, reason);
      return;
    }
    case 'move': {
      const { queue, seq, to, message } = operation;
      argv.push(holds.isLapsed(queue, seq) ? 'm' : 'M', queue, seq, to, encodeStored(message));
      return;
    }
    case 'create':
      argv.push('C', operation.queue);
      return;
    case 'drop':
      argv.push('D', operation.queue);
      return;
    case 'purge':
      argv.push('Z', operation.queue, operation.limit);
  }
}
