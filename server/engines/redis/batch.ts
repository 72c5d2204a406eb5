import type { Chain, Lane } from '../../broker/engine.ts';
import type { Holds } from './holds.ts';
import { isOnce, type Job, type StoreOperation } from './job.ts';
import type { Argument } from './link/link.ts';
import { argumentsOf } from './script.ts';
import { SCRIPTS } from './scripts.ts';
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
  argv: readonly Argument[];
  /** How often the link was lost over it. */
  losses: number;
  /** Perhaps it is the cause of that: the store is only asked about it from now on. */
  isSuspect: boolean;
}

export interface BatchContext {
  readonly lane: Lane;
  readonly holds: Holds;
  readonly wildcards: WildcardMatcher;
  readonly topicLogBytes: number;
}

/** Writes jobs as `scripts/apply.lua` reads them. */
export function encodeBatch(context: BatchContext, node: string, number: number, jobs: readonly Job[]): Batch {
  return { node, number, jobs, argv: encodeJobs(context, node, number, jobs, context.wildcards.version), losses: 0, isSuspect: false };
}

/**
 * The same, once more, for a new epoch: other holds have lapsed by now, and some jobs are repeats. Versions of the table
 * began anew with it, so this node's says nothing.
 */
export function encodeAgain(context: BatchContext, batch: Batch): void {
  batch.argv = encodeJobs(context, batch.node, batch.number, batch.jobs, NO_VERSION);
}

/** To a publisher that knows nothing the store adds every node with wildcards. */
const NO_VERSION = 0;

function encodeJobs(context: BatchContext, node: string, number: number, jobs: readonly Job[], version: number): Argument[] {
  const puts = jobs.reduce((sum, job) => sum + job.puts, 0);
  const grows = jobs.some((job) => job.grows);
  const { lane, topicLogBytes } = context;
  const argv = argumentsOf(SCRIPTS.apply, {
    node,
    lane,
    number: `${number}`,
    puts: `${puts}`,
    grows: grows ? '1' : '0',
    version: `${version}`,
    capacity: `${topicLogBytes}`,
  });
  const chains = new Map<Chain, number>();
  for (let i = 0; i < jobs.length; ) {
    const count = runLength(context, jobs, i);
    if (count > 1) encodeRun(context, jobs.slice(i, i + count), chains, argv);
    else encodeJob(context, jobs[i]!, chains, argv);
    i += count;
  }
  return argv;
}

function encodeJob(context: BatchContext, job: Job, chains: Map<Chain, number>, argv: Argument[]): void {
  argv.push(`${job.operations.length + job.onces}`, `${numberOfChain(chains, job.chain)}`);
  for (const operation of job.operations) {
    if (isOnce(operation)) argv.push('O', operation.once.key, `${operation.once.windowMs}`);
    encodeOperation(context, job, operation, argv);
  }
}

/** Jobs of one operation each that differ in its last argument alone: both sides handle far fewer arguments so. */
function encodeRun(context: BatchContext, jobs: readonly Job[], chains: Map<Chain, number>, argv: Argument[]): void {
  const numbers = jobs.map((job) => numberOfChain(chains, job.chain));
  const isOneChain = numbers.every((number) => number === numbers[0]);
  argv.push('*', `${jobs.length}`, isOneChain ? `${numbers[0]!}` : numbers.join(','));
  for (const [i, job] of jobs.entries()) {
    if (i === 0) encodeOperation(context, job, job.operations[0]!, argv);
    else argv.push(lastArgument(job.operations[0]!));
  }
}

/** How many jobs from `from` on make a run; 1 = none. */
function runLength({ holds }: BatchContext, jobs: readonly Job[], from: number): number {
  const first = jobs[from]!.operations[0];
  if (!first || !mayRun(jobs[from]!, first, holds)) return 1;
  let to = from;
  while (to < jobs.length && !jobs[to]!.isRepeat && jobs[to]!.onces === 0 && jobs[to]!.operations.length === 1 && isAlike(first, jobs[to]!, holds)) to++;
  return Math.max(1, to - from);
}

function mayRun({ holdCount, onces }: Job, operation: StoreOperation, holds: Holds): boolean {
  if (operation.kind === 'settle') return !operation.late && holds.stateOf(operation.queue, operation.seq, holdCount) === 'present';
  return onces === 0 && (operation.kind === 'enqueue' || operation.kind === 'publish');
}

function isAlike(one: StoreOperation, job: Job, holds: Holds): boolean {
  const other = job.operations[0]!;
  if (one.kind === 'publish') {
    return other.kind === 'publish' && one.topic === other.topic && one.log?.maxMessages === other.log?.maxMessages && one.log?.maxAgeMs === other.log?.maxAgeMs;
  }
  if (one.kind === 'enqueue') return other.kind === 'enqueue' && one.queue === other.queue;
  return one.kind === 'settle' && other.kind === 'settle' && one.queue === other.queue && mayRun(job, other, holds);
}

function lastArgument(operation: StoreOperation): Argument {
  if (operation.kind === 'enqueue') return encodeStored(operation.message);
  if (operation.kind === 'publish') return encodeEntry(operation.topic, operation.message);
  if (operation.kind === 'settle') return `${operation.seq}`;
  throw new Error(`expected an operation that runs are made of, got ${operation.kind}`);
}

function numberOfChain(chains: Map<Chain, number>, chain: Chain | undefined): number {
  if (!chain) return 0;
  const known = chains.get(chain);
  if (known !== undefined) return known;
  chains.set(chain, chains.size + 1);
  return chains.size;
}

/**
 * A small letter where the hold has lapsed: done if it can be, and no fault if it cannot. Where it is over there is nothing
 * to give back or to move; but a message that was settled may still be taken away where it is at rest.
 */
function encodeOperation({ holds, wildcards }: BatchContext, { holdCount, isRepeat }: Job, operation: StoreOperation, argv: Argument[]): void {
  switch (operation.kind) {
    case 'enqueue':
      argv.push(isRepeat ? 'e' : 'E', operation.queue, encodeStored(operation.message));
      return;
    case 'publish': {
      const { topic, message, log } = operation;
      argv.push('P', topic, wildcards.match(topic), `${log?.maxMessages ?? -1}`, `${log?.maxAgeMs ?? 0}`, encodeEntry(topic, message));
      return;
    }
    case 'settle': {
      const { queue, seq, late } = operation;
      const kind = late ? 'L' : { present: 'S', lapsed: 's', over: 'L' }[holds.stateOf(queue, seq, holdCount)];
      argv.push(kind, queue, `${seq}`);
      return;
    }
    case 'release': {
      const { queue, seq, reason, dueAt = 0 } = operation;
      const state = holds.stateOf(queue, seq, holdCount);
      if (state === 'over') argv.push('N');
      else argv.push(state === 'lapsed' ? 'r' : 'R', queue, `${seq}`, reason, `${dueAt}`);
      return;
    }
    case 'move': {
      const { queue, seq, to, message } = operation;
      const state = holds.stateOf(queue, seq, holdCount);
      if (state === 'over') argv.push('N');
      else argv.push(state === 'lapsed' ? 'm' : 'M', queue, `${seq}`, to, encodeStored(message));
      return;
    }
    case 'create':
      argv.push('C', operation.queue);
      return;
    case 'drop':
      argv.push('D', operation.queue);
      return;
    case 'purge':
      argv.push('Z', operation.queue, `${operation.limit}`);
  }
}
