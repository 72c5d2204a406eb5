import type { Bus, BusEvents, Link, LinkEvents, Redis } from '../link/link.ts';

/** A Redis whose connections can all be ended at once, without a word, as the end of a process would. */
export class CrashingRedis implements Redis {
  readonly #redis: Redis;
  readonly #open: (Link | Bus)[] = [];

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  get description(): string {
    return this.#redis.description;
  }

  openLink(name: string, events: LinkEvents): Link {
    return this.#kept(this.#redis.openLink(name, events));
  }

  openBus(name: string, events: BusEvents): Bus {
    return this.#kept(this.#redis.openBus(name, events));
  }

  async crash(): Promise<void> {
    await Promise.all(this.#open.map((each) => each.close()));
  }

  #kept<Each extends Link | Bus>(each: Each): Each {
    this.#open.push(each);
    return each;
  }
}
