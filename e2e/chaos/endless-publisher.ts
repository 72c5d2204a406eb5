import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { once } from 'node:events';
import { startBroker } from '../harness/broker-process.ts';
import { connectRawClient } from '../harness/raw-client.ts';
import { anonymousKb } from './memory.ts';

export interface EndlessPublisherOptions {
  readonly messages: number;
  readonly bodyBytes: number;
}

/** Messages kept at hand (64 MiB), the caps on work in hand, a collector that takes its time; far below what is sent. */
const GROWTH_KB = 288 * 1024;

/**
 * A publisher that pushes as fast as its socket takes octets and reads its receipts only by the way: the node stops
 * reading it in time, its memory stays bounded, and receipts come in the order of the sends. Beside it a consumer with
 * large bodies works through a deep queue and is never cut.
 */
export async function endlessPublisher({ messages, bodyBytes }: EndlessPublisherOptions) {
  const broker = await startBroker({ env: { LOG_LEVEL: 'info' } });
  try {
    const socket = connect(broker.tcpPort, '127.0.0.1');
    await once(socket, 'connect');
    socket.write('CONNECT\naccept-version:1.2\n\n\0');
    const receipts = receiptsOf(socket);
    const before = await anonymousKb(broker.pid);
    let highest = before;
    let pauses = 0;
    const padding = 'x'.repeat(bodyBytes);
    const startedAt = performance.now();
    for (let i = 1; i <= messages; i++) {
      if (!socket.write(`SEND\ndestination:/queue/endless\nreceipt:${i}\n\n${padding}\0`)) {
        pauses++;
        await once(socket, 'drain');
      }
      if (i % 500 === 0) highest = Math.max(highest, await anonymousKb(broker.pid));
    }
    await receipts.count(messages);
    const seconds = (performance.now() - startedAt) / 1000;
    assert.deepEqual(receipts.outOfOrder, [], 'receipts out of order');
    assert.ok(highest - before < GROWTH_KB, `anonymous memory grew by ${highest - before} kB`);
    socket.destroy();

    const consumer = await connectRawClient(broker, { transport: 'websocket-text' });
    consumer.frame('SUBSCRIBE', { destination: '/queue/endless', id: 'c', ack: 'client', 'prefetch-count': '20' });
    for (let i = 1; i <= messages; i++) {
      const message = await consumer.expectFrame('MESSAGE');
      if (i % 20 === 0 || i === messages) consumer.frame('ACK', { id: message.headers['ack'] ?? '' });
    }
    await consumer.noFrameUntil();
    consumer.finish();
    await broker.stop();
    return { messages, bodyBytes, growthKb: highest - before, pauses, perSecond: Math.round(messages / seconds) };
  } finally {
    await broker.abandon();
  }
}

/** Counts RECEIPT frames in a stream without keeping it. */
function receiptsOf(socket: ReturnType<typeof connect>) {
  let rest = '';
  let last = 0;
  const outOfOrder: number[] = [];
  let wake = (): void => {};
  socket.on('data', (chunk: Buffer) => {
    rest += chunk.toString('latin1');
    const end = rest.lastIndexOf('\0');
    for (const [, id] of rest.slice(0, end + 1).matchAll(/RECEIPT\nreceipt-id:(\d+)\n/g)) {
      if (Number(id) !== last + 1) outOfOrder.push(Number(id));
      last = Number(id);
    }
    rest = rest.slice(end + 1);
    wake();
  });
  return {
    outOfOrder,
    count: async (wanted: number): Promise<void> => {
      const deadline = setTimeout(() => socket.destroy(new Error(`Expected ${wanted} receipts in time, got ${last}`)), 120_000);
      while (last < wanted) {
        await new Promise<void>((resume, reject) => {
          wake = resume;
          socket.once('close', () => {
            reject(new Error(`Expected ${wanted} receipts, the connection ended after ${last}`));
          });
        });
      }
      clearTimeout(deadline);
    },
  };
}
