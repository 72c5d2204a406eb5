import { ClosedLoop, type Pace } from './closed-loop.ts';
import { Fleet } from './fleet.ts';
import { Meter, type Measured } from './meter.ts';
import type { Target } from './target.ts';
import { TopicLedger } from './topic-ledger.ts';

export interface FanOutJob {
  readonly kind: 'fan-out';
  readonly target: Target;
  readonly subscribers: number;
  /** Wildcard subscriptions that match nothing, held by others meanwhile. */
  readonly bystanders?: number;
  readonly pace: Pace;
}

const DESTINATION = '/topic/bench.fan-out';

/** A connection may hold 128. */
const BYSTANDERS_EACH = 125;

/**
 * Many subscribers of one topic, dealt out over the nodes, and one publisher; on several nodes one on each, which share
 * the window.
 */
export async function fanOut({ target, subscribers: count, bystanders = 0, pace }: FanOutJob): Promise<Measured> {
  const fleet = new Fleet(target);
  const meter = new Meter(target);
  const subscribers = await fleet.open(count);
  await fleet.each(subscribers, (subscriber) => subscriber.subscribe([['sub-0', DESTINATION]]));
  const publishers = await fleet.open(Math.min(target.ports.length, pace.window));
  const crowd = await fleet.open(Math.ceil(bystanders / BYSTANDERS_EACH));
  await fleet.each(crowd, (client) => client.subscribe(wildcardsOf(client.index, Math.ceil(bystanders / crowd.length))));

  const loop = new ClosedLoop(fleet, meter, { ...pace, window: Math.ceil(pace.window / publishers.length) });
  const ledger = new TopicLedger(count * publishers.length);
  for (const publisher of publishers) loop.addSender(publisher, fleet.dialect.publish(DESTINATION, pace.bodyBytes), count);
  const receive = loop.receiver(ledger, (receiver, sender) => receiver * publishers.length + sender);
  for (const subscriber of subscribers) subscriber.onDelivery = receive;

  const measured = await loop.run();
  await fleet.close();
  return { ...measured, ledger: ledger.close((row) => loop.sentBy(row % publishers.length)) };
}

function wildcardsOf(client: number, count: number): (readonly [id: string, destination: string])[] {
  return Array.from({ length: count }, (_, i) => [`sub-${i}`, `/topic/bench.bystanders.${client}.${i}.*`] as const);
}
