import { TEMPORARY_PREFIX } from './engine.ts';
import { MessageFrame } from './message-frame.ts';
import type { Message } from './message.ts';
import { Selection } from './selection.ts';
import type { Subscription } from './subscription.ts';
import { TopicGaps } from './topic-gaps.ts';
import { TopicRouter } from './topic-router.ts';

/** Gives each topic message to the subscriptions of this node that asked for it, whichever node it came from. */
export class TopicFanout {
  readonly #router = new TopicRouter<Subscription>();
  readonly #gaps = new TopicGaps();

  get size(): number {
    return this.#router.size;
  }

  add(name: string, isPattern: boolean, subscription: Subscription): void {
    this.#router.add(name, isPattern, subscription);
  }

  remove(name: string, isPattern: boolean, subscription: Subscription): void {
    this.#router.remove(name, isPattern, subscription);
    this.#gaps.forget(subscription);
  }

  /** Never waits for a socket; a subscriber that cannot keep up is cut or told, and harms nobody else. */
  publish(topic: string, message: Message): void {
    // A temporary topic is for those who were given its address: no wildcard reaches it.
    const subscriptions = topic.startsWith(TEMPORARY_PREFIX) ? this.#router.matchExact(topic) : this.#router.match(topic);
    if (subscriptions.size === 0) return;
    const frame = new MessageFrame(message);
    const { origin } = message;
    const announced = this.#gaps.isEmpty ? undefined : this.#gaps.announcing(message);
    let selection: Selection | undefined;
    for (const subscription of subscriptions) {
      if (subscription.filter && !(selection ??= new Selection(message)).has(subscription)) continue;
      const own = announced?.(subscription);
      if (subscription.flowsFreely) subscription.session.offerLive(subscription, own?.frame ?? frame, origin);
      else subscription.offerFlow(own?.message ?? message, own?.frame ?? frame);
    }
  }

  /** Messages of topics that match the pattern were lost, about so many (0 = unknown): their subscriptions are told. */
  gap(pattern: string, count: number): void {
    const subscriptions = pattern.startsWith(TEMPORARY_PREFIX) ? this.#router.matchExact(pattern) : this.#router.overlapping(pattern);
    for (const subscription of subscriptions) this.#gaps.add(subscription, count);
  }
}
