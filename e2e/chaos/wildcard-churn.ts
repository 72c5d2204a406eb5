import assert from 'node:assert/strict';
import { startLinkedNodes } from '../harness/linked-nodes.ts';
import { seededRandom } from '../harness/random.ts';
import { connectRawClient } from '../harness/raw-client.ts';
import type { BrokerProcess } from '../harness/broker-process.ts';
import { TopicLedger } from './topic-ledger.ts';
import { seenByAll } from './topic-order.ts';
import { deliverTo, TopicListener, TopicPublisher } from './topic-traffic.ts';

export interface WildcardChurnOptions {
  /** Subscriptions made and ended, in all. */
  readonly cycles: number;
  readonly publishers: number;
  readonly seed: number;
}

const NODES = 3;
/** Clients that subscribe and unsubscribe, on each node. */
const CHURNERS = 4;
const TOPICS = 10;
const PATTERNS = ['w.*', 'w.#', '#', '*.3', 'w.7', '*.*'];

/**
 * Wildcards come and go on all nodes while publishers send on all nodes: no publisher is refused, and each subscription
 * sees all that is sent between its SUBSCRIBE's RECEIPT and its UNSUBSCRIBE. That a probe, sent on another node, comes
 * shows that it is not just late.
 */
export async function wildcardChurn({ cycles, publishers, seed }: WildcardChurnOptions) {
  const cluster = await startLinkedNodes({ count: NODES });
  try {
    const ledger = new TopicLedger();
    const brokers = cluster.nodes.map(({ broker }) => broker);
    const watching = await Promise.all(brokers.map((broker, node) => TopicListener.open(broker, ledger, `watcher on ${node}`, ['w.#'])));
    const sending = Array.from({ length: publishers }, (_, i) => {
      const topicOf = (number: number): string => `w.${(i + number) % TOPICS}`;
      return new TopicPublisher(brokers[i % NODES]!, ledger, { name: `p${i}`, topicOf, window: 3, pauseMs: 20 });
    });
    const startedAt = performance.now();
    const churners = Array.from({ length: NODES * CHURNERS }, (_, i) =>
      churn(brokers[i % NODES]!, brokers[(i + 1) % NODES]!, ledger, { name: `c${i}`, cycles: Math.ceil(cycles / (NODES * CHURNERS)), seed: seed + i }),
    );
    await Promise.all([
      Promise.all(churners),
      // Ends the run at once when a publisher is refused.
      ...sending.map((publisher) => publisher.done),
      Promise.all(churners).then(() => sending.forEach((publisher) => void publisher.finish())),
    ]);
    const seconds = (performance.now() - startedAt) / 1000;
    await seenByAll(ledger, watching);
    for (const listener of watching) listener.close();
    await cluster.close();
    const figures = ledger.figures();
    assert.equal(figures.gaps, 0);
    return { cycles, cyclesPerSecond: Math.round(cycles / seconds), publishers, ...figures };
  } finally {
    await cluster.abandon();
  }
}

/** Subscribes to a wildcard, sends a probe elsewhere, waits for it, and leaves, again and again. */
async function churn(
  here: BrokerProcess,
  there: BrokerProcess,
  ledger: TopicLedger,
  { name, cycles, seed }: { readonly name: string; readonly cycles: number; readonly seed: number },
): Promise<void> {
  const random = seededRandom(seed);
  const listener = await connectRawClient(here, { transport: 'tcp' });
  const prober = await connectRawClient(there, { transport: 'tcp' });
  const probes = ledger.publisher(name, (number) => `w.${number % 2 === 0 ? 3 : 7}`);
  for (let cycle = 1; cycle <= cycles; cycle++) {
    const pattern = PATTERNS[Math.floor(random() * PATTERNS.length)]!;
    listener.frame('SUBSCRIBE', { id: String(cycle), destination: `/topic/${pattern}`, receipt: `on ${cycle}` });
    // Nothing comes before it: this client is subscribed to nothing else.
    await listener.expectReceipt(`on ${cycle}`);
    const reader = ledger.reader(`${name} in cycle ${cycle} to ${pattern}`, pattern);
    // Two, since a pattern may ask for one of the topics only.
    const sent = [probes.next(), probes.next()];
    for (const number of sent) {
      prober.frame('SEND', { destination: `/topic/${probes.topicOf(number)}`, receipt: String(number) }, `${name} ${number}`);
    }
    const wanted = sent.find((number) => pattern !== (number % 2 === 0 ? 'w.7' : '*.3'))!;
    while (!reader.hasSeen(name, wanted)) {
      const frame = await listener.nextFrame();
      assert.equal(frame.command, 'MESSAGE', frame.headers['message']);
      deliverTo(reader, frame);
    }
    listener.frame('UNSUBSCRIBE', { id: String(cycle), receipt: `off ${cycle}` });
    for (const number of sent) {
      await prober.expectReceipt(String(number));
      probes.receipt(number);
    }
    // What was under way still comes, in order, until the RECEIPT.
    for (;;) {
      const frame = await listener.nextFrame();
      if (frame.command === 'RECEIPT') break;
      deliverTo(reader, frame);
    }
    ledger.leave(reader);
  }
  listener.finish();
  prober.finish();
}
