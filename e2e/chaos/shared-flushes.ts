import assert from 'node:assert/strict';
import { startBroker, type BrokerProcess } from '../harness/broker-process.ts';
import { connectRawClient } from '../harness/raw-client.ts';

export interface SharedFlushesOptions {
  /** SENDs at window 1; the wider window gets ten times as many. */
  readonly messages: number;
}

/** Many SENDs in flight on one connection share flushes, so that far more of them are receipted in the same time. */
export async function sharedFlushes({ messages }: SharedFlushesOptions) {
  const broker = await startBroker();
  try {
    await receiptsPerSecond(broker, 200, messages); // warms up
    const alone = await receiptsPerSecond(broker, 1, messages);
    const together = await receiptsPerSecond(broker, 200, messages * 10);
    await broker.stop();
    assert.ok(together >= 5 * alone, `${together} receipts a second at window 200, ${alone} at window 1`);
    return { perSecondAtWindow1: alone, perSecondAtWindow200: together, ratio: Math.round((together / alone) * 10) / 10 };
  } finally {
    await broker.abandon();
  }
}

async function receiptsPerSecond(broker: BrokerProcess, window: number, messages: number): Promise<number> {
  const client = await connectRawClient(broker, { transport: 'tcp' });
  const body = Buffer.alloc(200, 'x');
  const startedAt = performance.now();
  let sent = 0;
  for (let receipted = 0; receipted < messages; receipted++) {
    for (; sent < messages && sent - receipted < window; sent++) {
      client.frame('SEND', { destination: '/queue/flushes', receipt: String(sent) }, body);
    }
    await client.expectReceipt(String(receipted));
  }
  const seconds = (performance.now() - startedAt) / 1000;
  client.finish();
  return Math.round(messages / seconds);
}
