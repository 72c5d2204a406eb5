import type { Message } from '../../broker/message.ts';
import type { Reply } from './link/link.ts';
import { numberOf, octetsOf } from './reply.ts';
import { decodeStored } from './stored-message.ts';

/** Messages at rest that a choosy node was shown. */
export interface Page {
  /** The node was not told of anything before. */
  readonly isNew: boolean;
  /** How often numbers that came back were told so far. */
  readonly told: number;
  readonly hasMore: boolean;
  /** Until the next scheduled message is due; below 0 if there is none. */
  readonly dueMs: number;
  /** Of each priority, up to which number it was looked at. */
  readonly passed: readonly (readonly [priority: number, seq: number])[];
  /** Without those that cannot be read: a selector cannot be asked about them. */
  readonly shown: readonly { readonly seq: number; readonly message: Message }[];
}

/** Reads what `show.lua` answers. */
export function readShown(reply: readonly Reply[]): Page {
  const [isNew, told, more, dueMs, passedCount] = reply.slice(1, 6).map(numberOf) as [number, number, number, number, number];
  const passed: [number, number][] = [];
  const shown: { seq: number; message: Message }[] = [];
  const end = 6 + 2 * passedCount;
  for (let i = 6; i < end; i += 2) passed.push([numberOf(reply[i]), numberOf(reply[i + 1])]);
  for (let i = end; i < reply.length; i += 2) {
    const message = readMessage(octetsOf(reply[i + 1]));
    if (message) shown.push({ seq: numberOf(reply[i]), message });
  }
  return { isNew: isNew === 1, told, hasMore: more === 1, dueMs, passed, shown };
}

function readMessage(stored: Buffer): Message | undefined {
  try {
    return decodeStored(stored);
  } catch {
    return undefined;
  }
}
