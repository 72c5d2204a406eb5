import type { Message } from '../../message.ts';

/** A message with these headers, all else as it is by default or in `rest`. */
export function sampleMessage(headers: Readonly<Record<string, string>>, rest: Partial<Message> = {}): Message {
  return {
    id: 'T_1@@session-1@@1',
    destination: '/queue/orders',
    headers: Object.entries(headers).flat(),
    body: Buffer.alloc(0),
    isText: true,
    timestamp: 1_700_000_000_000,
    priority: 4,
    expiresAt: 0,
    dueAt: 0,
    group: '',
    lastValue: '',
    origin: '',
    ...rest,
  };
}
