import { describe } from 'node:test';
import { describeClaims } from './claims.ts';
import { describeConsumerPriority } from './consumer-priority.ts';
import { describeDelay, describeDelayRestart } from './delay.ts';
import { describeDurable, describeDurableRestart } from './durable.ts';
import { describeExpiry, describeExpiryRestart } from './expiry.ts';
import { describeGroups } from './groups.ts';
import { describeInspection } from './inspection.ts';
import { describeLastValues, describeLastValuesRestart } from './last-values.ts';
import { describeLedger } from './ledger.ts';
import { describeClose, describeRestart } from './life.ts';
import { describeMessageGroups, describeMessageGroupsRestart } from './message-groups.ts';
import { describeNodes } from './nodes.ts';
import { describeOrder } from './order.ts';
import { describePriority, describePriorityRestart } from './priority.ts';
import { describeRelease } from './release.ts';
import { describeRepeats, describeRepeatsRestart } from './repeats.ts';
import type { CreateSubject } from './rig.ts';
import { describeSelectors, describeSelectorsRestart } from './selectors.ts';
import { describeSettle } from './settle.ts';
import { describeTemporaryQueues } from './temporary-queues.ts';
import { describeTopicLog, describeTopicLogRestart } from './topic-log.ts';
import { describeTopics } from './topics.ts';

/**
 * Holds a body of the Engine port to the port's word. Each test creates an engine of its own. `outlives` says that the
 * store survives the engine, and adds what must hold after a crash; `create` then has to bring `restart`.
 */
export function describeEngine(name: string, create: CreateSubject, options: { readonly outlives?: boolean } = {}): void {
  describe(`${name} engine`, () => {
    describeOrder(create);
    describePriority(create);
    describeDelay(create);
    describeExpiry(create);
    describeSettle(create);
    describeRelease(create);
    describeGroups(create);
    describeRepeats(create);
    describeLastValues(create);
    describeTopics(create);
    describeTopicLog(create);
    describeDurable(create);
    describeTemporaryQueues(create);
    describeInspection(create);
    describeClaims(create);
    describeConsumerPriority(create);
    describeMessageGroups(create);
    describeSelectors(create);
    describeLedger(create);
    describeNodes(create);
    describeClose(create);
    if (!options.outlives) return;
    describeRestart(create);
    describePriorityRestart(create);
    describeMessageGroupsRestart(create);
    describeDelayRestart(create);
    describeExpiryRestart(create);
    describeSelectorsRestart(create);
    describeRepeatsRestart(create);
    describeLastValuesRestart(create);
    describeTopicLogRestart(create);
    describeDurableRestart(create);
  });
}
