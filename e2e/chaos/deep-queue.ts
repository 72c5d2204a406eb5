import assert from 'node:assert/strict';
import { startBroker } from '../harness/broker-process.ts';
import { connectRawClient, type RawClient } from '../harness/raw-client.ts';
import { anonymousKb } from './memory.ts';

export interface DeepQueueOptions {
  readonly messages: number;
  readonly bodyBytes: number;
}

const QUEUE = '/queue/deep';
const WINDOW = 500;

/**
 * A queue that nobody consumes for a long time: what it costs in memory, how long the node takes to come back with it,
 * and whether taking from it is as cheap at the bottom as at the top. Bounds are those the product promises for a
 * million messages of 1 KB.
 */
export async function deepQueue({ messages, bodyBytes }: DeepQueueOptions) {
  const broker = await startBroker();
  try {
    const producer = await connectRawClient(broker, { transport: 'tcp' });
    const body = Buffer.alloc(bodyBytes, 'x');
    let receipted = 0;
    for (let sent = 0; receipted < messages; ) {
      for (; sent < messages && sent - receipted < WINDOW; sent++) {
        producer.frame('SEND', { destination: QUEUE, number: String(sent), receipt: String(sent) }, body);
      }
      await producer.expectReceipt(String(receipted++));
    }
    producer.finish();
    const fullKb = await anonymousKb(broker.pid);
    const startedAt = performance.now();
    await broker.restart();
    const restartSeconds = (performance.now() - startedAt) / 1000;
    const restartedKb = await anonymousKb(broker.pid);

    const consumer = await connectRawClient(broker, { transport: 'tcp' });
    consumer.frame('SUBSCRIBE', { destination: QUEUE, id: 'c', ack: 'client', 'prefetch-count': '200' });
    const slices: number[] = [];
    for (let from = 0; from < messages; from += messages / 10) slices.push(await take(consumer, from, messages / 10));
    consumer.finish();
    await broker.stop();
    if (bodyBytes <= 1_000) assert.ok(Math.max(fullKb, restartedKb) < 400 * 1024, `anonymous memory of ${fullKb} and ${restartedKb} kB`);
    assert.ok(restartSeconds < 10, `restart to ready took ${restartSeconds} s`);
    const perMessage = slices.map((ms) => Math.round((ms / (messages / 10)) * 1000));
    return { messages, bodyBytes, fullKb, restartedKb, restartSeconds, microsecondsPerMessageBySlice: perMessage };
  } finally {
    await broker.abandon();
  }
}

/** Takes `count` messages in order, acking every hundredth for all before; resolves to ms. */
async function take(consumer: RawClient, from: number, count: number): Promise<number> {
  const startedAt = performance.now();
  for (let i = 0; i < count; i++) {
    const message = await consumer.expectFrame('MESSAGE');
    assert.equal(Number(message.headers['number']), from + i);
    if ((i + 1) % 100 === 0 || i + 1 === count) consumer.frame('ACK', { id: message.headers['ack'] ?? '' });
  }
  return performance.now() - startedAt;
}
