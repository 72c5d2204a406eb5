import assert from 'node:assert/strict';
import { startBroker, type BrokerProcess } from '../harness/broker-process.ts';
import { eventually } from '../harness/eventually.ts';
import { connectRawClient, type RawClient } from '../harness/raw-client.ts';
import { anonymousKb } from './memory.ts';

export interface SlowReaderOptions {
  readonly readers: number;
  readonly messages: number;
  readonly bodyBytes: number;
}

/** The cap of one connection, what the kernel takes, and the room a busy process needs. */
const GROWTH_KB = 96 * 1024;

const TOPIC = '/topic/slow';

/**
 * One subscriber that never reads among many that do: the others get every message, the slow one is cut with
 * `slow-consumer`, and the node's memory stays bounded.
 */
export async function slowReader({ readers, messages, bodyBytes }: SlowReaderOptions) {
  // Who does not read answers no pings either: on a busy machine it would be missed before it is found slow.
  const broker = await startBroker({ env: { STOMPEDE_ENGINE: 'memory', STOMPEDE_LIMITS_IDLE_PING_MS: '3600000' } });
  try {
    const slow = await subscriber(broker);
    slow.pause();
    const others: RawClient[] = [];
    while (others.length < readers - 1) {
      const batch = Math.min(50, readers - 1 - others.length);
      others.push(...(await Promise.all(Array.from({ length: batch }, () => subscriber(broker)))));
    }
    const publisher = await connectRawClient(broker, { transport: 'tcp' });
    const before = await anonymousKb(broker.pid);
    let highest = before;
    const body = Buffer.alloc(bodyBytes, 'x');
    const latencies: number[] = [];
    for (let i = 0; i < messages; i++) {
      const sentAt = performance.now();
      await publisher.request('SEND', { destination: TOPIC, number: String(i) }, body);
      await Promise.all(
        others.map(async (reader) => {
          const message = await reader.expectFrame('MESSAGE');
          assert.equal(message.headers['number'], String(i));
          latencies.push(message.arrivedAt - sentAt);
        }),
      );
      if (i % 20 === 0) highest = Math.max(highest, await anonymousKb(broker.pid));
    }
    assert.ok(highest - before < GROWTH_KB, `anonymous memory grew by ${highest - before} kB`);
    await eventually(() => {
      assert.ok(broker.logs.some((line) => line['event'] === 'slow-consumer'), 'the node has not noticed the slow consumer');
    }, 20_000);
    slow.resume();
    const error = await slow.nextFrame((frame) => frame.command === 'ERROR', 'the ERROR that says why').catch(() => undefined);
    if (error) assert.equal(error.headers['code'], 'slow-consumer');
    for (const reader of others) reader.finish();
    publisher.finish();
    await broker.stop();
    latencies.sort((a, b) => a - b);
    const at = (share: number): number => Math.round((latencies[Math.floor(latencies.length * share)] ?? 0) * 10) / 10;
    return { readers, messages, bodyBytes, growthKb: highest - before, p50Ms: at(0.5), p99Ms: at(0.99), slowWasTold: error !== undefined };
  } finally {
    await broker.abandon();
  }
}

async function subscriber(broker: BrokerProcess): Promise<RawClient> {
  const client = await connectRawClient(broker, { transport: 'websocket-text' });
  await client.request('SUBSCRIBE', { destination: TOPIC, id: 's' });
  return client;
}
