import type { Headers } from '../protocol/frame.ts';
import { HEADER } from '../protocol/header-names.ts';
import type { ProtocolError } from '../protocol/protocol-error.ts';
import { readBoolean } from './boolean-header.ts';
import type { Destination } from './destination.ts';
import { DURABLE_PREFIX } from './durable-name.ts';
import { badHeader, missingHeader } from './errors.ts';
import type { Session } from './session.ts';

/** The durable subscription that a SUBSCRIBE or UNSUBSCRIBE speaks of. */
export interface DurableRequest {
  /** The engine's name for it. */
  readonly queue: string;
  readonly isShared: boolean;
  /** It goes with its last holder. */
  readonly endsUnused: boolean;
  /** For texts, in ActiveMQ's words. */
  readonly client: string;
  readonly name: string;
}

/** Artemis' two names for it, and ActiveMQ's; the first present counts. */
const NAME_HEADERS = [HEADER.durableSubscriptionName, HEADER.durableSubscriberName, HEADER.activemqSubscriptionName] as const;

/**
 * Which durable subscription of a topic is meant, if one is:
 *
 *     a name header                     client-id (else user) + name         one holder      ActiveMQ, Artemis
 *     /topic/X::name, x-group, x-queue-name      name + topic                shared          Artemis, RabbitMQ
 *     durable:true or persistent:true   user + id + topic                    shared          RabbitMQ
 *
 * RabbitMQ's identity has no user in it; ours has, since pages number their ids alike. A shared one that says `durable:false`
 * or `auto-delete:true` ends with its last holder.
 */
export function readDurable(command: string, session: Session, headers: Headers, destination: Destination): DurableRequest | undefined | ProtocolError {
  const isDurable = readDurableFlag(command, headers);
  if (typeof isDurable === 'object') return isDurable;
  const isAutoDelete = readBoolean(command, headers, HEADER.autoDelete);
  if (typeof isAutoDelete === 'object') return isAutoDelete;
  const user = session.identity?.user ?? '';
  const endsUnused = isAutoDelete === true || isDurable === false;
  const nameHeader = NAME_HEADERS.find((header) => headers.get(header) !== undefined);
  if (nameHeader !== undefined) {
    const name = headers.get(nameHeader)!;
    if (name === '') return badHeader(command, nameHeader, 'a name', name);
    const { clientId } = session;
    const scope = clientId === undefined ? ['u', user] : ['c', clientId];
    return { queue: queueName('n', ...scope, name), isShared: false, endsUnused: isAutoDelete === true, client: clientId ?? user, name };
  }
  const group = destination.subscription ?? headers.get(HEADER.xGroup) ?? headers.get(HEADER.xQueueName);
  if (group !== undefined) return { queue: queueName('g', group, destination.name), isShared: true, endsUnused, client: user, name: group };
  if (isDurable !== true) return undefined;
  const id = headers.get(HEADER.id);
  if (id === undefined) return missingHeader(command, HEADER.id);
  return { queue: queueName('r', user, id, destination.name), isShared: true, endsUnused: isAutoDelete === true, client: user, name: id };
}

/** A header that names one, as far as that can be told without a destination. */
export const namesDurable = (headers: Headers): boolean => NAME_HEADERS.some((header) => headers.get(header) !== undefined);

function readDurableFlag(command: string, headers: Headers): boolean | undefined | ProtocolError {
  const isDurable = readBoolean(command, headers, HEADER.durable);
  return isDurable ?? readBoolean(command, headers, HEADER.persistent);
}

/** No two lists of parts give one name. */
const queueName = (...parts: readonly string[]): string => DURABLE_PREFIX + parts.map((part) => part.replace(/[%:]/g, encodeURIComponent)).join(':');
