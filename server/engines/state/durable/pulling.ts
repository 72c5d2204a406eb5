import type { Message } from '../../../broker/message.ts';
import type { DurableSubscription } from './durable-subscription.ts';
import { PAGE_BYTES, PAGE_MESSAGES, type DurableSubscriptions, type StagedPull } from './durable-subscriptions.ts';
import type { Kept } from './kept.ts';

/** What depends on where messages are. */
export interface PullingParts<Stored> {
  readonly durables: DurableSubscriptions<Stored>;
  /** Undefined if the store failed. */
  read(page: readonly Kept<Stored>[]): Promise<readonly Message[] | undefined>;
  /** Makes it last, then commits it; false if that could not be done, and it is undone. */
  write(pull: StagedPull<Stored>): Promise<boolean>;
}

/** What to show of a subscription behind what rests in its queue. */
export interface RestToBrowse<Stored> {
  readonly subscription: DurableSubscription<Stored>;
  readonly skip: number;
  readonly limit: number;
  readonly maxBytes: number;
  readonly before: number;
}

/**
 * Fills the queues of durable subscriptions from their logs, as far as somebody claims. For each subscription one thing at a
 * time: who comes second goes on where the first has stopped.
 */
export class Pulling<Stored> {
  readonly #parts: PullingParts<Stored>;
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(parts: PullingParts<Stored>) {
    this.#parts = parts;
  }

  /** Fills a queue until `credit` messages rest in it, or so many octets or more are added, and claims before anybody else can. */
  claim<Taken>(name: string, credit: number, maxBytes: number, claim: () => Taken): Promise<Taken> {
    return this.#inTurn(name, async () => {
      await this.#fill(name, credit, maxBytes);
      return claim();
    });
  }

  /** Messages behind those in the queue, as `Engine.browse` shows them, from `skip` of them on; `before`: so many are shown of those. */
  async browse({ subscription, skip, limit, maxBytes, before }: RestToBrowse<Stored>): Promise<Message[]> {
    const shown: Message[] = [];
    let [left, room] = [skip, maxBytes];
    let after = Math.max(subscription.cursor, subscription.log.floor - 1);
    if (!subscription.isPicky) [after, left] = [after + skip, 0];
    while (shown.length < limit && room > 0) {
      const page = subscription.page(after, PAGE_MESSAGES, Math.min(PAGE_BYTES, room));
      const messages = page.length > 0 ? await this.#parts.read(page) : undefined;
      if (!messages) break;
      for (const [i, message] of messages.entries()) {
        after = page[i]!.offset;
        if (!subscription.wants(message) || left-- > 0) continue;
        room -= page[i]!.bytes;
        if (shown.length >= limit || (room < 0 && before + shown.length > 0)) return shown;
        shown.push(message);
      }
    }
    return shown;
  }

  /** Steps over up to so many messages that nobody has looked at; tells how many. */
  skip(subscription: DurableSubscription<Stored>, limit: number): Promise<number> {
    const { durables, write } = this.#parts;
    return this.#inTurn(subscription.name, async () => {
      const count = Math.min(limit, subscription.backlog);
      if (count === 0 || durables.get(subscription.name) !== subscription) return 0;
      return (await write(durables.stageSkip(subscription, count))) ? count : 0;
    });
  }

  async #fill(name: string, credit: number, maxBytes: number): Promise<void> {
    const { durables, read, write } = this.#parts;
    let room = Math.max(1, maxBytes);
    for (let want = durables.shortOf(name, credit); want > 0 && room > 0; want = durables.shortOf(name, credit)) {
      const subscription = durables.get(name)!;
      const { isPicky } = subscription;
      const page = subscription.page(subscription.cursor, isPicky ? PAGE_MESSAGES : want, isPicky ? PAGE_BYTES : room);
      const messages = isPicky ? await read(page) : undefined;
      if ((isPicky && !messages) || durables.get(name) !== subscription) return;
      const pull = durables.stagePull(subscription, page, want, room, messages?.map((message) => subscription.wants(message)));
      for (const { bytes } of pull.taken) room -= bytes;
      if (!(await write(pull))) return;
    }
  }

  #inTurn<Result>(name: string, task: () => Promise<Result>): Promise<Result> {
    const before = this.#turns.get(name) ?? Promise.resolve();
    const turn = before.then(task);
    const done = turn.catch(() => undefined).finally(() => {
      if (this.#turns.get(name) === done) this.#turns.delete(name);
    });
    this.#turns.set(name, done);
    return turn;
  }
}
