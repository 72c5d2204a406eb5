import { createHash } from 'node:crypto';
import type { Headers } from '../protocol/frame.ts';
import { HEADER } from '../protocol/header-names.ts';
import type { Destination } from './destination.ts';
import type { Operation } from './engine.ts';

/** From the first SEND with an id until it may be used again, where no policy says otherwise. */
export const DEFAULT_DEDUP_WINDOW_MS = 5 * 60 * 1000;

/** The first that is present wins: Artemis', ours, and those of Centrifugo and Memphis. */
const DUPLICATE_ID_HEADERS = [HEADER._AMQ_DUPL_ID, HEADER.xDedupId, HEADER.idempotencyKey, HEADER.msgId] as const;

/** By what a sender wants to have it recognised if it sends the same again. */
export function readDuplicateId(headers: Headers): string | undefined {
  for (const name of DUPLICATE_ID_HEADERS) {
    const id = headers.get(name);
    if (id !== undefined && id !== '') return id;
  }
  return undefined;
}

/** Who sends what with which id; `user` is undefined for the application itself. */
export interface Sending {
  readonly user: string | undefined;
  readonly destination: Destination;
  /** Undefined: it is never a duplicate. */
  readonly duplicateId: string | undefined;
}

/** What a SEND does to one destination, to be done once for its user and that destination: others may use the same ids. */
export function happenOnce(
  operations: readonly Operation[],
  { user, destination: { canonical }, duplicateId }: Sending,
  policies: { dedupWindowMs(canonical: string): number },
): readonly Operation[] {
  if (duplicateId === undefined) return operations;
  const windowMs = policies.dedupWindowMs(canonical);
  if (windowMs === 0) return operations;
  return operations.map((operation) => {
    if (operation.kind !== 'enqueue' && operation.kind !== 'publish') return operation;
    // The name as well: the temporaries of two sessions have one canonical text.
    const name = operation.kind === 'enqueue' ? operation.queue : operation.topic;
    const scope = JSON.stringify([user ?? null, canonical, operation.kind, name, duplicateId]);
    return { ...operation, once: { key: keyOf(scope), windowMs } };
  });
}

/** Stores keep it for the whole window, so it is short whatever the id: 132 bits. */
const keyOf = (scope: string): string => createHash('sha256').update(scope).digest('base64url').slice(0, 22);
