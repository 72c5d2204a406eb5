import { isTemporaryQueue, type Group, type Operation } from '../../broker/engine.ts';
import { messageBytes } from '../../broker/message.ts';

/** Brings a new message or a key to the disk; a dead letter takes the room of the message it moves. */
export function grows({ operations }: Group): boolean {
  return operations.some((operation) => operation.kind !== 'move' && ('once' in operation || isStored(operation)));
}

/** Octets of messages that go to the disk. */
export function storedBytes({ operations }: Group): number {
  let bytes = 0;
  for (const operation of operations) if (isStored(operation)) bytes += messageBytes(operation.message);
  return bytes;
}

function isStored(operation: Operation): operation is Exclude<Operation, { kind: 'settle' | 'release' }> {
  switch (operation.kind) {
    case 'enqueue':
      return !isTemporaryQueue(operation.queue);
    case 'publish':
      return operation.log !== undefined;
    case 'move':
      return true;
    default:
      return false;
  }
}
