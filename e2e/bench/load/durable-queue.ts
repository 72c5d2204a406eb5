import { setTimeout as passed } from 'node:timers/promises';
import { seqOf } from './body.ts';
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
}

/** More than any broker does in the time; the ledger's memory. */
const MAX_MESSAGES = 4_000_000;
const DRAIN_MS = 30_000;

/**
 * One producer with receipts, one consumer that acknowledges each message by itself. When the queue holds something
 * beforehand, the consumer acknowledges one message for each receipt of the producer, so that the depth stays as it is.
 *
 * The stretch of work ends with one last message: its arrival means that all came, the RECEIPT of its ACK that all are
 * settled. Into a queue that should be empty then, a stranger's message is sent: whatever comes before it is left over.
 */
export async function durableQueue(job: QueueJob): Promise<Measured> {
  const fleet = new Fleet(job.target);
  const run = new QueueRun(job, fleet, ...((await fleet.open(2)) as [Client, Client]));
  const measured = await run.run();
  await fleet.close();
  const isEmpty = job.queued.from === job.queued.to;
  const leftOver = isEmpty ? await countLeftOver(job) : 0;
  return { ...measured, ledger: run.closeLedger(leftOver) };
}

class QueueRun {
  readonly #job: QueueJob;
  readonly #fleet: Fleet;
  readonly #meter: Meter;
  readonly #consumer: Client;
  readonly #producer: QueueProducer;
  readonly #ledger: QueueLedger;
  readonly #toDelivery = new Histogram();
  readonly #keepsDepth: boolean;
  /** Acknowledgements to come, oldest first: what each is made of. */
  #unacknowledged: Buffer[] = [];
  #acknowledged = 0;
  #state: 'sending' | 'draining' | 'settled' = 'sending';
  #isFlushDue = false;
  #settled: () => void = () => {};

  constructor(job: QueueJob, fleet: Fleet, producer: Client, consumer: Client) {
    this.#job = job;
    this.#fleet = fleet;
    this.#meter = new Meter(job.target.pid);
    this.#consumer = consumer;
    this.#keepsDepth = job.queued.to > job.queued.from;
    this.#ledger = new QueueLedger(job.queued.from, job.queued.to - job.queued.from + MAX_MESSAGES);
    const template = fleet.dialect.publish(job.destination, job.bodyBytes, { receipt: true });
    const record = recordInto(this.#meter.latency);
    this.#producer = new QueueProducer(producer, template, job.queued.to, (elapsedMs) => {
      if (this.#meter.isRunning) record(elapsedMs);
      this.#flushSoon();
    });
  }

  async run(): Promise<Omit<Measured, 'ledger'>> {
    const { destination, window, warmUpMs, measureMs, bodyBytes } = this.#job;
    const record = recordInto(this.#toDelivery);
    this.#consumer.onDelivery = (_client, buffer, start, bodyEnd) => {
      const seq = seqOf(buffer, bodyEnd - bodyBytes);
      if (!this.#ledger.take(seq)) return this.#fleet.fail(`an unknown message: ${buffer.toString('latin1', start, bodyEnd).slice(0, 400)}`);
      if (this.#meter.isRunning && !this.#keepsDepth) record(this.#producer.since(seq));
      this.#unacknowledged.push(Buffer.from(buffer.subarray(start, bodyEnd - bodyBytes)));
      this.#flushSoon();
    };
    await this.#fleet.guard(this.#consumer.subscribe([['sub-0', destination]], { prefetch: window }));

    const settled = new Promise<void>((resolve) => (this.#settled = resolve));
    this.#flush();
    await this.#fleet.guard(passed(warmUpMs));
    this.#meter.start(this.#acknowledged);
    await this.#fleet.guard(passed(measureMs));
    this.#state = 'draining';
    this.#producer.send(1);
    this.#flush();
    const overdue = setTimeout(() => this.#fleet.fail(this.#shortage()), DRAIN_MS);
    await this.#fleet.guard(settled).finally(() => clearTimeout(overdue));
    const extra = this.#keepsDepth
      ? {}
      : { 'ms to delivery, p50': this.#toDelivery.quantileMs(0.5), 'ms to delivery, p99': this.#toDelivery.quantileMs(0.99) };
    return { ...this.#meter.stop(this.#acknowledged), extra: { ...extra, 'settled in all': this.#acknowledged, 'sent in all': this.#producer.sent } };
  }

  closeLedger(leftOver: number): Ledger {
    return this.#ledger.close(this.#acknowledged, leftOver);
  }

  #flushSoon(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushDue = false;
    this.#acknowledge();
    if (this.#state !== 'sending') return;
    const done = Math.min(this.#producer.receipted, this.#keepsDepth ? this.#acknowledged : this.#ledger.received);
    this.#producer.send(this.#job.window - (this.#producer.sent - done));
  }

  #acknowledge(): void {
    const allowed = this.#keepsDepth ? this.#producer.receipted - this.#acknowledged : this.#unacknowledged.length;
    const count = Math.min(allowed, this.#unacknowledged.length);
    if (count === 0) return;
    const frames: Buffer[] = [];
    for (let i = 0; i < count; i++) {
      const head = this.#unacknowledged[i]!;
      const isLast = this.#state === 'draining' && this.#acknowledged + 1 === this.#producer.sent;
      if (isLast) this.#consumer.onConfirmed = () => this.#finish();
      frames.push(isLast ? acknowledge(head, 0, head.length, 1) : acknowledge(head, 0, head.length));
      this.#acknowledged++;
    }
    this.#unacknowledged = this.#unacknowledged.slice(count);
    this.#consumer.write(Buffer.concat(frames));
  }

  #finish(): void {
    if (this.#state !== 'draining') return;
    this.#state = 'settled';
    this.#settled();
  }

  #shortage(): string {
    const { sent, receipted } = this.#producer;
    return `of ${sent} messages ${receipted} were receipted, ${this.#ledger.received} came, ${this.#acknowledged} were acknowledged, within ${DRAIN_MS / 1000} s after the last was sent`;
  }
}

const STRANGER = 1;

/** How many messages a queue gives out before one that was just sent to it. */
async function countLeftOver({ target, destination, bodyBytes }: QueueJob): Promise<number> {
  const fleet = new Fleet(target);
  const [client] = (await fleet.open(1)) as [Client];
  const template = fleet.dialect.publish(destination, bodyBytes, { receipt: true });
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
  await fleet.guard(client.subscribe([['sub-0', destination]], { prefetch: 100 }));
  await fleet.guard(arrived);
  await fleet.close();
  return leftOver;
}
