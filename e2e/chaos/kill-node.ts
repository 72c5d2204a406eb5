import assert from 'node:assert/strict';
import { startBroker } from '../harness/broker-process.ts';
import { eventually } from '../harness/eventually.ts';
import { seededRandom } from '../harness/random.ts';
import { connectRawClient } from '../harness/raw-client.ts';
import { Ledger } from './ledger.ts';
import { consume, produce } from './traffic.ts';

export interface KillNodeOptions {
  readonly kills: number;
  readonly seed: number;
  /** SENDs in flight. */
  readonly window: number;
  readonly bodyBytes: number;
}

const QUEUE = '/queue/chaos';

/**
 * One producer, one consumer, and a node that is killed with SIGKILL at random moments and started again on its data.
 * Throws at the first broken promise; returns the ledger's figures.
 */
export async function killNode({ kills, seed, window, bodyBytes }: KillNodeOptions) {
  const random = seededRandom(seed);
  // Small segments: a run goes through many of them, and through compaction.
  const broker = await startBroker({ env: { STOMPEDE_EMBEDDED_SEGMENT_BYTES: String(256 * 1024) } });
  try {
    const ledger = new Ledger();
    const producer = produce(broker, QUEUE, ledger, window, bodyBytes);
    const consumer = consume(broker, QUEUE, ledger);
    for (let kill = 1; kill <= kills; kill++) {
      const before = ledger.figures();
      await pause(20 + random() * 400);
      await broker.restart();
      // The next kill comes only after work went on, or the run would prove little.
      await eventually(() => {
        assert.ok(ledger.figures().receipted > before.receipted, `nothing was receipted after kill ${kill}`);
      }, 30_000);
    }
    await producer.finish();
    await eventually(() => {
      assert.deepEqual(ledger.missing().slice(0, 5), [], 'receipted messages that were never delivered');
    }, 60_000);
    await expectEmpty(broker);
    await consumer.cut();
    broker.expectNoFaults();
    return { kills, window, ...ledger.figures() };
  } finally {
    await broker.abandon();
  }
}

/** Nothing is left but what the consumer may still be settling. */
async function expectEmpty(broker: Parameters<typeof connectRawClient>[0]): Promise<void> {
  await eventually(async () => {
    const client = await connectRawClient(broker, { transport: 'tcp' });
    client.frame('SUBSCRIBE', { destination: QUEUE, id: 'rest', ack: 'client-individual' });
    try {
      await client.noFrameUntil();
    } finally {
      client.destroy();
    }
  }, 30_000);
}

const pause = (ms: number): Promise<void> => new Promise((resume) => setTimeout(resume, ms));
