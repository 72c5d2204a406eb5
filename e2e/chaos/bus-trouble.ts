import assert from 'node:assert/strict';
import { eventually } from '../harness/eventually.ts';
import { startLinkedNodes, type LinkedNode, type LinkedNodes } from '../harness/linked-nodes.ts';
import { afterwards, receiptedMore, startTraffic } from './link-blips.ts';
import { TopicLedger } from './topic-ledger.ts';

export interface BusTroubleOptions {
  /** How often each node's bus is cut, and then made a black hole. */
  readonly rounds: number;
  /** Of the shared log; one too small for what is missed meanwhile has to leave gaps. */
  readonly topicLogBytes?: number;
}

/**
 * The connection by which a node hears of topic messages is cut, or takes octets and gives none, while the node's others
 * work on: nobody is refused, and what was missed comes from the log; or, if that is too small, a gap is announced.
 */
export async function busTrouble({ rounds, topicLogBytes }: BusTroubleOptions) {
  const env = {
    STOMPEDE_REDIS_BEAT_MS: '100',
    ...(topicLogBytes !== undefined && { STOMPEDE_REDIS_TOPIC_LOG_BYTES: String(topicLogBytes) }),
  };
  const cluster = await startLinkedNodes({ count: 3, env });
  try {
    const ledger = new TopicLedger();
    const { sending, listeners } = await startTraffic(cluster.nodes, ledger);
    let slowestMs = 0;
    for (let round = 0; round < rounds; round++) {
      for (const node of cluster.nodes) {
        await trouble(cluster, node, (port) => node.proxy.cutOne(port));
        await receiptedMore(ledger, sending, listeners);
        const blackHole = trouble(cluster, node, (port) => node.proxy.blackHoleOne(port));
        await receiptedMore(ledger, sending, listeners);
        slowestMs = Math.max(slowestMs, await blackHole);
        await receiptedMore(ledger, sending, listeners);
      }
    }
    await Promise.all(sending.map((publisher) => publisher.finish()));
    await afterwards(cluster.nodes, ledger, listeners);
    for (const listener of listeners) listener.close();
    await cluster.close();
    const figures = ledger.figures();
    if (topicLogBytes === undefined) assert.equal(figures.gaps, 0, 'the log was large enough to heal everything');
    else assert.ok(figures.gaps > 0, 'the log was too small to heal everything');
    return { rounds, slowestMs: Math.round(slowestMs), ...figures };
  } finally {
    await cluster.abandon();
  }
}

/** Does something to the bus of a node as soon as there is one; resolves when there is another, to how long that took. */
async function trouble(cluster: LinkedNodes, node: LinkedNode, act: (serverPort: number) => boolean): Promise<number> {
  const port = await eventually(async () => {
    const found = await cluster.portOf(node, 'bus');
    assert.ok(found !== undefined && act(found), 'the node has no bus');
    return found;
  });
  const at = performance.now();
  await eventually(async () => {
    const found = await cluster.portOf(node, 'bus');
    assert.ok(found !== undefined && found !== port, 'the node has no other bus');
  }, 20_000);
  return performance.now() - at;
}
