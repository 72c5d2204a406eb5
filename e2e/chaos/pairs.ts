import assert from 'node:assert/strict';
import { startBroker } from '../harness/broker-process.ts';
import { eventually } from '../harness/eventually.ts';
import { seededRandom } from '../harness/random.ts';
import { Ledger } from './ledger.ts';
import { consume, work } from './traffic.ts';

export interface PairsOptions {
  readonly kills: number;
  readonly seed: number;
}

const LEFT = '/queue/chaos.left';
const RIGHT = '/queue/chaos.right';

/**
 * Transactions that send one message to each of two queues, while the node is killed at random moments: at the end both
 * queues gave out exactly the same messages, those of receipted COMMITs among them.
 */
export async function pairs({ kills, seed }: PairsOptions) {
  const random = seededRandom(seed);
  const broker = await startBroker({ env: { STOMPEDE_EMBEDDED_SEGMENT_BYTES: String(256 * 1024) } });
  try {
    const left = new Ledger();
    const right = new Ledger();
    let last = 0;
    let committed = 0;
    const producer = work(broker, async (client, isFinishing) => {
      while (!isFinishing()) {
        const number = String(++last);
        client.frame('BEGIN', { transaction: number });
        client.frame('SEND', { destination: LEFT, transaction: number }, number);
        client.frame('SEND', { destination: RIGHT, transaction: number }, number);
        client.frame('COMMIT', { transaction: number, receipt: number });
        await client.expectReceipt(number);
        committed++;
        left.sendReceipted(last);
        right.sendReceipted(last);
      }
    });
    const consumers = [consume(broker, LEFT, left), consume(broker, RIGHT, right)];
    for (let kill = 1; kill <= kills; kill++) {
      const before = committed;
      await new Promise((resume) => setTimeout(resume, 10 + random() * 200));
      await broker.restart();
      await eventually(() => {
        assert.ok(committed > before, `nothing was committed after kill ${kill}`);
      }, 30_000);
    }
    await producer.finish();
    await eventually(() => {
      assert.deepEqual([...left.missing(), ...right.missing()], [], 'committed messages that were never delivered');
      assert.deepEqual(left.deliveredMessages(), right.deliveredMessages(), 'a transaction that was applied by halves');
    }, 60_000);
    await Promise.all(consumers.map((consumer) => consumer.cut()));
    broker.expectNoFaults();
    return { kills, committed, delivered: left.figures().delivered, repeats: left.figures().repeats + right.figures().repeats };
  } finally {
    await broker.abandon();
  }
}
