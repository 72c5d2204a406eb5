import type { Author } from './author.ts';
import { cleanName } from './author.ts';

/** What one person said, as it travels. */
export interface Words {
  readonly id: string;
  readonly author: Author;
  readonly text: string;
  /** Ms since the epoch by the sender's clock. */
  readonly sentAt: number;
}

/** In UTF-16 units: far below the broker's 4 MiB a frame, far above what people type. */
export const MAX_TEXT_LENGTH = 20_000;

export function encodeWords(words: Words): string {
  return JSON.stringify(words);
}

/**
 * Reads a body of the room's topic. Other programs may send there too: what is not our JSON is shown as it stands, as
 * said by nobody we know, under the `fallback` id and time.
 */
export function decodeWords(body: string, fallback: { readonly id: string; readonly at: number }): Words {
  const value = parseObject(body);
  const author = objectAt(value, 'author');
  const id = textAt(value, 'id');
  const text = textAt(value, 'text');
  const authorId = textAt(author, 'id');
  if (id === undefined || text === undefined || authorId === undefined) {
    return { id: fallback.id, author: { id: '', name: 'Another program' }, text: body.slice(0, MAX_TEXT_LENGTH), sentAt: fallback.at };
  }
  return {
    id,
    author: { id: authorId, name: cleanName(textAt(author, 'name') ?? '') || 'Someone' },
    text: text.slice(0, MAX_TEXT_LENGTH),
    sentAt: timeAt(value, 'sentAt') ?? fallback.at,
  };
}

/** A JSON object, or undefined for anything else. */
export function parseObject(body: string): object | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    // Not JSON is an answer here, not a failure.
    return undefined;
  }
}

export function textAt(holder: object | undefined, key: string): string | undefined {
  const value = valueAt(holder, key);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A moment that a `Date` can hold. */
export function timeAt(holder: object | undefined, key: string): number | undefined {
  const value = valueAt(holder, key);
  return typeof value === 'number' && value > 0 && value <= 8.64e15 ? value : undefined;
}

function objectAt(holder: object | undefined, key: string): object | undefined {
  const value = valueAt(holder, key);
  return typeof value === 'object' && value !== null ? value : undefined;
}

function valueAt(holder: object | undefined, key: string): unknown {
  return holder !== undefined && Object.hasOwn(holder, key) ? (holder as Record<string, unknown>)[key] : undefined;
}
