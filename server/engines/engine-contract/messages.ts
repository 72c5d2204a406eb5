import type { Message } from '../../broker/message.ts';

/** A message of that id, the rest as plain as can be. */
export function message(id: string, given: Partial<Message> = {}): Message {
  return {
    id,
    destination: '/queue/contract',
    headers: ['content-type', 'text/plain'],
    body: Buffer.from(id),
    isText: true,
    timestamp: 1_700_000_000_000,
    priority: 4,
    expiresAt: 0,
    dueAt: 0,
    group: '',
    lastValue: '',
    origin: 'session-1',
    ...given,
  };
}

/** `m1`, `m2`, … */
export function names(count: number, prefix = 'm'): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);
}
