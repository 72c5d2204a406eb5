import type { BrokerProcess } from '../harness/broker-process.ts';
import { connectRawClient, type RawClient } from '../harness/raw-client.ts';
import type { ServerFrame } from '../harness/server-frame.ts';
import type { Ledger } from './ledger.ts';

/** Someone who works through connections that break. Either end throws what went wrong in the meantime. */
export interface Worker {
  /** Lets the work in hand end. */
  finish(): Promise<void>;
  /** Cuts the connection and ends. */
  cut(): Promise<void>;
}

/**
 * Keeps `window` SENDs with receipts in flight to `queue`, numbered 1, 2, …; a number is never sent twice, so one whose
 * connection broke before its receipt is of unknown fate.
 */
export function produce(broker: BrokerProcess, queue: string, ledger: Ledger, window: number, bodyBytes: number): Worker {
  const padding = 'x'.repeat(bodyBytes);
  let last = 0;
  return work(broker, async (client, isFinishing) => {
    let open = 0;
    for (;;) {
      while (open < window && !isFinishing()) {
        last++;
        open++;
        client.frame('SEND', { destination: queue, receipt: String(last) }, `${last} ${padding}`);
      }
      if (open === 0) return;
      const frame = await client.nextFrame();
      if (frame.command !== 'RECEIPT') throw new Error(`Expected a RECEIPT, got ${frame.command} ${frame.headers['message'] ?? ''}`);
      ledger.sendReceipted(Number(frame.headers['receipt-id']));
      open--;
    }
  });
}

/** Consumes `queue` one by one, acking each with a receipt. */
export function consume(broker: BrokerProcess, queue: string, ledger: Ledger): Worker {
  return work(broker, async (client) => {
    const acked = new Map<string, number>();
    client.frame('SUBSCRIBE', { destination: queue, id: 'chaos', ack: 'client-individual', 'prefetch-count': '50' });
    for (;;) {
      const frame: ServerFrame = await client.nextFrame();
      if (frame.command === 'RECEIPT') {
        const message = acked.get(frame.headers['receipt-id'] ?? '');
        if (message !== undefined) ledger.ackReceipted(message);
      } else if (frame.command === 'MESSAGE') {
        const message = Number.parseInt(frame.text, 10);
        ledger.deliver(message, frame.headers['redelivered'] === 'true');
        const ack = frame.headers['ack'] ?? '';
        acked.set(ack, message);
        client.frame('ACK', { id: ack, receipt: ack });
      } else {
        throw new Error(`Expected MESSAGE or RECEIPT, got ${frame.command} ${frame.headers['message'] ?? ''}: ${frame.text}`);
      }
    }
  });
}

/** Connects again whenever the connection is gone; any other failure ends the work. */
export function work(broker: BrokerProcess, live: (client: RawClient, isFinishing: () => boolean) => Promise<void>): Worker {
  const ending = { isFinishing: false, isCut: false };
  let client: RawClient | undefined;
  const run = async (): Promise<void> => {
    while (!ending.isCut) {
      client = await connected(broker);
      try {
        await live(client, () => ending.isFinishing);
        client.finish();
        return;
      } catch (error) {
        const wasCut = client.end !== undefined || ending.isCut;
        client.destroy();
        if (!wasCut || isViolation(error)) throw error;
      }
    }
  };
  const done = run();
  done.catch(() => {}); // thrown again to whoever ends it
  return {
    finish: () => {
      ending.isFinishing = true;
      return done;
    },
    cut: () => {
      ending.isCut = true;
      client?.destroy();
      return done;
    },
  };
}

/** The ledger's findings must not pass for a broken connection. */
const isViolation = (error: unknown): boolean => error instanceof Error && /^message \d+ came/.test(error.message);

/** The broker may be down: connects as soon as it is there, for a minute at most. */
async function connected(broker: BrokerProcess): Promise<RawClient> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    try {
      return await connectRawClient(broker, { transport: 'tcp' });
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await new Promise((resume) => setTimeout(resume, 20));
  }
}
