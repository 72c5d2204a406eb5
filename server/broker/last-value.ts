import { HEADER } from '../protocol/header-names.ts';
import type { Message } from './message.ts';
import type { Policy } from './policies.ts';

/** A message as it goes to a queue: with the key for last values, where the queue's policy names a header for it. */
export function withLastValue(message: Message, { lastValueKey }: Policy): Message {
  if (lastValueKey === undefined) return message;
  return { ...message, lastValue: valueOf(message.headers, lastValueKey) ?? valueOf(message.headers, HEADER._AMQ_LVQ_NAME) ?? '' };
}

function valueOf(headers: readonly string[], name: string): string | undefined {
  for (let i = 0; i + 1 < headers.length; i += 2) if (headers[i] === name) return headers[i + 1];
  return undefined;
}
