import type { Client } from './client.ts';
import type { FrameTemplate } from './client-frame.ts';

/**
 * One sender that keeps at most `window` messages on their way. A message is on its way until everyone it is for has
 * got it, so the slowest receiver sets the pace, and the sender can never outrun the broker.
 *
 *     … 17 18 | 19 20 21 22 | 23 24 …      numbers of its messages
 *             ^ #oldest      ^ #sent       at most `window` between; the rings below hold one place for each
 */
export class Publisher {
  readonly #client: Client;
  readonly #index: number;
  readonly #window: number;
  /** Send only when nothing is on its way: every burst is then exactly `window` messages. */
  readonly #inBursts: boolean;
  readonly #sentAt: Float64Array;
  readonly #left: Int32Array;
  #oldest = 0;
  #sent = 0;

  constructor(client: Client, index: number, window: number, inBursts: boolean) {
    this.#client = client;
    this.#index = index;
    this.#window = window;
    this.#inBursts = inBursts;
    this.#sentAt = new Float64Array(window);
    this.#left = new Int32Array(window);
  }

  get sent(): number {
    return this.#sent;
  }

  get isIdle(): boolean {
    return this.#oldest === this.#sent;
  }

  /**
   * Fills the window with messages for `audience` receivers each, all in one write. `choose` fills the slot of the
   * template's destination, if it has one.
   */
  publish(template: FrameTemplate, audience: number, now: number, choose?: () => number): void {
    if (this.#inBursts && !this.isIdle) return;
    const count = this.#window - (this.#sent - this.#oldest);
    if (count === 0) return;
    const { length } = template;
    const frames = Buffer.allocUnsafe(count * length);
    for (let i = 0; i < count; i++) {
      const place = this.#sent % this.#window;
      this.#sentAt[place] = now;
      this.#left[place] = audience;
      const body = [this.#index, this.#sent++];
      template.copyTo(frames, i * length, choose ? [choose(), ...body] : body);
    }
    this.#client.write(frames);
  }

  /** One receiver got number `seq`: when it was sent, or -1 if nobody was waiting for it. */
  received(seq: number): number {
    const place = seq % this.#window;
    if (!(seq >= this.#oldest && seq < this.#sent) || this.#left[place] === 0) return -1;
    this.#left[place]! -= 1;
    while (this.#oldest < this.#sent && this.#left[this.#oldest % this.#window] === 0) this.#oldest++;
    return this.#sentAt[place]!;
  }
}
