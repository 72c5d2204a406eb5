import type { TestContext } from 'node:test';
import type { Bus, BusEvents, Link, LinkEvents, Redis } from '../link/link.ts';
import { until } from './until.ts';

/** A link that goes with its test, and what it told. */
export class RecordedLink {
  readonly link: Link;
  upCount = 0;
  readonly downs: Error[] = [];
  readonly failures: Error[] = [];

  constructor(t: TestContext, redis: Redis, name = 'link', greet: LinkEvents['greet'] = () => Promise.resolve()) {
    this.link = redis.openLink(name, {
      greet,
      onUp: () => void this.upCount++,
      onDown: (error) => void this.downs.push(error),
      onDialFailed: (error) => void this.failures.push(error),
    });
    t.after(() => this.link.close());
  }

  /** Resolves when it is up, for the `count`th time at least. */
  async up(count = 1, withinMs = 10_000): Promise<void> {
    await until(`the link to be up for time ${count}`, () => this.link.isUp && this.upCount >= count, withinMs).catch((error: unknown) => {
      throw new Error(`${String(error)}; it failed with ${String(this.failures.at(-1))}, and was lost by ${String(this.downs.at(-1))}`);
    });
  }
}

/** The same for a bus. */
export class RecordedBus {
  readonly bus: Bus;
  upCount = 0;
  readonly downs: Error[] = [];
  readonly failures: Error[] = [];
  readonly messages: [channel: string, text: string][] = [];

  constructor(t: TestContext, redis: Redis, name = 'bus', onMessage?: BusEvents['onMessage']) {
    this.bus = redis.openBus(name, {
      onMessage: onMessage ?? ((channel, payload) => void this.messages.push([channel, payload.toString()])),
      onUp: () => void this.upCount++,
      onDown: (error) => void this.downs.push(error),
      onDialFailed: (error) => void this.failures.push(error),
    });
    t.after(() => this.bus.close());
  }

  async up(count = 1, withinMs = 10_000): Promise<void> {
    await until(`the bus to be up for time ${count}`, () => this.bus.isUp && this.upCount >= count, withinMs).catch((error: unknown) => {
      throw new Error(`${String(error)}; it failed with ${String(this.failures.at(-1))}, and was lost by ${String(this.downs.at(-1))}`);
    });
  }
}
