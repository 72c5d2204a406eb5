import { isUtf8 } from 'node:buffer';
import { keepOctets } from '../../lib/keep.ts';
import type { Frame } from '../../protocol/frame.ts';
import { HEADER } from '../../protocol/header-names.ts';
import type { ProtocolError } from '../../protocol/protocol-error.ts';
import { checkContent, deadLetterOperations } from '../check-content.ts';
import type { Destination } from '../destination.ts';
import { readDueAt } from '../due-at.ts';
import { happenOnce, readDuplicateId } from '../duplicates.ts';
import type { Operation } from '../engine.ts';
import { asScheduled } from '../job.ts';
import { readSchedule } from '../schedule.ts';
import { missingDestination, unknownDestination, wrongUserId } from '../errors.ts';
import { withLastValue } from '../last-value.ts';
import { messageBytes, type Message } from '../message.ts';
import { readDeliveryTerms } from '../delivery-terms.ts';
import { withLifetime } from '../lifetime.ts';
import { publishOperation } from '../publish-operation.ts';
import { refusedDestination } from '../rights.ts';
import { readRoutingType } from '../routing-type.ts';
import type { Session } from '../session.ts';
import { passedHeaders } from '../passed-headers.ts';
import { temporaryName } from '../temporaries.ts';
import type { Transaction } from '../transaction.ts';
import type { Handled } from './index.ts';
import { openReplyTo } from './reply-to.ts';

/** SEND: destination, rights, transaction or group. Returns as soon as the group stands with the engine. */
export function send(session: Session, frame: Frame): Handled {
  const text = frame.headers.get(HEADER.destination);
  if (text === undefined) return missingDestination('SEND');
  const bare = readRoutingType('SEND', frame.headers);
  if (typeof bare === 'object') return bare;
  const destinations = session.broker.destinations.parse(text, bare);
  if ('code' in destinations) return destinations;
  for (const destination of destinations) {
    if (destination.subscription !== undefined) {
      return unknownDestination('subscription-in-send', text, 'expected a topic; the name of a subscription is for SUBSCRIBE');
    }
    if (destination.isPattern) {
      return unknownDestination('wildcard-in-send', text, 'expected one topic; wildcards are for SUBSCRIBE');
    }
  }
  const refusal = refusedDestination(session, 'send', destinations);
  if (refusal instanceof Promise) return refusal.then((refused) => refused ?? admit(session, frame, destinations));
  return refusal ?? admit(session, frame, destinations);
}

/** Allowed. A temporary has to be there before the message that names it. */
function admit(session: Session, frame: Frame, destinations: readonly Destination[]): Handled {
  const replyTo = frame.headers.get(HEADER.replyTo);
  const isTemporary = replyTo?.startsWith('/temp-') === true || destinations.some((each) => each.kind.startsWith('temp-'));
  if (!isTemporary) return accept(session, frame, destinations, undefined);
  return openReplyTo(session, replyTo, destinations).then((opened) =>
    typeof opened === 'object' ? opened : accept(session, frame, destinations, opened),
  );
}

function accept(session: Session, frame: Frame, destinations: readonly Destination[], replyTo: string | undefined): ProtocolError | undefined {
  if (session.state !== 'connected') return undefined;
  const { headers } = frame;
  let transaction: Transaction | undefined;
  const transactionId = headers.get(HEADER.transaction);
  if (transactionId !== undefined) {
    const found = session.transactions.find('SEND', transactionId);
    if ('code' in found) return found;
    transaction = found;
  }

  const { broker } = session;
  const user = session.identity?.user ?? '';
  const claimedUser = headers.get(HEADER.userId);
  if (claimedUser !== undefined && claimedUser !== user) return wrongUserId(claimedUser, user);
  const timestamp = broker.clock.now();
  const dueAt = readDueAt(headers, timestamp);
  if (typeof dueAt === 'object') return dueAt;
  const schedule = readSchedule(headers);
  if (schedule && 'code' in schedule) return schedule;
  const terms = readDeliveryTerms(headers, timestamp);
  if ('code' in terms) return terms;
  const violations = checkContent(broker.policies, destinations, frame.body);
  if (violations && 'code' in violations) return violations;
  broker.counters.messagesIn++;
  // A plain topic's body is only looked at; a queue and a log keep it, and must not keep the whole chunk it came in.
  const isLater = schedule !== undefined || dueAt > 0;
  const isKept = transaction !== undefined || violations !== undefined || isLater || destinations.some((each) => each.kind !== 'topic' || broker.policies.of(each.canonical).log || broker.engine.keeps(each.name));
  const body = isKept ? keepOctets(frame.body) : frame.body;
  const message: Message = {
    id: broker.nextMessageId(),
    destination: '',
    headers: passedHeaders(headers, { replyTo, user }),
    body,
    isText: isUtf8(body),
    timestamp,
    ...terms,
    dueAt,
    lastValue: '',
    origin: session.origin,
  };
  const duplicateId = readDuplicateId(headers);
  const operations: Operation[] = [];
  for (const destination of destinations) {
    const violation = violations?.get(destination);
    const own = violation === undefined ? [operationFor(session, destination, message)] : deadLetterOperations(broker, destination, message, violation);
    const once = happenOnce(own, { user, destination, duplicateId }, broker.policies);
    operations.push(...(isLater && violation === undefined ? once.map((each) => asScheduled(each, schedule, timestamp)) : once));
  }
  const bytes = messageBytes(message);

  if (transaction) {
    // The receipt of a frame inside a transaction says that it was taken in; COMMIT's is the guarantee.
    const overflow = session.transactions.add(transaction, operations, bytes);
    if (!overflow) session.acknowledge(frame);
    return overflow;
  }
  session.submissions.submit({ operations, bytes, receiptId: headers.get(HEADER.receipt), isAlone: true });
  return undefined;
}

/** MESSAGE says the destination as it was sent: the member of a composite. */
function operationFor(session: Session, destination: Destination, draft: Message): Operation {
  const message = { ...draft, destination: destination.text };
  switch (destination.kind) {
    case 'queue':
      return { kind: 'enqueue', queue: destination.name, message: withLifetime(session.broker, destination.name, withLastValue(message, session.broker.policies.of(destination.canonical))) };
    case 'topic':
      return publishOperation(session.broker, destination, message);
    case 'temp-queue':
      return { kind: 'enqueue', queue: session.temporaries.open('queue', destination.name).temporary.name, message };
    case 'temp-topic':
      return { kind: 'publish', topic: session.temporaries.open('topic', destination.name).temporary.name, message };
    case 'reply-queue':
      return { kind: 'enqueue', queue: temporaryName('queue', destination.name), message };
    case 'reply-topic':
      return { kind: 'publish', topic: temporaryName('topic', destination.name), message };
  }
}
