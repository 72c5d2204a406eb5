import type { MessageSelector } from '../../broker/engine.ts';
import type { Message } from '../../broker/message.ts';
import type { Rig } from './rig.ts';

/** A selector that counts how often it was asked. */
export class CountingSelector implements MessageSelector {
  readonly text: string;
  asked = 0;
  readonly #matches: (message: Message) => boolean;

  constructor(text: string, matches: (message: Message) => boolean) {
    this.text = text;
    this.#matches = matches;
  }

  matches(message: Message): boolean {
    this.asked++;
    return this.#matches(message);
  }
}

/** Those whose names begin so. */
export const called = (prefix: string): CountingSelector => new CountingSelector(`called ${prefix}`, ({ id }) => id.startsWith(prefix));

/** Each second, third, … message, by the number in its name. */
export const everyNth = (nth: number): CountingSelector => new CountingSelector(`every ${nth}`, ({ id }) => Number(/\d+$/.exec(id)?.[0] ?? 1) % nth === 0);

/** Claims with this selector alone, again at each hint, until so many messages have come: ids in the order they came in. */
export async function claimSelected(rig: Rig, queue: string, selector: MessageSelector, count: number): Promise<{ readonly id: string; readonly seq: number }[]> {
  const claimed: { readonly id: string; readonly seq: number }[] = [];
  for (;;) {
    const seen = rig.events.hintCount(queue);
    const some = await rig.engine.claim(queue, [{ credit: count - claimed.length, selector }], 2 ** 40);
    for (const { seq, message } of some) claimed.push({ id: message.id, seq });
    if (claimed.length >= count) return claimed;
    if (some.length === 0) await rig.events.untilReady(queue, seen);
  }
}
