import type { ProtocolError } from '../protocol/protocol-error.ts';
import { ADVISORY_PREFIX, ADVISORY_TOPIC_PREFIX, isAdvisoryTopic } from './advisory-topic.ts';
import { RESERVED_PREFIXES, TEMPORARY_PREFIX } from './engine.ts';
import { notFound, unknownDestination } from './errors.ts';
import type { BareKind } from './routing-type.ts';

/**
 * A parsed address.
 *
 * - `queue`, `topic`: `name` is what the engine knows it by, a topic's words split by `.`. RabbitMQ's exchanges are
 *   topics, too: `amq.topic` those of `/topic/`, the other two in namespaces of their own that no wildcard reaches.
 * - `temp-queue`, `temp-topic`: `name` is the client's own word for a temporary of its own session.
 * - `reply-queue`, `reply-topic`: `name` is the opaque address of some session's temporary; SEND only.
 */
export interface Destination {
  readonly kind: 'queue' | 'topic' | 'temp-queue' | 'temp-topic' | 'reply-queue' | 'reply-topic';
  readonly name: string;
  /** As it was written; what MESSAGE frames carry. */
  readonly text: string;
  /** The one spelling of it, for rights, logs and policies: `/queue/a/b` for `queue://a%2Fb`. */
  readonly canonical: string;
  /** A topic with wildcard words: `*` one word, `#` or a last `>` zero or more. */
  readonly isPattern: boolean;
  /** A topic on which only the broker speaks. */
  readonly isAdvisory: boolean;
  /** Artemis' `topic::name`: a durable subscription of it that its users share. */
  readonly subscription?: string;
  /** A queue that this frame must not bring into being: RabbitMQ's `/amq/queue/`. */
  readonly mustExist: boolean;
}

export interface DestinationLimits {
  readonly maxTopicWords: number;
  readonly maxDestinationBytes: number;
  readonly maxComposite: number;
}

const CANONICAL_PREFIX: Readonly<Record<Destination['kind'], string>> = {
  queue: '/queue/',
  topic: '/topic/',
  'temp-queue': '/temp-queue/',
  'temp-topic': '/temp-topic/',
  'reply-queue': '/reply-queue/',
  'reply-topic': '/remote-temp-topic/',
};

interface Form {
  readonly prefix: string;
  readonly kind: Destination['kind'];
  readonly mustExist?: boolean;
  /** What the name begins with that the text leaves out. */
  readonly nameBegin?: string;
}

/** Every accepted prefix, the most used first; the other spellings come from RabbitMQ, ActiveMQ and Artemis. */
const FORMS: readonly Form[] = [
  { prefix: '/queue/', kind: 'queue' },
  { prefix: '/topic/', kind: 'topic' },
  { prefix: '/temp-queue/', kind: 'temp-queue' },
  { prefix: '/temp-topic/', kind: 'temp-topic' },
  { prefix: '/reply-queue/', kind: 'reply-queue' },
  { prefix: '/remote-temp-queue/', kind: 'reply-queue' },
  { prefix: '/remote-temp-topic/', kind: 'reply-topic' },
  { prefix: '/amq/queue/', kind: 'queue', mustExist: true },
  { prefix: '/exchange/amq.topic/', kind: 'topic' },
  { prefix: ADVISORY_PREFIX, kind: 'topic', nameBegin: ADVISORY_TOPIC_PREFIX },
  { prefix: 'queue/', kind: 'queue' },
  { prefix: 'topic/', kind: 'topic' },
  { prefix: 'queue://', kind: 'queue' },
  { prefix: 'topic://', kind: 'topic' },
  { prefix: 'jms.queue.', kind: 'queue' },
  { prefix: 'jms.topic.', kind: 'topic' },
];

/** A name without any prefix. */
const BARE: Readonly<Record<BareKind, Form>> = { queue: { prefix: '', kind: 'queue' }, topic: { prefix: '', kind: 'topic' } };

/** Between a topic and a subscription of it. */
const SUBSCRIPTION_MARK = '::';

/** What all of RabbitMQ's exchanges begin with, those that are not here included. */
const EXCHANGE_PREFIX = '/exchange/';

const EXCHANGES: readonly string[] = ['amq.topic', 'amq.direct', 'amq.fanout'];

/** What stands at the beginning of a destination, and so behind the comma of a composite. */
const PREFIXES: readonly string[] = [...FORMS.map(({ prefix }) => prefix), EXCHANGE_PREFIX];

/**
 * Reads a `destination` header in the order that keeps rights tight: split a composite, find wildcards in the raw
 * text, decode `%2F`; the caller then authorises the result. A composite (`/queue/a,/topic/b`) is split only where a
 * known prefix follows the comma, so that commas may stand in names. `bare`: what members without a prefix are.
 */
export function parseDestinations(text: string, limits: DestinationLimits, bare: BareKind = 'queue'): readonly Destination[] | ProtocolError {
  if (text.length > limits.maxDestinationBytes * limits.maxComposite) {
    return unknownDestination('destination-too-long', `${text.slice(0, 40)}…`, `expected at most ${limits.maxDestinationBytes} octets`);
  }
  const members = splitComposite(text);
  if (members.length > limits.maxComposite) {
    return unknownDestination('composite-too-long', `${text.slice(0, 40)}…`, `expected at most ${limits.maxComposite} members, got ${members.length}`);
  }
  const destinations: Destination[] = [];
  for (const member of members) {
    const destination = parseDestination(member, limits, bare);
    if ('code' in destination) return destination;
    destinations.push(destination);
  }
  return destinations;
}

