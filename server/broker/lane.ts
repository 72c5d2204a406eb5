import { isTemporaryQueue, type Lane, type Operation } from './engine.ts';

/** The lane a group takes by itself: only topics that nothing keeps and temporary queues need no disk, unless it is to be remembered that they were served. */
export function naturalLane(operations: readonly Operation[]): Lane {
  for (const operation of operations) {
    if (needsDisk(operation)) return 'durable';
  }
  return 'volatile';
}

function needsDisk(operation: Operation): boolean {
  if ('once' in operation) return true;
  if (operation.kind === 'publish') return operation.log !== undefined || operation.isKept === true;
  return !isTemporaryQueue(operation.queue) || (operation.kind === 'move' && !isTemporaryQueue(operation.to));
}
