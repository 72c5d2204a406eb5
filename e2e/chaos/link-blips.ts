import assert from 'node:assert/strict';
import { eventually } from '../harness/eventually.ts';
import { startLinkedNodes, type LinkedNode } from '../harness/linked-nodes.ts';
import { seededRandom } from '../harness/random.ts';
import { TopicLedger } from './topic-ledger.ts';
import { seenByAll } from './topic-order.ts';
import { TopicListener, TopicPublisher } from './topic-traffic.ts';

export interface LinkBlipsOptions {
  readonly blips: number;
  readonly seed: number;
  /** Of the shared log; a small one has to leave gaps, a large one none. */
  readonly topicLogBytes?: number;
  /** Library that the nodes use. */
  readonly client?: 'redis' | 'ioredis';
}

const NODES = 3;
const PUBLISHERS = 12;
const TOPICS = 5;
/** Longest pause between two blips. */
const PAUSE_MS = 80;

/**
 * Publishers and subscribers on all nodes, while the nodes' links to Redis are cut at random moments: one of a node's
 * three connections, or all. No publisher is refused, and every message is delivered once or announced as a gap.
 */
export async function linkBlips({ blips, seed, topicLogBytes, client = 'redis' }: LinkBlipsOptions) {
  const random = seededRandom(seed);
  const env = {
    STOMPEDE_REDIS_CLIENT: client,
    STOMPEDE_REDIS_BEAT_MS: '200',
    ...(topicLogBytes !== undefined && { STOMPEDE_REDIS_TOPIC_LOG_BYTES: String(topicLogBytes) }),
  };
  const cluster = await startLinkedNodes({ count: NODES, env });
  try {
    const ledger = new TopicLedger();
    const { sending, listeners } = await startTraffic(cluster.nodes, ledger);
    let cuts = 0;
    for (let blip = 1; blip <= blips; blip++) {
      const { proxy } = cluster.nodes[Math.floor(random() * NODES)]!;
      const ports = proxy.serverPorts;
      const which = Math.floor(random() * (ports.length + 1));
      if (which === ports.length) proxy.cut();
      else if (proxy.cutOne(ports[which]!)) cuts++;
      if (blip % 20 === 0) await receiptedMore(ledger, sending, listeners);
      await new Promise((resume) => setTimeout(resume, random() * PAUSE_MS));
    }
    await Promise.all(sending.map((publisher) => publisher.finish()));
    await afterwards(cluster.nodes, ledger, listeners);
    for (const listener of listeners) listener.close();
    await cluster.close();
    const figures = ledger.figures();
    if (topicLogBytes === undefined) assert.equal(figures.gaps, 0, 'the log was large enough to heal everything');
    return { blips, cutAlone: cuts, client, ...figures };
  } finally {
    await cluster.abandon();
  }
}

/** On each node publishers to a few topics, and two listeners: exact and by wildcards. */
export async function startTraffic(nodes: readonly LinkedNode[], ledger: TopicLedger, options: { readonly mayBeRefused?: boolean; readonly window?: number } = {}) {
  const listeners = await Promise.all(
    nodes.flatMap(({ broker }, i) => [
      TopicListener.open(broker, ledger, `exact on ${i}`, ['t.0', 't.1', 't.2']),
      TopicListener.open(broker, ledger, `wild on ${i}`, ['t.*', '#']),
    ]),
  );
  const sending = Array.from({ length: PUBLISHERS }, (_, i) => {
    const topicOf = (number: number): string => `t.${(i + number) % TOPICS}`;
    return new TopicPublisher(nodes[i % nodes.length]!.broker, ledger, { name: `p${i}`, topicOf, window: 5, pauseMs: 5, ...options });
  });
  return { listeners, sending };
}

/** Work goes on: the next trouble comes only then, or a run would prove little. */
export async function receiptedMore(ledger: TopicLedger, sending: readonly TopicPublisher[], listeners: readonly TopicListener[]): Promise<void> {
  const before = ledger.receipted;
  // Ends at once when somebody was refused.
  const broken = Promise.race(sending.map((publisher) => publisher.done)).then(() => assert.fail('a publisher ended'));
  const more = eventually(() => {
    for (const listener of listeners) listener.check();
    assert.ok(ledger.receipted >= before + PUBLISHERS, `nothing was receipted after ${before}`);
  }, 30_000);
  await Promise.race([more, broken]);
}

/**
 * A gap is told with the next message, so last ones are sent to each topic until nobody lacks anything: as long as a link
 * is in trouble they may be lost themselves.
 */
export async function afterwards(nodes: readonly LinkedNode[], ledger: TopicLedger, listeners: readonly TopicListener[]): Promise<void> {
  for (let time = 1; ; time++) {
    const last = new TopicPublisher(nodes[0]!.broker, ledger, { name: `last-${time}`, topicOf: (number) => `t.${number % TOPICS}`, window: 1, count: TOPICS });
    await last.done;
    try {
      return await seenByAll(ledger, listeners, 3_000);
    } catch (error) {
      for (const listener of listeners) listener.check();
      if (time === 10) throw error;
    }
  }
}
