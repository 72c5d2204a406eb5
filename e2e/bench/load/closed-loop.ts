import { setTimeout as passed } from 'node:timers/promises';
import { senderOf, seqOf } from './body.ts';
import type { Client, OnDelivery } from './client.ts';
import type { FrameTemplate } from './client-frame.ts';
import { readCounter } from './connection.ts';
import type { Fleet } from './fleet.ts';
import type { Measured, Meter } from './meter.ts';
import { Publisher } from './publisher.ts';
import type { TopicLedger } from './topic-ledger.ts';

/** How long the last messages may take after the sending stopped. */
const DRAIN_MS = 20_000;

export interface Pace {
  readonly window: number;
  /** Send only when nothing is on its way. */
  readonly inBursts?: boolean;
  readonly bodyBytes: number;
  /** Sends until the broker has worked for so many ms, unmeasured … */
  readonly warmUpMs: number;
  /** … then measures for this long, and until all that was sent has come. */
  readonly measureMs: number;
}

interface Sender {
  readonly publisher: Publisher;
  readonly template: FrameTemplate;
  readonly audience: number;
  readonly choose: (() => number) | undefined;
}

/**
 * Drives topic traffic: senders with a window each, receivers that account for every delivery. What became due while
 * the sockets were read goes out once per turn of the event loop, one write per sender, as a busy client would.
 */
export class ClosedLoop {
  readonly #fleet: Fleet;
  readonly #meter: Meter;
  readonly #pace: Pace;
  readonly #senders: Sender[] = [];
  readonly #due = new Set<Sender>();
  #unexpected = 0;
  #isSending = false;
  #finish: () => void = () => {};
  #now = 0;
  #nowOfRead = -1;
  #delivered = 0;

  constructor(fleet: Fleet, meter: Meter, pace: Pace) {
    this.#fleet = fleet;
    this.#meter = meter;
    this.#pace = pace;
  }

  /**
   * Messages for `audience` receivers each; senders are numbered in the order they are added. `choose` fills the slot
   * of the template's destination, if it has one.
   */
  addSender(client: Client, template: FrameTemplate, audience: number, choose?: () => number): void {
    const { window, inBursts = false } = this.#pace;
    const publisher = new Publisher(client, this.#senders.length, window, inBursts);
    this.#senders.push({ publisher, template, audience, choose });
  }

  /** `rowOf` finds the ledger's row for a receiver and a sender; without a ledger the windows alone account. */
  receiver(ledger?: TopicLedger, rowOf: (receiver: number, sender: number) => number = (receiver) => receiver): OnDelivery {
    const { bodyBytes } = this.#pace;
    return (client, buffer, _start, bodyEnd) => {
      const bodyAt = bodyEnd - bodyBytes;
      const index = senderOf(buffer, bodyAt);
      const seq = seqOf(buffer, bodyAt);
      const sender = this.#senders[index];
      if (!sender) return this.#fleet.fail(`client ${client.index}: a message nobody sent: ${buffer.toString('latin1', _start, bodyEnd)}`);
      ledger?.take(rowOf(client.index, index), seq);
      this.#take(sender, seq);
    };
  }

  sentBy(sender: number): number {
    return this.#senders[sender]!.publisher.sent;
  }

  /** Messages that came though nobody was waiting for them. */
  get unexpected(): number {
    return this.#unexpected;
  }

  get delivered(): number {
    return this.#delivered;
  }

  async run(): Promise<Omit<Measured, 'ledger'>> {
    const { warmUpMs, measureMs } = this.#pace;
    const idle = new Promise<void>((resolve) => (this.#finish = resolve));
    this.#isSending = true;
    this.#now = performance.now();
    for (const sender of this.#senders) this.#due.add(sender);
    this.#flush();
    await this.#fleet.guard(this.#meter.warmUp(warmUpMs));
    this.#meter.start(this.#delivered);
    await this.#fleet.guard(passed(measureMs));
    this.#isSending = false;
    this.#finishIfIdle();
    const overdue = setTimeout(() => this.#fleet.fail(this.#shortage()), DRAIN_MS);
    await this.#fleet.guard(idle).finally(() => clearTimeout(overdue));
    return this.#meter.stop(this.#delivered);
  }

  #take(sender: Sender, seq: number): void {
    if (this.#nowOfRead !== readCounter.reads) {
      this.#nowOfRead = readCounter.reads;
      this.#now = performance.now();
    }
    const sentAt = sender.publisher.received(seq);
    if (sentAt < 0) {
      this.#unexpected++;
      return;
    }
    this.#delivered++;
    if (this.#meter.isRunning) this.#meter.latency.record((this.#now - sentAt) * 1000);
    if (this.#due.size === 0) setImmediate(() => this.#flush());
    this.#due.add(sender);
  }

  #flush(): void {
    if (this.#isSending) {
      const now = performance.now();
      for (const { publisher, template, audience, choose } of this.#due) publisher.publish(template, audience, now, choose);
    }
    this.#due.clear();
    this.#finishIfIdle();
  }

  #finishIfIdle(): void {
    if (!this.#isSending && this.#senders.every(({ publisher }) => publisher.isIdle)) this.#finish();
  }

  #shortage(): string {
    const sent = this.#senders.reduce((sum, { publisher, audience }) => sum + publisher.sent * audience, 0);
    return `${sent - this.#delivered} of ${sent} deliveries did not come within ${DRAIN_MS / 1000} s after the last was sent`;
  }
}
