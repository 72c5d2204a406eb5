import type { Client } from './client.ts';
import type { Segment } from './client-frame.ts';
import { ClosedLoop, type Pace } from './closed-loop.ts';
import { Fleet } from './fleet.ts';
import { Meter, type Measured } from './meter.ts';
import type { Target } from './target.ts';

export interface DestinationsJob {
  readonly kind: 'destinations';
  readonly target: Target;
  /** Topics, each with one subscriber. */
  readonly destinations: number;
  readonly connections: number;
  readonly pace: Pace;
}

const NAME = '/topic/bench.destinations.';
const NAME_DIGITS = 6;

/**
 * Many topics of one subscriber each. A connection subscribes to a run of neighbouring topics, and each burst goes to
 * topics of one connection drawn by lot, so that every burst is read and written alike however many topics there are:
 * what grows is the broker's table.
 */
export async function destinations({ target, destinations: count, connections, pace }: DestinationsJob): Promise<Measured> {
  const fleet = new Fleet(target);
  const meter = new Meter(target);
  const clients = await fleet.open(connections);
  const before = meter.rssAnonBytes();
  const runs = splitEvenly(count, connections);
  await fleet.each(clients.slice(0, runs.length), (client) => {
    const { from, to } = runs[client.index]!;
    return client.subscribe(Array.from({ length: to - from }, (_, i) => [`sub-${i}`, nameOf(from + i)] as const));
  });
  const perDestination = (meter.rssAnonBytes() - before) / count;
  const [publisher] = (await fleet.open(1)) as [Client];

  const loop = new ClosedLoop(fleet, meter, { ...pace, inBursts: true });
  const name: Segment[] = [NAME, NAME_DIGITS];
  loop.addSender(publisher, fleet.dialect.publish(name, pace.bodyBytes), 1, burstsOf(pace.window, runs));
  const receive = loop.receiver();
  for (const client of clients) client.onDelivery = receive;
  const measured = await loop.run();
  await fleet.close();
  const [expected, received] = [loop.sentBy(0), loop.delivered];
  const ledger = { expected, received, missing: expected - received, repeated: loop.unexpected, disordered: 0 };
  return { ...measured, ledger, extra: { 'octets each': perDestination } };
}

interface Run {
  readonly from: number;
  readonly to: number;
}

/** Neighbouring topics for each connection that has any. */
function splitEvenly(count: number, connections: number): Run[] {
  const size = Math.ceil(count / connections);
  return Array.from({ length: Math.ceil(count / size) }, (_, i) => ({ from: i * size, to: Math.min(count, (i + 1) * size) }));
}

/** Names the topic of the next message: `size` in turn from one run, then from another. */
function burstsOf(size: number, runs: readonly Run[]): () => number {
  let run = runs[0]!;
  let sent = size;
  return () => {
    if (sent === size) {
      sent = 0;
      run = runs[Math.floor(Math.random() * runs.length)]!;
    }
    return run.from + (sent++ % (run.to - run.from));
  };
}

function nameOf(topic: number): string {
  return NAME + String(topic).padStart(NAME_DIGITS, '0');
}
