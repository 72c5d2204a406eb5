import type { ProtocolError } from '../protocol/protocol-error.ts';
import { TEMPORARY_PREFIX } from './engine.ts';
import { unknownDestination } from './errors.ts';

/**
 * A parsed address.
 *
 * - `queue`, `topic`: `name` is what the engine knows it by, a topic's words split by `.`.
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

/** Every accepted prefix, the most used first; the other spellings come from RabbitMQ, ActiveMQ and Artemis. */
const PREFIXES: readonly (readonly [prefix: string, kind: Destination['kind']])[] = [
  ['/queue/', 'queue'],
  ['/topic/', 'topic'],
  ['/temp-queue/', 'temp-queue'],
  ['/temp-topic/', 'temp-topic'],
  ['/reply-queue/', 'reply-queue'],
  ['/remote-temp-queue/', 'reply-queue'],
  ['/remote-temp-topic/', 'reply-topic'],
  ['queue/', 'queue'],
  ['topic/', 'topic'],
  ['queue://', 'queue'],
  ['topic://', 'topic'],
  ['jms.queue.', 'queue'],
  ['jms.topic.', 'topic'],
];

/**
 * Reads a `destination` header in the order that keeps rights tight: split a composite, find wildcards in the raw
 * text, decode `%2F`; the caller then authorises the result. A composite (`/queue/a,/topic/b`) is split only where a
 * known prefix follows the comma, so that commas may stand in names.
 */
export function parseDestinations(text: string, limits: DestinationLimits): readonly Destination[] | ProtocolError {
  if (text.length > limits.maxDestinationBytes * limits.maxComposite) {
    return unknownDestination('destination-too-long', `${text.slice(0, 40)}…`, `expected at most ${limits.maxDestinationBytes} octets`);
  }
  const members = splitComposite(text);
  if (members.length > limits.maxComposite) {
    return unknownDestination('composite-too-long', `${text.slice(0, 40)}…`, `expected at most ${limits.maxComposite} members, got ${members.length}`);
  }
  const destinations: Destination[] = [];
  for (const member of members) {
    const destination = parseDestination(member, limits);
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
    if (!PREFIXES.some(([prefix]) => rest.startsWith(prefix))) continue;
    members.push(text.slice(from, comma).trim());
    from = text.length - rest.length;
  }
  members.push(from === 0 ? text : text.slice(from).trim());
  return members;
}

function parseDestination(text: string, limits: DestinationLimits): Destination | ProtocolError {
  const [prefix, kind] = PREFIXES.find(([known]) => text.startsWith(known)) ?? ['', 'queue'];
  if (prefix === '' && text.startsWith('/')) {
    const known = PREFIXES.filter(([each]) => each.startsWith('/')).map(([each]) => each);
    return unknownDestination('unknown-prefix', text, `expected one of ${known.join(' ')}`);
  }
  const raw = text.slice(prefix.length);
  if (raw === '') return unknownDestination('empty-name', text, `expected a name after '${prefix}'`);
  if (Buffer.byteLength(raw) > limits.maxDestinationBytes) {
    return unknownDestination('destination-too-long', `${text.slice(0, 40)}…`, `expected at most ${limits.maxDestinationBytes} octets`);
  }
  const isPattern = kind === 'topic' && hasWildcard(raw);
  // ActiveMQ's last `>` is RabbitMQ's `#`: one spelling from here on, for rights, routes and watches alike.
  const plain = isPattern ? raw.replace(/(^|\.)>$/, '$1#') : raw;
  const name = plain.includes('%') ? plain.replace(/%2f/gi, '/') : plain;
  if ((kind === 'queue' || kind === 'topic') && name.startsWith(TEMPORARY_PREFIX)) {
    return unknownDestination('reserved-name', text, `names that begin with '${TEMPORARY_PREFIX}' are the broker's own`);
  }
  if (kind === 'topic' && name.split('.', limits.maxTopicWords + 1).length > limits.maxTopicWords) {
    return unknownDestination('too-many-words', text, `expected at most ${limits.maxTopicWords} words split by '.'`);
  }
  return { kind, name, text, canonical: CANONICAL_PREFIX[kind] + name, isPattern };
}

/** `*` and `#` are wildcards as whole words, `>` only as the last word. */
function hasWildcard(name: string): boolean {
  if (!/[*#>]/.test(name)) return false;
  const words = name.split('.');
  return words.some((word, i) => word === '*' || word === '#' || (word === '>' && i === words.length - 1));
}
