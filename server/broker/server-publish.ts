import { isUtf8 } from 'node:buffer';
import { Headers } from '../protocol/frame.ts';
import type { ProtocolError } from '../protocol/protocol-error.ts';
import type { BrokerContext } from './broker-context.ts';
import { readDeliveryTerms } from './delivery-terms.ts';
import { checkContent, deadLetterOperations } from './check-content.ts';
import type { Destination } from './destination.ts';
import type { Operation } from './engine.ts';
import { asScheduled } from './job.ts';
import { readSchedule } from './schedule.ts';
import { readDueAt } from './due-at.ts';
import { happenOnce, readDuplicateId } from './duplicates.ts';
import { accessRefused, engineFailure, unknownDestination } from './errors.ts';
import { missingQueue } from './existing-queue.ts';
import { withLifetime } from './lifetime.ts';
import { naturalLane } from './lane.ts';
import { withLastValue } from './last-value.ts';
import type { Message } from './message.ts';
import { passedHeaders } from './passed-headers.ts';
import { publishOperation } from './publish-operation.ts';
import { readRoutingType } from './routing-type.ts';
import { temporaryName } from './temporaries.ts';

/** What came of a message of the embedding application: its id, or why it was not taken. A duplicate of an earlier one went nowhere. */
export type Published = { readonly ok: true; readonly id: string; readonly isDuplicate: boolean } | { readonly ok: false; readonly error: ProtocolError };

/**
 * Sends for the embedding application, by the words of a SEND frame and past the rights of users. Resolves at the
 * engine's receipt level. The message has no origin: nobody's own copy waits for a receipt.
 */
export async function publishFromServer(
  broker: BrokerContext,
  destination: string,
  body: Buffer,
  pairs: readonly string[],
): Promise<Published> {
  const headers = new Headers(pairs);
  const bare = readRoutingType('SEND', headers);
  if (typeof bare === 'object') return { ok: false, error: bare };
  const destinations = broker.destinations.parse(destination, bare);
  if ('code' in destinations) return { ok: false, error: destinations };
  const missing = await missingQueue(broker, destinations);
  if (missing) return { ok: false, error: missing };
  const timestamp = broker.clock.now();
  const dueAt = readDueAt(headers, timestamp);
  if (typeof dueAt === 'object') return { ok: false, error: dueAt };
  const schedule = readSchedule(headers);
  if (schedule && 'code' in schedule) return { ok: false, error: schedule };
  const terms = readDeliveryTerms(headers, timestamp);
  if ('code' in terms) return { ok: false, error: terms };
  const violations = checkContent(broker.policies, destinations, body);
  if (violations && 'code' in violations) return { ok: false, error: violations };
  const draft: Message = {
    id: broker.nextMessageId(),
    destination: '',
    headers: passedHeaders(headers, {}),
    body,
    isText: isUtf8(body),
    timestamp,
    ...terms,
    dueAt,
    lastValue: '',
    origin: '',
  };
  const duplicateId = readDuplicateId(headers);
  const operations: Operation[] = [];
  for (const each of destinations) {
    const operation = operationFor(broker, each, draft);
    if ('code' in operation) return { ok: false, error: operation };
    const violation = violations?.get(each);
    const own = violation === undefined ? [operation] : deadLetterOperations(broker, each, draft, violation);
    const once = happenOnce(own, { user: undefined, destination: each, duplicateId }, broker.policies);
    operations.push(...(violation === undefined ? once.map((operation) => asScheduled(operation, schedule, timestamp)) : once));
  }
  const outcome = await broker.engine.apply({ operations, lane: naturalLane(operations) });
  return outcome.ok ? { ok: true, id: draft.id, isDuplicate: outcome.repeats === operations.length } : { ok: false, error: engineFailure(outcome.failure) };
}

function operationFor(broker: BrokerContext, destination: Destination, draft: Message): Operation | ProtocolError {
  const { kind, name, text, canonical, isPattern, isAdvisory } = destination;
  const message = { ...draft, destination: text };
  if (isPattern) return unknownDestination('wildcard-in-send', text, 'expected one topic; wildcards are for SUBSCRIBE');
  if (isAdvisory) return accessRefused('send', canonical);
  switch (kind) {
    case 'queue':
      return { kind: 'enqueue', queue: name, message: withLifetime(broker, name, withLastValue(message, broker.policies.of(canonical))) };
    case 'topic':
      return publishOperation(broker, destination, message);
    case 'reply-queue':
      return { kind: 'enqueue', queue: temporaryName('queue', name), message };
    case 'reply-topic':
      return { kind: 'publish', topic: temporaryName('topic', name), message };
    case 'temp-queue':
    case 'temp-topic':
      return unknownDestination('temporary-of-nobody', text, 'a temporary belongs to a session; use the address in its reply-to');
  }
}