function splitComposite(text: string): string[] {
  if (!text.includes(',')) return [text];
  const members: string[] = [];
  let from = 0;
  for (let comma = text.indexOf(','); comma !== -1; comma = text.indexOf(',', comma + 1)) {
    const rest = text.slice(comma + 1).trimStart();
    if (!PREFIXES.some((prefix) => rest.startsWith(prefix))) continue;
    members.push(text.slice(from, comma).trim());
    from = text.length - rest.length;
  }
  members.push(from === 0 ? text : text.slice(from).trim());
  return members;
}

function parseDestination(text: string, limits: DestinationLimits, bare: BareKind): Destination | ProtocolError {
  const form = FORMS.find(({ prefix }) => text.startsWith(prefix));
  if (!form && text.startsWith(EXCHANGE_PREFIX)) return parseExchange(text, limits);
  if (!form && text.startsWith('/')) {
    return unknownDestination('unknown-prefix', text, `expected one of ${PREFIXES.filter((each) => each.startsWith('/')).join(' ')}`);
  }
  const { prefix, kind, mustExist = false, nameBegin = '' } = form ?? BARE[bare];
  const [raw = '', subscription] = kind === 'topic' ? text.slice(prefix.length).split(SUBSCRIPTION_MARK, 2) : [text.slice(prefix.length)];
  if (subscription === '') return unknownDestination('empty-name', text, `expected a name after '${SUBSCRIPTION_MARK}'`);
  const refusal = refusedName(text, raw, prefix, limits);
  if (refusal) return refusal;
  const isPattern = kind === 'topic' && hasWildcard(raw);
  // ActiveMQ's last `>` is RabbitMQ's `#`: one spelling from here on, for rights, routes and watches alike.
  const name = nameBegin + decodeSlashes(isPattern ? raw.replace(/(^|\.)>$/, '$1#') : raw);
  const reserved = kind === 'queue' || kind === 'topic' ? RESERVED_PREFIXES.find((each) => name.startsWith(each)) : undefined;
  if (reserved !== undefined) return unknownDestination('reserved-name', text, `names that begin with '${reserved}' are the broker's own`);
  if (kind === 'topic' && name.split('.', limits.maxTopicWords + 1).length > limits.maxTopicWords) {
    return unknownDestination('too-many-words', text, `expected at most ${limits.maxTopicWords} words split by '.'`);
  }
  const isAdvisory = kind === 'topic' && isAdvisoryTopic(name);
  const canonical = isAdvisory ? ADVISORY_PREFIX + name.slice(ADVISORY_TOPIC_PREFIX.length) : CANONICAL_PREFIX[kind] + name;
  return { kind, name, text, canonical, isPattern, isAdvisory, mustExist, ...(subscription !== undefined && { subscription }) };
}

/** RabbitMQ: `amq.direct` goes by the whole key, wildcards have no meaning in it; `amq.fanout` reaches all, whatever the key. */
function parseExchange(text: string, limits: DestinationLimits): Destination | ProtocolError {
  const [, exchange = '', ...key] = text.slice(1).split('/');
  const raw = key.join('/');
  if (!EXCHANGES.includes(exchange)) return notFound('no-such-exchange', text, `expected one of the exchanges ${EXCHANGES.join(', ')}`);
  const isFanout = exchange === 'amq.fanout';
  const refusal = isFanout && raw === '' ? undefined : refusedName(text, raw, `/exchange/${exchange}/`, limits);
  if (refusal) return refusal;
  if (isFanout) return exchangeTopic(text, '/exchange/amq.fanout', 'fanout');
  const name = decodeSlashes(raw);
  return exchangeTopic(text, `/exchange/${exchange}/${name}`, `direct:${name}`);
}

/** No client can write such a topic's name, and no wildcard reaches it. */
const exchangeTopic = (text: string, canonical: string, name: string): Destination => ({
  kind: 'topic',
  name: TEMPORARY_PREFIX + name,
  text,
  canonical,
  isPattern: false,
  isAdvisory: false,
  mustExist: false,
});

function refusedName(text: string, raw: string, prefix: string, { maxDestinationBytes }: DestinationLimits): ProtocolError | undefined {
  if (raw === '') return unknownDestination('empty-name', text, `expected a name after '${prefix}'`);
  if (Buffer.byteLength(raw) <= maxDestinationBytes) return undefined;
  return unknownDestination('destination-too-long', `${text.slice(0, 40)}…`, `expected at most ${maxDestinationBytes} octets`);
}

const decodeSlashes = (text: string): string => (text.includes('%') ? text.replace(/%2f/gi, '/') : text);

/** `*` and `#` are wildcards as whole words, `>` only as the last word. */
function hasWildcard(name: string): boolean {
  if (!/[*#>]/.test(name)) return false;
  const words = name.split('.');
  return words.some((word, i) => word === '*' || word === '#' || (word === '>' && i === words.length - 1));
}
