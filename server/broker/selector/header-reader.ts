import { HEADER } from '../../protocol/header-names.ts';
import { parseBoolean } from '../boolean-header.ts';
import type { Message } from '../message.ts';
import type { ValueReader } from './values.ts';

/**
 * What a name in a selector stands for: one of the names below, else the sender's own header of that name; NULL if there
 * is none. Of a header that occurs more than once the first counts (STOMP 1.2, Repeated Header Entries).
 */
export function headerReader(name: string): ValueReader {
  return NAMES.get(name) ?? ((message) => headerOf(message, name));
}

/** These are not the message's but a delivery's, and a selector decides before there is one. */
export const DELIVERY_NAMES: ReadonlySet<string> = new Set([
  'JMSRedelivered',
  HEADER.redelivered,
  HEADER.JMSXDeliveryCount,
  HEADER.xDeliveryCount,
]);

/** A list is searched faster than a map of it is built: there are few headers, and each is asked for once or twice. */
function headerOf({ headers }: Message, name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return headers[i + 1];
  return undefined;
}

const id: ValueReader = (message) => message.id;
const destination: ValueReader = (message) => message.destination;
const priority: ValueReader = (message) => message.priority;
const timestamp: ValueReader = (message) => message.timestamp;
/** Ms since the epoch, 0 = never. */
const expiration: ValueReader = (message) => message.expiresAt;
const group: ValueReader = (message) => (message.group === '' ? undefined : message.group);
const header =
  (name: string): ValueReader =>
  (message) =>
    headerOf(message, name);

/** As the sender asked for it, and no by default, as with the peers; queues are stored whatever it says. */
const isPersistent = (message: Message): boolean => parseBoolean(headerOf(message, HEADER.persistent)) === true;

/** Names of JMS, of Artemis' filters (AMQUserID is the message's id there, too), and what the broker writes itself. */
const NAMES: ReadonlyMap<string, ValueReader> = new Map<string, ValueReader>([
  ['JMSMessageID', id],
  ['JMSDestination', destination],
  ['JMSPriority', priority],
  ['JMSTimestamp', timestamp],
  ['JMSExpiration', expiration],
  ['JMSDeliveryMode', (message) => (isPersistent(message) ? 'PERSISTENT' : 'NON_PERSISTENT')],
  ['JMSCorrelationID', header(HEADER.correlationId)],
  ['JMSReplyTo', header(HEADER.replyTo)],
  ['JMSType', header(HEADER.type)],
  ['JMSXGroupID', group],
  ['AMQUserID', id],
  ['AMQAddress', destination],
  ['AMQPriority', priority],
  ['AMQTimestamp', timestamp],
  ['AMQExpiration', expiration],
  ['AMQDurable', (message) => (isPersistent(message) ? 'DURABLE' : 'NON_DURABLE')],
  ['AMQGroupID', group],
  /** Octets of the body. */
  ['AMQSize', (message) => message.body.length],
  [HEADER.messageId, id],
  [HEADER.destination, destination],
  [HEADER.timestamp, timestamp],
]);
