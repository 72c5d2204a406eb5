import type { Clock } from '../lib/clock.ts';
import { HEADER } from '../protocol/header-names.ts';
import { ADVISORY_TOPIC_PREFIX, isAdvisoryTopic } from './advisory-topic.ts';
import { isTemporaryQueue, TEMPORARY_PREFIX, type Engine, type Failure, type Operation } from './engine.ts';
import type { Log } from './log.ts';
import type { Message } from './message.ts';
import type { Session } from './session.ts';
import type { Source, Subscription } from './subscription.ts';
import { TopicFanout } from './topic-fanout.ts';

export interface AdvisoriesOptions {
  readonly engine: Pick<Engine, 'apply'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly nodeId: string;
  readonly serverName: string;
  nextMessageId(): string;
}

/** Headers and body of an advisory; the body is JSON. */
interface Told {
  readonly headers?: readonly string[];
  readonly body: Readonly<Record<string, unknown>>;
}

/** Advisories on their way to a store that is slow or out of reach; beyond it they are lost. */
const MAX_PENDING = 1_000;
/** A full store refuses every SEND, and is told no more often than this, in ms. */
const FULL_PAUSE_MS = 1_000;

/**
 * Tells on topics what happens on this node. The topics go through the engine like all others, so who watches them hears
 * every node; each event costs a publish whether anybody listens or not, which is why they have to be asked for.
 * Their subscribers have a fan-out of their own, where no wildcard of the ordinary topics can meet them.
 */
export class Advisories {
  readonly topics = new TopicFanout();
  readonly #options: AdvisoriesOptions;
  /** Consumers on this node, by the kind and name of what they read. */
  readonly #consumers = new Map<string, number>();
  #pendingCount = 0;
  #fullToldAt = -Infinity;

  constructor(options: AdvisoriesOptions) {
    this.#options = options;
  }

  connectionStarted(session: Session): void {
    this.#tell('Connection', { body: { event: 'started', ...connectionOf(session) } });
  }

  connectionEnded(session: Session, reason: string): void {
    this.#tell('Connection', { body: { event: 'ended', ...connectionOf(session), reason } });
  }

  /** ActiveMQ: consumers of advisories, and of temporaries, are not told. */
  consumersStarted(subscription: Subscription): void {
    for (const source of subscription.sources) this.#consumerChanged(subscription, source, 1);
  }

  consumersEnded(subscription: Subscription): void {
    for (const source of subscription.sources) this.#consumerChanged(subscription, source, -1);
  }

  /** The session is about to be cut: each topic that it reads. */
  slowConsumer(session: Session, why: string): void {
    const told = new Set<string>();
    for (const subscription of session.subscriptions.all()) {
      for (const source of subscription.sources) {
        const name = nameOf(source);
        if (source.kind !== 'topic' || name === undefined || told.has(name)) continue;
        told.add(name);
        const headers = [HEADER.consumerId, consumerId(subscription)];
        this.#tell(`SlowConsumer.${name}`, { headers, body: { event: 'slow', ...connectionOf(session), why } });
      }
    }
  }

  /** What belongs into the group that makes a dead letter of a message: it is told if and only if it happens. */
  deadLettered(kind: 'queue' | 'topic', name: string, to: string, letter: Message): Operation {
    const headers = [HEADER.orignalMessageId, letter.id];
    const cause = headerOf(letter, HEADER.dlqDeliveryFailureCause);
    const body = { event: 'dead-lettered', message: letter.id, deadLetterQueue: to, reason: headerOf(letter, HEADER.xLastDeathReason), cause };
    return this.#operation(`MessageDLQd.${kind === 'queue' ? 'Queue' : 'Topic'}.${name}`, { headers, body });
  }

  /** A durable subscription had to let go of messages that nobody has had. */
  discarded(subscription: string, count: number): void {
    this.#tell(`MessageDiscarded.Topic.${subscription}`, { body: { event: 'discarded', subscription, count } });
  }

