import assert from 'node:assert/strict';
import { startLinkedNodes } from '../harness/linked-nodes.ts';
import { eventually } from '../harness/eventually.ts';
import { seededRandom } from '../harness/random.ts';
import { connectRawClient } from '../harness/raw-client.ts';
import { TopicLedger } from './topic-ledger.ts';
import { deliverTo } from './topic-traffic.ts';

export interface LanesOptions {
  readonly messages: number;
  readonly seed: number;
  /** Links are cut meanwhile. */
  readonly hasBlips?: boolean;
}

/**
 * One connection sends to topics and queues in a row, without waiting for anything: a subscriber on another node sees
 * the topics in order, and the queue loses nothing and keeps its order, although they go by different lanes.
 */
export async function lanes({ messages, seed, hasBlips = false }: LanesOptions) {
  const random = seededRandom(seed);
  const cluster = await startLinkedNodes({ count: 2, env: { STOMPEDE_REDIS_BEAT_MS: '200' }, redis: { appendFsync: 'always' } });
  try {
    const [here, there] = cluster.nodes as [typeof cluster.nodes[0], typeof cluster.nodes[0]];
    const ledger = new TopicLedger();
    const sender = await connectRawClient(here.broker, { transport: 'tcp' });
    const subscriber = await connectRawClient(there.broker, { transport: 'tcp' });
    await subscriber.request('SUBSCRIBE', { id: 't', destination: '/topic/lane.#' });
    const reader = ledger.reader('the other node', 'lane.#');
    await subscriber.request('SUBSCRIBE', { id: 'q', destination: '/queue/lane' });
    const queued: number[] = [];
    const account = ledger.publisher('sender', (number) => `lane.${number % 2}`);
    let queueCount = 0;
    const send = (count: number): void => {
      for (let i = 0; i < count; i++) {
        if (random() < 0.4) sender.frame('SEND', { destination: '/queue/lane' }, String(++queueCount));
        else {
          const number = account.next();
          sender.frame('SEND', { destination: `/topic/${account.topicOf(number)}` }, `sender ${number}`);
        }
      }
    };
    for (let sent = 0; sent < messages; ) {
      const count = 1 + Math.floor(random() * 20);
      send(count);
      sent += count;
      if (hasBlips && random() < 0.2) (random() < 0.5 ? here : there).proxy.cut();
      await new Promise((resume) => setTimeout(resume, random() * 5));
    }
    sender.frame('SEND', { destination: '/topic/lane.end', receipt: 'all' });
    await eventually(async () => {
      while (subscriber.unread.length > 0) {
        const frame = await subscriber.expectFrame('MESSAGE');
        if (frame.headers['subscription'] === 'q') queued.push(Number(frame.text));
        else if (frame.text !== '') deliverTo(reader, frame);
      }
      assert.deepEqual(queued.length, queueCount);
      assert.ok(reader.delivered === account.sent, `${reader.delivered} of ${account.sent} came`);
    }, 30_000);
    await sender.expectReceipt('all');
    assert.deepEqual(queued, queued.map((_, i) => i + 1));
    sender.finish();
    subscriber.finish();
    await cluster.close();
    return { topics: account.sent, queued: queueCount, hasBlips, gaps: ledger.figures().gaps };
  } finally {
    await cluster.abandon();
  }
}
