import { ClosedLoop, type Pace } from './closed-loop.ts';
import { Fleet } from './fleet.ts';
import { Meter, type Measured } from './meter.ts';
import type { Target } from './target.ts';
import { TopicLedger } from './topic-ledger.ts';

export interface FanOutJob {
  readonly kind: 'fan-out';
  readonly target: Target;
  readonly subscribers: number;
  readonly pace: Pace;
}

const DESTINATION = '/topic/bench.fan-out';

/** One publisher, many subscribers of one topic. */
export async function fanOut({ target, subscribers: count, pace }: FanOutJob): Promise<Measured> {
  const fleet = new Fleet(target);
  const meter = new Meter(target.pid);
  const subscribers = await fleet.open(count);
  await fleet.each(subscribers, (subscriber) => subscriber.subscribe([['sub-0', DESTINATION]]));
  const [publisher] = await fleet.open(1);

  const loop = new ClosedLoop(fleet, meter, pace);
  const ledger = new TopicLedger(count);
  loop.addSender(publisher!, fleet.dialect.publish(DESTINATION, pace.bodyBytes), count);
  const receive = loop.receiver(ledger);
  for (const subscriber of subscribers) subscriber.onDelivery = receive;

  const measured = await loop.run();
  await fleet.close();
  return { ...measured, ledger: ledger.close(() => loop.sentBy(0)) };
}
