import { isTemporaryQueue, type Group, type Operation } from '../../broker/engine.ts';
import { messageBytes } from '../../broker/message.ts';

/** Tells of a topic whether durable subscriptions keep what is published to it. */
type Keeps = (topic: string) => boolean;

/** Brings a new message or a key to the disk; a dead letter takes the room of the message it moves. */
export function grows({ operations }: Group, keeps: Keeps): boolean {
  return operations.some((operation) => operation.kind !== 'move' && ('once' in operation || isStored(operation, keeps)));
}

/** Octets of messages that go to the disk. */
export function storedBytes({ operations }: Group, keeps: Keeps): number {
  let bytes = 0;
  for (const operation of operations) if (isStored(operation, keeps)) bytes += messageBytes(operation.message);
  return bytes;
}

function isStored(operation: Operation, keeps: Keeps): operation is Exclude<Operation, { kind: 'settle' | 'release' }> {
  switch (operation.kind) {
    case 'enqueue':
      return !isTemporaryQueue(operation.queue);
    case 'publish':
      return operation.log !== undefined || keeps(operation.topic);
    case 'move':
      return true;
    default:
      return false;
  }
}
