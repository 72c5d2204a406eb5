import type { DurableTerms } from '../../broker/engine.ts';
import { messageBytes, type Message } from '../../broker/message.ts';
import { compileSelector } from '../../broker/selector/compile-selector.ts';
import { overlaps, patternWords } from '../../broker/topic-pattern.ts';

/** Everything that was ever published to a pattern with subscriptions, and how much of it is forgotten. */
interface ModelLog {
  readonly messages: Message[];
  forgotten: number;
}

interface ModelSubscription {
  readonly terms: DurableTerms;
  /** Messages of the log that it has looked at. */
  cursor: number;
  missed: number;
  holder: string | undefined;
}

export interface Pulled {
  readonly message: Message;
  readonly missed: number;
}

/** Durable subscriptions in the plainest way there is. */
export class ModelDurables {
  #logs = new Map<string, ModelLog>();
  #subscriptions = new Map<string, ModelSubscription>();

  copy(): ModelDurables {
    const copy = new ModelDurables();
    copy.#logs = new Map([...this.#logs].map(([pattern, { messages, forgotten }]) => [pattern, { messages: [...messages], forgotten }]));
    copy.#subscriptions = new Map([...this.#subscriptions].map(([name, each]) => [name, { ...each }]));
    return copy;
  }

  has(name: string): boolean {
    return this.#subscriptions.has(name);
  }

  get names(): Iterable<string> {
    return this.#subscriptions.keys();
  }

  isPicky(name: string): boolean {
    return this.#subscriptions.get(name)?.terms.selector !== '';
  }

  holderOf(name: string): string | undefined {
    return this.#subscriptions.get(name)?.holder;
  }

  /** `replaces`: what was there went with its messages. */
  hold(name: string, terms: DurableTerms, holder: string): 'new' | 'replaces' | 'resumed' | 'held' {
    const known = this.#subscriptions.get(name);
    if (known?.holder !== undefined) return 'held';
    if (known?.terms.pattern === terms.pattern) {
      known.holder = holder;
      return 'resumed';
    }
    if (known) this.remove(name);
    const log = this.#logs.get(terms.pattern) ?? { messages: [], forgotten: 0 };
    this.#logs.set(terms.pattern, log);
    this.#subscriptions.set(name, { terms, cursor: log.messages.length, missed: 0, holder });
    return known ? 'replaces' : 'new';
  }

  endHold(name: string): void {
    const known = this.#subscriptions.get(name);
    if (known) known.holder = undefined;
  }

  remove(name: string): boolean {
    const known = this.#subscriptions.get(name);
    this.#subscriptions.delete(name);
    const isLast = ![...this.#subscriptions.values()].some(({ terms }) => terms.pattern === known?.terms.pattern);
    if (known && isLast) this.#logs.delete(known.terms.pattern);
    return known !== undefined;
  }

  crash(): void {
    for (const each of this.#subscriptions.values()) each.holder = undefined;
  }

  publish(topic: string, message: Message): void {
    for (const [pattern, log] of this.#logs) {
      if (!overlaps(patternWords(pattern), topic.split('.'))) continue;
      const bounds = [...this.#subscriptions.values()].find(({ terms }) => terms.pattern === pattern)!.terms.bounds;
      log.messages.push(message);
      if (bounds.maxMessages > 0) log.forgotten = Math.max(log.forgotten, log.messages.length - bounds.maxMessages);
    }
  }

  /** What goes to its queue as somebody claims: until so many rest there, or so many octets came. */
  pull(name: string, wanted: number, maxBytes: number): Pulled[] {
    const pulled: Pulled[] = [];
    let room = Math.max(1, maxBytes);
    for (const { message, skip } of this.#behind(name)) {
      if (pulled.length >= wanted || room <= 0) break;
      const missed = skip();
      if (!this.#wants(name, message)) continue;
      pulled.push({ message, missed });
      this.#subscriptions.get(name)!.missed = 0;
      room -= messageBytes(message);
    }
    return pulled;
  }

  /** What it has not looked at. */
  backlog(name: string): Message[] {
    return [...this.#behind(name)].map(({ message }) => message);
  }

  browse(name: string): Message[] {
    return this.backlog(name).filter((message) => this.#wants(name, message));
  }

  skip(name: string, count: number): number {
    const skipped = [...this.#behind(name)].slice(0, count);
    for (const { skip } of skipped) skip();
    return skipped.length;
  }

  *#behind(name: string): Iterable<{ readonly message: Message; readonly skip: () => number }> {
    const known = this.#subscriptions.get(name);
    if (!known) return;
    const { messages, forgotten } = this.#logs.get(known.terms.pattern)!;
    for (let at = Math.max(known.cursor, forgotten); at < messages.length; at++) {
      const skip = (): number => {
        known.missed += at - known.cursor;
        known.cursor = at + 1;
        return known.missed;
      };
      yield { message: messages[at]!, skip };
    }
  }

  #wants(name: string, message: Message): boolean {
    const { selector } = this.#subscriptions.get(name)!.terms;
    return compileSelector(selector)?.matches(message) ?? true;
  }
}
