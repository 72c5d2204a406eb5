import { setTimeout as passed } from 'node:timers/promises';
import { senderOf, seqOf } from './body.ts';
import type { Client } from './client.ts';
import { Fleet } from './fleet.ts';
import { Histogram } from './histogram.ts';
import { Meter, type Ledger, type Measured } from './meter.ts';
import { QueueLedger } from './queue-ledger.ts';
import { QueueProducer, recordInto } from './queue-producer.ts';
import { acknowledge } from './stomp-dialect.ts';
import type { Target } from './target.ts';

export interface QueueJob {
  readonly kind: 'queue';
  readonly target: Target;
  readonly destination: string;
  /** Messages sent that have not both been receipted and come to the consumer: so many at most. */
  readonly window: number;
  readonly bodyBytes: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Numbers that the queue holds already; equal ones for an empty queue. */
  readonly queued: { readonly from: number; readonly to: number };
  /** Further header lines of each SEND, and of each SUBSCRIBE. */
  readonly sendHeaders?: string;
  readonly subscribeHeaders?: string;
}

/** More than any broker does in the time; the ledger's memory. */
const MAX_MESSAGES = 4_000_000;
const DRAIN_MS = 30_000;

/**
 * One producer with receipts, one consumer that acknowledges each message by itself; on several nodes one of each at
 * every node, which share the window. When the queue holds something beforehand, there is one pair, and the consumer
 * acknowledges one message for each receipt of the producer, so that the depth stays as it is.
 *
 * The stretch of work ends with one last message: when all have come, the RECEIPT of the last ACK means that they are
 * settled. Into a queue that should be empty then, a stranger's message is sent: whatever comes before it is left over.
 */
export async function durableQueue(job: QueueJob): Promise<Measured> {
  const isEmpty = job.queued.from === job.queued.to;
  const fleet = new Fleet(job.target);
  const pairs = isEmpty ? job.target.ports.length : 1;
  const producers = await fleet.open(pairs);
  const run = new QueueRun(job, fleet, producers, await fleet.open(pairs));
  const measured = await run.run();
  await fleet.close();
  const leftOver = isEmpty ? await countLeftOver(job) : 0;
  return { ...measured, ledger: run.closeLedger(leftOver) };
}

/** What is known of one producer's messages. */
interface Row {
  readonly producer: QueueProducer;
  readonly ledger: QueueLedger;
}

interface Consumer {
  readonly client: Client;
  /** Acknowledgements to come, oldest first: what each is made of. */
  unacknowledged: Buffer[];
}

class QueueRun {
  readonly #job: QueueJob;
  readonly #fleet: Fleet;
  readonly #meter: Meter;
  readonly #rows: readonly Row[];
  readonly #consumers: readonly Consumer[];
  readonly #toDelivery = new Histogram();
  readonly #keepsDepth: boolean;
  #acknowledged = 0;
  #state: 'sending' | 'draining' | 'settled' = 'sending';
  #isFlushDue = false;
  #settled: () => void = () => {};

