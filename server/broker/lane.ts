import { isTemporaryQueue, type Lane, type Operation } from './engine.ts';

/** The lane a group takes by itself: only topics without a log and temporary queues need no disk. */
export function naturalLane(operations: readonly Operation[]): Lane {
  for (const operation of operations) {
    const needsDisk = operation.kind === 'publish' ? operation.log !== undefined : !isTemporaryQueue(operation.queue);
    if (needsDisk) return 'durable';
  }
  return 'volatile';
}