  /** The store has no room for what was sent. */
  full(operations: readonly Operation[], { code, detail }: Failure): void {
    if (code !== 'memory-limit' && code !== 'disk-full') return;
    const now = this.#options.clock.monotonic();
    if (now - this.#fullToldAt < FULL_PAUSE_MS) return;
    this.#fullToldAt = now;
    const first = operations.find(({ kind }) => kind === 'enqueue' || kind === 'publish');
    if (!first) return;
    const name = first.kind === 'publish' ? `Topic.${first.topic}` : `Queue.${first.queue}`;
    const headers = [HEADER.usageName, code === 'disk-full' ? 'store' : 'memory'];
    this.#tell(`FULL.${name}`, { headers, body: { event: 'full', reason: code, detail } });
  }

  #consumerChanged(subscription: Subscription, source: Source, by: 1 | -1): void {
    const name = nameOf(source);
    if (name === undefined) return;
    const consumerCount = (this.#consumers.get(name) ?? 0) + by;
    if (consumerCount > 0) this.#consumers.set(name, consumerCount);
    else this.#consumers.delete(name);
    const headers = [HEADER.consumerId, consumerId(subscription), HEADER.consumerCount, String(consumerCount)];
    const event = by > 0 ? 'started' : 'ended';
    const body = { event, destination: subscription.destinationText, consumerCount, ...connectionOf(subscription.session) };
    this.#tell(`Consumer.${name}`, { headers, body });
  }

  #tell(topic: string, told: Told): void {
    const { engine, log } = this.#options;
    if (this.#pendingCount >= MAX_PENDING) {
      log.debug({ event: 'advisory-lost', topic, reason: `${MAX_PENDING} are on their way` });
      return;
    }
    this.#pendingCount++;
    engine.apply({ operations: [this.#operation(topic, told)], lane: 'volatile' }).then(
      (outcome) => {
        this.#pendingCount--;
        if (!outcome.ok) log.debug({ event: 'advisory-lost', topic, failure: outcome.failure });
      },
      (error: unknown) => {
        this.#pendingCount--;
        log.error({ event: 'apply-failed', topic, error });
      },
    );
  }

  #operation(name: string, { headers = [], body }: Told): Operation {
    const { clock, nodeId, serverName } = this.#options;
    const topic = ADVISORY_TOPIC_PREFIX + name;
    const message: Message = {
      id: this.#options.nextMessageId(),
      destination: `/topic/${topic}`,
      headers: [HEADER.type, 'Advisory', HEADER.contentType, 'application/json', HEADER.originBrokerId, nodeId, HEADER.originBrokerName, serverName, ...headers],
      body: Buffer.from(JSON.stringify({ ...body, node: nodeId })),
      isText: true,
      timestamp: clock.now(),
      priority: 4,
      expiresAt: 0,
      dueAt: 0,
      group: '',
      lastValue: '',
      origin: '',
    };
    return { kind: 'publish', topic, message };
  }
}

/** In ActiveMQ's words, e.g. `Queue.orders`; undefined for what is not told. */
function nameOf(source: Source): string | undefined {
  if (source.kind === 'queue') return isTemporaryQueue(source.queue) ? undefined : `Queue.${source.queue}`;
  if (source.kind !== 'topic' || isAdvisoryTopic(source.name) || source.name.startsWith(TEMPORARY_PREFIX)) return undefined;
  return `Topic.${source.name}`;
}

const connectionOf = ({ id, identity, peer }: Session) => ({
  connection: id,
  user: identity?.user ?? '',
  remoteAddress: peer.remoteAddress,
  transport: peer.transport,
});

const consumerId = ({ session, number }: Subscription): string => `${session.id}.${number.toString(36)}`;

function headerOf({ headers }: Message, name: string): string {
  return headers.find((_, i) => i % 2 === 1 && headers[i - 1] === name) ?? '';
}
