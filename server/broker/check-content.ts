import type { ProtocolError } from '../protocol/protocol-error.ts';
import type { BrokerContext } from './broker-context.ts';
import type { Destination } from './destination.ts';
import type { Operation } from './engine.ts';
import { schemaViolated } from './errors.ts';
import { deadLetterQueue } from './failure-terms.ts';
import type { Message } from './message.ts';
import { readContent, type Content } from './message-schema.ts';
import type { Policies } from './policies.ts';
import { asDeadLetter } from './redelivery.ts';

/** Destinations that do not take the message, and what was wrong with it there: it becomes a dead letter of theirs. */
export type Violations = ReadonlyMap<Destination, string>;

/**
 * Holds a body against the schemas of its destinations. A refusal of one refuses the SEND; else those are told that it
 * goes by, undefined if there are none. The body is read once, and its size is bounded as that of its frame.
 */
export function checkContent(policies: Policies, destinations: readonly Destination[], body: Buffer): Violations | ProtocolError | undefined {
  if (!policies.hasSchemas) return undefined;
  let content: Content | undefined;
  let violations: Map<Destination, string> | undefined;
  for (const destination of destinations) {
    const { messageSchema, onViolation } = policies.of(destination.canonical);
    if (!messageSchema) continue;
    const violation = messageSchema.violationIn((content ??= readContent(body)));
    if (violation === undefined) continue;
    // What is sent to a dead-letter queue itself has nowhere else to go.
    const isLastStop = destination.kind === 'queue' && policies.failureTerms(destination.name).fate.kind !== 'move';
    if (onViolation !== 'dead-letter' || isLastStop) return schemaViolated(destination.text, violation);
    (violations ??= new Map()).set(destination, violation);
  }
  return violations;
}

/** What takes the place of the operation that the destination would have got. */
export function deadLetterOperations(
  { policies, advisories }: BrokerContext,
  { kind, name, text, canonical }: Destination,
  draft: Message,
  violation: string,
): Operation[] {
  const queue = deadLetterQueue(name, policies.of(canonical).deadLetter);
  const letter = asDeadLetter({ ...draft, destination: text }, name, queue, { reason: 'schema', cause: `schema: ${violation}` });
  const enqueue: Operation = { kind: 'enqueue', queue, message: letter };
  return advisories ? [enqueue, advisories.deadLettered(kind === 'queue' ? 'queue' : 'topic', name, queue, letter)] : [enqueue];
}
