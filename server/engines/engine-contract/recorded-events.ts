import assert from 'node:assert/strict';
import type { EngineEvents, LogPosition } from '../../broker/engine.ts';
import type { Message } from '../../broker/message.ts';

const PATIENCE_MS = 10_000;

/** Everything an engine hands up, and a way to wait for it. */
export class RecordedEvents implements EngineEvents {
  readonly messages: { readonly topic: string; readonly message: Message; readonly position: LogPosition | undefined }[] = [];
  readonly ready: string[] = [];
  readonly commands: string[] = [];
  /** Holds that ended. */
  readonly evicted: string[] = [];
  deadHints = 0;
  /** What must not happen: the store gave up, forgot something, or a topic has a hole. */
  readonly fatal: Error[] = [];
  #waiters: (() => void)[] = [];

  onMessage(topic: string, message: Message, position: LogPosition | undefined): void {
    this.messages.push({ topic, message, position });
    this.#wake();
  }

  onReady(queue: string): void {
    this.ready.push(queue);
    this.#wake();
  }

  onDead(): void {
    this.deadHints++;
    this.#wake();
  }

  onGap(pattern: string, count: number): void {
    this.fatal.push(new Error(`expected no message to be lost, got a gap of ${count} in ${pattern}`));
    this.#wake();
  }

  onLoss({ groups, detail }: { readonly groups: number; readonly detail: string }): void {
    this.fatal.push(new Error(`expected nothing to be forgotten, got ${groups} groups: ${detail}`));
    this.#wake();
  }

  onEvicted(queue: string, holder: string): void {
    this.evicted.push(`${queue} ${holder}`);
    this.#wake();
  }

  onCommand(command: string): void {
    this.commands.push(command);
    this.#wake();
  }

  onFatal(error: Error): void {
    this.fatal.push(error);
    this.#wake();
  }

  /** `topic id` of each message so far. */
  get published(): string[] {
    return this.messages.map(({ topic, message }) => `${topic} ${message.id}`);
  }

  /** Waits until that many topic messages came. */
  async untilPublished(count: number): Promise<string[]> {
    await this.#until(`${count} topic messages`, () => this.messages.length >= count);
    return this.published;
  }

  /** Waits until that many commands came. */
  async untilCommanded(count: number): Promise<string[]> {
    await this.#until(`${count} commands`, () => this.commands.length >= count);
    return this.commands;
  }

  /** How many hints came for that queue so far. */
  hintCount(queue: string): number {
    return this.ready.reduce((count, each) => count + (each === queue ? 1 : 0), 0);
  }

  /** Waits for a hint for that queue beyond the first `seen`, or until `isNeedless` says so after a `recheck`. */
  async untilReady(queue: string, seen = 0, isNeedless = (): boolean => false): Promise<void> {
    await this.#until(`a hint for ${queue}`, () => isNeedless() || this.hintCount(queue) > seen);
  }

  /** Waits for a hint of dead messages beyond the first `seen`. */
  async untilDead(seen = 0): Promise<void> {
    await this.#until('a hint of dead messages', () => this.deadHints > seen);
  }

  /** Lets everyone who waits look again. */
  recheck(): void {
    this.#wake();
  }

  async #until(what: string, isDone: () => boolean): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!isDone()) {
      const left = deadline - Date.now();
      assert.ok(left > 0, `expected ${what} within ${PATIENCE_MS} ms; came: ${this.published.length} messages, hints ${this.ready}`);
      await this.#nextEvent(left);
    }
  }

  #nextEvent(patienceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, patienceMs);
      this.#waiters.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}
