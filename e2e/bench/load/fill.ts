import type { Client } from './client.ts';
import { Fleet } from './fleet.ts';
import { Meter, type Measured } from './meter.ts';
import { QueueProducer, recordInto } from './queue-producer.ts';
import type { Target } from './target.ts';

export interface FillJob {
  readonly kind: 'fill';
  readonly target: Target;
  readonly destination: string;
  readonly bodyBytes: number;
  /** Messages without a receipt yet. */
  readonly window: number;
  /** Number of the first message, and of the one after the last. */
  readonly from: number;
  readonly to: number;
  /** Of each SEND, further header lines. */
  readonly headers?: string;
}

/** Puts messages into a queue that nobody consumes, each with a receipt. */
export async function fill({ target, destination, bodyBytes, window, from, to, headers = '' }: FillJob): Promise<Measured> {
  const fleet = new Fleet(target);
  const meter = new Meter(target);
  const [client] = (await fleet.open(1)) as [Client];
  const template = fleet.dialect.publish(destination, bodyBytes, { receipt: true, headers });
  const count = to - from;
  const record = recordInto(meter.latency);
  meter.start(0);
  await fleet.guard(
    new Promise<void>((resolve) => {
      let isDue = false;
      const sendMore = (): void => {
        isDue = false;
        producer.send(Math.min(count, producer.receipted + window) - producer.sent);
      };
      const producer = new QueueProducer(client, template, from, (elapsedMs) => {
        record(elapsedMs);
        if (producer.receipted === count) return resolve();
        if (!isDue) setImmediate(sendMore);
        isDue = true;
      });
      sendMore();
    }),
  );
  const measured = meter.stop(count);
  await fleet.close();
  return { ...measured, ledger: { expected: count, received: count, missing: 0, repeated: 0, disordered: 0 } };
}