  constructor(job: QueueJob, fleet: Fleet, producers: readonly Client[], consumers: readonly Client[]) {
    this.#job = job;
    this.#fleet = fleet;
    this.#meter = new Meter(job.target);
    this.#consumers = consumers.map((client) => ({ client, unacknowledged: [] }));
    this.#keepsDepth = job.queued.to > job.queued.from;
    const template = fleet.dialect.publish(job.destination, job.bodyBytes, { receipt: true, headers: job.sendHeaders ?? '' });
    const record = recordInto(this.#meter.latency);
    const receipted = (elapsedMs: number): void => {
      if (this.#meter.isRunning) record(elapsedMs);
      this.#flushSoon();
    };
    this.#rows = producers.map((client, index) => ({
      producer: new QueueProducer(client, template, job.queued.to, receipted, index),
      ledger: new QueueLedger(job.queued.from, job.queued.to - job.queued.from + Math.ceil(MAX_MESSAGES / producers.length)),
    }));
  }

  async run(): Promise<Omit<Measured, 'ledger'>> {
    const { destination, window, warmUpMs, measureMs, subscribeHeaders = '' } = this.#job;
    const record = recordInto(this.#toDelivery);
    for (const [index, consumer] of this.#consumers.entries()) {
      consumer.client.onDelivery = (_client, buffer, start, bodyEnd) => this.#delivered(consumer, index, buffer, start, bodyEnd, record);
      await this.#fleet.guard(consumer.client.subscribe([['sub-0', destination]], { prefetch: Math.ceil(window / this.#consumers.length), headers: subscribeHeaders }));
    }

    const settled = new Promise<void>((resolve) => (this.#settled = resolve));
    this.#flush();
    await this.#fleet.guard(this.#meter.warmUp(warmUpMs));
    this.#meter.start(this.#acknowledged);
    await this.#fleet.guard(passed(measureMs));
    this.#state = 'draining';
    this.#rows[0]!.producer.send(1);
    this.#flush();
    const overdue = setTimeout(() => this.#fleet.fail(this.#shortage()), DRAIN_MS);
    await this.#fleet.guard(settled).finally(() => clearTimeout(overdue));
    const extra = this.#keepsDepth
      ? {}
      : { 'ms to delivery, p50': this.#toDelivery.quantileMs(0.5), 'ms to delivery, p99': this.#toDelivery.quantileMs(0.99) };
    return { ...this.#meter.stop(this.#acknowledged), extra: { ...extra, 'settled in all': this.#acknowledged, 'sent in all': this.#sent } };
  }

  closeLedger(leftOver: number): Ledger {
    // With one producer, what it sent last may still be unsettled; with several, all was.
    if (this.#rows.length === 1) return this.#rows[0]!.ledger.close(this.#acknowledged, leftOver);
    const closed = this.#rows.map(({ producer, ledger }) => ledger.close(producer.sent, 0));
    const sum = (of: (ledger: Ledger) => number): number => closed.reduce((total, ledger) => total + of(ledger), 0);
    return {
      expected: sum(({ expected }) => expected),
      received: sum(({ received }) => received),
      missing: sum(({ missing }) => missing),
      repeated: sum(({ repeated }) => repeated) + leftOver,
      disordered: sum(({ disordered }) => disordered),
    };
  }

  get #sent(): number {
    return this.#rows.reduce((sum, { producer }) => sum + producer.sent, 0);
  }

  #delivered(consumer: Consumer, index: number, buffer: Buffer, start: number, bodyEnd: number, record: (elapsedMs: number) => void): void {
    const bodyAt = bodyEnd - this.#job.bodyBytes;
    const seq = seqOf(buffer, bodyAt);
    const row = this.#rows[senderOf(buffer, bodyAt)];
    if (!row?.ledger.take(seq, index)) return this.#fleet.fail(`an unknown message: ${buffer.toString('latin1', start, bodyEnd).slice(0, 400)}`);
    if (this.#meter.isRunning && !this.#keepsDepth) record(row.producer.since(seq));
    consumer.unacknowledged.push(Buffer.from(buffer.subarray(start, bodyAt)));
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushDue = false;
    for (const consumer of this.#consumers) this.#acknowledge(consumer);
    if (this.#state !== 'sending') return;
    const window = Math.ceil(this.#job.window / this.#rows.length);
    for (const { producer, ledger } of this.#rows) {
      const done = Math.min(producer.receipted, this.#keepsDepth ? this.#acknowledged : ledger.received);
      producer.send(window - (producer.sent - done));
    }
  }

  #acknowledge(consumer: Consumer): void {
    const { client, unacknowledged } = consumer;
    const allowed = this.#keepsDepth ? this.#rows[0]!.producer.receipted - this.#acknowledged : unacknowledged.length;
    const count = Math.min(allowed, unacknowledged.length);
    if (count === 0) return;
    const frames: Buffer[] = [];
    for (let i = 0; i < count; i++) {
      const head = unacknowledged[i]!;
      const isLast = this.#state === 'draining' && this.#acknowledged + 1 === this.#sent;
      if (isLast) client.onConfirmed = () => this.#finish();
      frames.push(isLast ? acknowledge(head, 0, head.length, 1) : acknowledge(head, 0, head.length));
      this.#acknowledged++;
    }
    consumer.unacknowledged = unacknowledged.slice(count);
    client.write(Buffer.concat(frames));
  }

  #finish(): void {
    if (this.#state !== 'draining') return;
    this.#state = 'settled';
    this.#settled();
  }

  #shortage(): string {
    const [receipted, came] = this.#rows.reduce(([r, c], { producer, ledger }) => [r + producer.receipted, c + ledger.received], [0, 0]);
    return `of ${this.#sent} messages ${receipted} were receipted, ${came} came, ${this.#acknowledged} were acknowledged, within ${DRAIN_MS / 1000} s after the last was sent`;
  }
}

/** No producer has this number. */
const STRANGER = 999_999;

/** How many messages a queue gives out before one that was just sent to it. */
async function countLeftOver({ target, destination, bodyBytes, sendHeaders = '', subscribeHeaders = '' }: QueueJob): Promise<number> {
  const fleet = new Fleet(target);
  const [client] = (await fleet.open(1)) as [Client];
  const template = fleet.dialect.publish(destination, bodyBytes, { receipt: true, headers: sendHeaders });
  const frame = Buffer.allocUnsafe(template.length);
  template.copyTo(frame, 0, [0, STRANGER, 0]);
  await fleet.guard(new Promise<void>((resolve) => {
    client.onConfirmed = () => resolve();
    client.write(frame);
  }));
  let leftOver = 0;
  const arrived = new Promise<void>((resolve) => {
    client.onDelivery = (_client, buffer, start, bodyEnd) => {
      const isStranger = buffer.toString('latin1', bodyEnd - bodyBytes).startsWith(String(STRANGER).padStart(6, '0'));
      if (!isStranger) leftOver++;
      client.onConfirmed = () => resolve();
      client.write(isStranger ? acknowledge(buffer, start, bodyEnd, 1) : acknowledge(buffer, start, bodyEnd));
    };
  });
  await fleet.guard(client.subscribe([['sub-0', destination]], { prefetch: 100, headers: subscribeHeaders }));
  await fleet.guard(arrived);
  await fleet.close();
  return leftOver;
}
