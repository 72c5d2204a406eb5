import type { Bus, Link, LinkEvents, Redis } from './link/link.ts';

export interface ConnectionsParts {
  readonly redis: Redis;
  /** First words on each fresh connection; see `LinkEvents`. */
  readonly greet: LinkEvents['greet'];
  readonly onMessage: (channel: string, payload: Buffer) => void;
  /** One of them is up again; `isBus`: what was published meanwhile has been missed. */
  readonly onUp: (isBus: boolean) => void;
}

/**
 * The node's three connections, each of which may be lost for itself. The *durable* link carries the durable lane alone, so
 * that nothing else waits behind its batches; the *quick* link the volatile lane, claims, beats and questions; the *bus*
 * brings parcels, nudges and news.
 */
export class Connections {
  readonly durable: Link;
  readonly quick: Link;
  readonly bus: Bus;
  #lastError: Error | undefined;
  #heardAt = performance.now();

  constructor({ redis, greet, onMessage, onUp }: ConnectionsParts) {
    const onDown = (error: Error): void => { this.#lastError = error; };
    const events: LinkEvents = { greet, onUp: () => { onUp(false); }, onDown, onDialFailed: onDown };
    this.durable = redis.openLink('durable', events);
    this.quick = redis.openLink('quick', events);
    this.bus = redis.openBus('bus', {
      onMessage: (channel, payload) => {
        this.#heardAt = performance.now();
        onMessage(channel, payload);
      },
      onUp: () => {
        this.#heardAt = performance.now();
        onUp(true);
      },
      onDown,
      onDialFailed: onDown,
    });
  }

  get areUp(): boolean {
    return this.durable.isUp && this.quick.isUp && this.bus.isUp;
  }

  /** Why one of them was lost, or could not be had, last. */
  get lastError(): Error | undefined {
    return this.#lastError;
  }

  /** All that is up was greeted by a server that was replaced, perhaps, and does not know it yet. */
  dropAll(reason: string): void {
    for (const each of [this.durable, this.quick, this.bus]) if (each.isUp) each.drop(reason);
  }

  /** Every beat comes back by the bus: one that brought nothing for so long is dead. */
  dropSilentBus(afterMs: number): void {
    const silentMs = performance.now() - this.#heardAt;
    if (this.bus.isUp && silentMs > afterMs) this.bus.drop(`it was silent for ${Math.round(silentMs)} ms`);
  }

  async close(): Promise<void> {
    await Promise.all([this.durable.close(), this.quick.close(), this.bus.close()]);
  }
}
