import type { Client } from './client.ts';
import type { FrameTemplate } from './client-frame.ts';
import type { Histogram } from './histogram.ts';

/** A power of two above every window, so that a message's moment of sending is found by its number's low bits. */
const RING = 1 << 14;
export const MAX_QUEUE_WINDOW = RING / 2;

/** Sends numbered messages with receipts, several at a time in one write. */
export class QueueProducer {
  readonly #client: Client;
  readonly #template: FrameTemplate;
  readonly #from: number;
  readonly #sender: number;
  readonly #sentAt = new Float64Array(RING);
  #sent = 0;
  #receipted = 0;

  /** `from`: number of its first message. `onReceipt` gets the ms since the SEND. `sender`: its own number. */
  constructor(client: Client, template: FrameTemplate, from: number, onReceipt: (elapsedMs: number) => void, sender = 0) {
    this.#client = client;
    this.#template = template;
    this.#from = from;
    this.#sender = sender;
    client.onConfirmed = (seq) => {
      this.#receipted++;
      onReceipt(this.since(seq));
    };
  }

  get sent(): number {
    return this.#sent;
  }

  get receipted(): number {
    return this.#receipted;
  }

  send(count: number): void {
    if (count <= 0) return;
    const now = performance.now();
    const { length } = this.#template;
    const frames = Buffer.allocUnsafe(count * length);
    for (let i = 0; i < count; i++) {
      const seq = this.#from + this.#sent++;
      this.#sentAt[seq & (RING - 1)] = now;
      this.#template.copyTo(frames, i * length, [seq, this.#sender, seq]);
    }
    this.#client.write(frames);
  }

  /** Ms since message `seq` was sent. */
  since(seq: number): number {
    return performance.now() - this.#sentAt[seq & (RING - 1)]!;
  }
}

export function recordInto(histogram: Histogram): (elapsedMs: number) => void {
  return (elapsedMs) => histogram.record(elapsedMs * 1000);
}
