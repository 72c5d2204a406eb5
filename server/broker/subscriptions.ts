import { isAdvisoryTopic } from './advisory-topic.ts';
import type { BrokerContext } from './broker-context.ts';
import { bytesOf, type Delivery } from './delivery.ts';
import { Departed, type DepartedDelivery } from './departed.ts';
import type { Operation, ReleaseReason } from './engine.ts';
import { QueueBrowser } from './queue-browser.ts';
import type { Session } from './session.ts';
import type { Source, Subscription } from './subscription.ts';
import type { TopicFanout } from './topic-fanout.ts';

/** The subscriptions of one session, by the client's name for them and by their number. */
export class Subscriptions {
  readonly #session: Session;
  readonly #byKey = new Map<string, Subscription>();
  readonly #byNumber = new Map<number, Subscription>();
  /** Allocated with the first need: most sessions never unsubscribe with messages in flight. */
  #departed: Departed | undefined;
  #lastNumber = 0;

  constructor(session: Session) {
    this.#session = session;
  }

  get count(): number {
    return this.#byKey.size;
  }

  nextNumber(): number {
    return ++this.#lastNumber;
  }

  find(key: string): Subscription | undefined {
    return this.#byKey.get(key);
  }

  findNumber(number: number): Subscription | undefined {
    return this.#byNumber.get(number);
  }

  all(): Iterable<Subscription> {
    return this.#byKey.values();
  }

  get departed(): Departed {
    return (this.#departed ??= new Departed());
  }

  /** Cheap as long as none departed. */
  departedBefore(subscriptionNumber: number, number: number): readonly DepartedDelivery[] {
    return this.#departed?.takeBefore(subscriptionNumber, number) ?? [];
  }

  register(subscription: Subscription): void {
    this.#byKey.set(subscription.key, subscription);
    this.#byNumber.set(subscription.number, subscription);
  }

  /** From now on messages come. */
  attach(subscription: Subscription): void {
    for (const source of subscription.sources) {
      switch (source.kind) {
        case 'topic':
          fanoutOf(this.#session.broker, source.name).add(source.name, source.isPattern, subscription);
          break;
        case 'queue':
          // Only now: a dispatcher found earlier might have been retired while the others of a composite were opened.
          source.dispatcher = this.#session.broker.queues.findOrCreate(source.queue);
          source.dispatcher.add(subscription);
          break;
        case 'browser':
          source.browser = new QueueBrowser(subscription, source.queue);
          source.browser.pump();
          break;
        case 'soft-errors':
          this.#session.softErrors?.add(subscription);
      }
    }
    this.#session.broker.advisories?.consumersStarted(subscription);
  }

  /** Ends it; what was in flight is handed to the caller, to be released. */
  remove(subscription: Subscription): Delivery[] {
    this.#byKey.delete(subscription.key);
    this.#byNumber.delete(subscription.number);
    subscription.end();
    for (const source of subscription.sources) detach(source, subscription);
    this.#session.broker.advisories?.consumersEnded(subscription);
    return subscription.inflight.drain();
  }

  /** They waited too long for their ACKs: back to their places; the client may yet ack them. */
  lapse(subscription: Subscription, deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) subscription.inflight.delete(delivery);
    this.departed.add(deliveries);
    const { id, broker } = this.#session;
    const queues = [...new Set(deliveries.map(({ dispatcher }) => dispatcher?.queue))];
    broker.log.warn({ event: 'ack-timeout', session: id, subscription: subscription.key, queues, deliveries: deliveries.length });
    void this.giveBack(deliveries);
    subscription.restoreCredit(deliveries.length, bytesOf(deliveries));
  }

  /** The session is gone: everything in flight returns to its place. */
  closeAll(): void {
    const inflight: Delivery[] = [];
    const all = [...this.#byKey.values()];
    for (const subscription of all) inflight.push(...this.remove(subscription));
    const holding = all.filter(({ sources }) => sources.some((source) => source.kind === 'queue' && source.hold));
    const given = this.giveBack(inflight);
    if (holding.length > 0) void given.then(() => { for (const subscription of holding) this.endHolds(subscription); });
  }

  /** Lets others have its durable subscriptions; to be called when what was in flight is back, or who comes next would overtake it. */
  endHolds({ sources }: Subscription): void {
    const { engine, holders } = this.#session.broker;
    for (const source of sources) {
      if (source.kind !== 'queue' || !source.hold) continue;
      holders.remove(source.hold.holder);
      engine.endHold(source.queue, source.hold.holder);
    }
  }

  /** Releases deliveries outside the session's chain, which may be broken or gone; resolves when that is done. */
  async giveBack(deliveries: readonly Delivery[]): Promise<void> {
    // A group for each queue: one that was dropped in the meantime must not keep the others from their messages.
    const byQueue = new Map<string, Operation[]>();
    for (const operation of releaseOperations(deliveries, 'gone')) {
      if (operation.kind !== 'release') continue;
      const ofQueue = byQueue.get(operation.queue);
      if (ofQueue) ofQueue.push(operation);
      else byQueue.set(operation.queue, [operation]);
    }
    await Promise.all([...byQueue.values()].map((operations) => this.#release(operations)));
  }

  #release(operations: readonly Operation[]): Promise<unknown> {
    const { engine, log } = this.#session.broker;
    return engine.apply({ operations, lane: 'durable' }).then(
      (outcome) => {
        if (outcome.ok) return undefined;
        // A group is all or nothing: one delivery that is not held any more must not keep the rest.
        if (outcome.failure.code === 'not-held' && operations.length > 1) return Promise.all(operations.map((each) => this.#release([each])));
        log.warn({ event: 'release-failed', session: this.#session.id, failure: outcome.failure });
        return undefined;
      },
      (error: unknown) => {
        log.error({ event: 'release-failed', session: this.#session.id, error });
      },
    );
  }

  /** The socket has room again. */
  goOn(): void {
    for (const subscription of this.#byKey.values()) subscription.goOn();
  }
}

/** Advisories stand apart: a wildcard of the other topics must not reach them. */
function fanoutOf({ topics, advisories }: BrokerContext, topic: string): TopicFanout {
  return advisories && isAdvisoryTopic(topic) ? advisories.topics : topics;
}

function detach(source: Source, subscription: Subscription): void {
  const { broker, softErrors } = subscription.session;
  if (source.kind === 'topic') {
    fanoutOf(broker, source.name).remove(source.name, source.isPattern, subscription);
    broker.engine.unwatch(source.name);
  } else if (source.kind === 'queue' && source.dispatcher) {
    source.dispatcher.remove(subscription);
    broker.queues.retire(source.dispatcher);
  } else if (source.kind === 'soft-errors') {
    softErrors?.remove(subscription);
  }
}

/** Deliveries of plain topics have nothing to return to. */
export function releaseOperations(deliveries: readonly Delivery[], reason: ReleaseReason): Operation[] {
  const operations: Operation[] = [];
  for (const delivery of deliveries) {
    if (delivery.dispatcher) operations.push(delivery.dispatcher.releaseOperation(delivery, reason));
  }
  return operations;
}
