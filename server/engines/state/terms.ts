import type { Message } from '../../broker/message.ts';
import { DEFAULT_PRIORITY } from '../../broker/message.ts';

/** What a queue has to know of a message while the message itself may lie on the disk. */
export type Terms = Pick<Message, 'priority' | 'dueAt' | 'expiresAt' | 'group' | 'lastValue'>;

/** One object for all messages that ask for the same, and for nothing else. */
const byPriority: readonly Terms[] = Array.from({ length: 10 }, (_, priority) => Object.freeze({ priority, dueAt: 0, expiresAt: 0, group: '', lastValue: '' }));

export const PLAIN_TERMS: Terms = byPriority[DEFAULT_PRIORITY]!;

export function termsOf({ priority, dueAt, expiresAt, group, lastValue }: Terms): Terms {
  const isPlain = dueAt === 0 && expiresAt === 0 && group === '' && lastValue === '';
  return isPlain ? (byPriority[priority] ?? PLAIN_TERMS) : { priority, dueAt, expiresAt, group, lastValue };
}
