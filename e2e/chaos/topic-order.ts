import assert from 'node:assert/strict';
import { startLinkedNodes } from '../harness/linked-nodes.ts';
import { eventually } from '../harness/eventually.ts';
import { TopicLedger } from './topic-ledger.ts';
import { TopicListener, TopicPublisher } from './topic-traffic.ts';

export interface TopicOrderOptions {
  readonly publishers: number;
  /** Of each publisher. */
  readonly messages: number;
  readonly window: number;
}

const NODES = 3;
const ROOMS = 7;

/**
 * Publishers on all nodes, each to its room and to a topic of all in turn, and subscribers on all nodes, exact and by
 * wildcards: everyone sees each message once, and those of a connection in its order.
 */
export async function topicOrder({ publishers, messages, window }: TopicOrderOptions) {
  const cluster = await startLinkedNodes({ count: NODES });
  try {
    const ledger = new TopicLedger();
    const brokers = cluster.nodes.map(({ broker }) => broker);
    const listeners = await Promise.all(
      brokers.flatMap((broker, node) => [
        TopicListener.open(broker, ledger, `exact on ${node}`, ['all', 'room.1', 'room.2']),
        TopicListener.open(broker, ledger, `wild on ${node}`, ['room.*', 'room.1', '#']),
      ]),
    );
    const sending = Array.from({ length: publishers }, (_, i) => {
      const topicOf = (number: number): string => (number % 3 === 0 ? 'all' : `room.${i % ROOMS}`);
      return new TopicPublisher(brokers[i % NODES]!, ledger, { name: `p${i}`, topicOf, window, count: messages });
    });
    await Promise.all(sending.map((publisher) => publisher.done));
    await seenByAll(ledger, listeners);
    const figures = ledger.figures();
    assert.equal(figures.gaps, 0);
    assert.equal(figures.receipted, publishers * messages);
    for (const listener of listeners) listener.close();
    await cluster.close();
    return { publishers, ...figures };
  } finally {
    await cluster.abandon();
  }
}

/** Waits until nothing is missing any more, or somebody saw what must not be. */
export async function seenByAll(ledger: TopicLedger, listeners: readonly TopicListener[], withinMs = 30_000): Promise<void> {
  await eventually(() => {
    for (const listener of listeners) listener.check();
    assert.deepEqual(ledger.missing().slice(0, 5), []);
  }, withinMs);
}
