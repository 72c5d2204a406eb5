import { Fifo } from '../../../lib/fifo.ts';
import type { Script } from '../script.ts';
import { LinkLostError, ReplyError, type Argument, type Reply } from './link.ts';
import { isElsewhere } from './refusal.ts';
import type { Wire } from './wire.ts';

/**
 * The calls on one wire: sent at once, each answered, refused or lost, in the order they came.
 *
 * Replies come in the order of the commands, so the oldest call is always the next due, and one timer watches them all.
 * A call without an answer in time ends the wire, and so does a refusal that says "not here": whatever is behind it
 * would fare no better.
 *
 * When the server lost its scripts (SCRIPT FLUSH), calls that were on their way are refused one after another and go
 * out again with their text, in their order. Newer calls are held until the last of those has been heard of, or they
 * would overtake.
 *
 *     open --deadline, refusal, `lose`--> lost
 */
export class Calls {
  readonly #wire: Wire;
  readonly #callMs: number;
  readonly #onBroken: (error: Error) => void;
  readonly #waiting = new Fifo<Call>();
  #timer: NodeJS.Timeout | undefined;
  #lostBy: Error | undefined;
  /** Newest call that was on its way when a script was found missing, and what came after it. */
  #barrier: Call | undefined;
  #held: Call[] = [];

  /** `onBroken` is called when the wire is of no more use; it should come back with `lose`. */
  constructor(wire: Wire, callMs: number, onBroken: (error: Error) => void) {
    this.#wire = wire;
    this.#callMs = callMs;
    this.#onBroken = onBroken;
  }

  command(args: readonly Argument[]): Promise<Reply> {
    return new Promise((resolve, reject) => this.#take(new Call(args, undefined, resolve, reject)));
  }

  run(script: Script, key: string, args: readonly Argument[]): Promise<Reply> {
    return new Promise((resolve, reject) => this.#take(new Call(['EVALSHA', script.sha, '1', key, ...args], script, resolve, reject)));
  }

  /** Rejects all calls, those to come as well. */
  lose(error: Error): void {
    if (this.#lostBy) return;
    this.#lostBy = error;
    clearTimeout(this.#timer);
    for (let call = this.#waiting.shift(); call; call = this.#waiting.shift()) this.#reject(call, true);
    for (const call of this.#held) this.#reject(call, false);
    this.#held = [];
  }

  #reject(call: Call, wasSent: boolean): void {
    if (call.isSettled) return;
    call.isSettled = true;
    call.reject(new LinkLostError(this.#lostBy!.message, wasSent, { cause: this.#lostBy }));
  }

  #take(call: Call): void {
    if (this.#lostBy) this.#reject(call, false);
    else if (this.#barrier) this.#held.push(call);
    else this.#send(call);
  }

  #send(call: Call): void {
    call.dueAt = performance.now() + this.#callMs;
    this.#waiting.push(call);
    this.#timer ??= setTimeout(this.#look, this.#callMs);
    this.#wire.send(call.args).then(
      (reply) => {
        if (call.isSettled) return;
        call.resolve(reply as Reply);
        this.#settled(call);
      },
      (error: unknown) => this.#failed(call, error),
    );
  }

  #failed(call: Call, error: unknown): void {
    if (call.isSettled) return;
    if (!this.#wire.isReplyError(error)) return this.#onBroken(error as Error);
    const { message } = error;
    if (isElsewhere(message)) {
      // As good as never sent: it was turned away at the door.
      call.isSettled = true;
      call.reject(new LinkLostError(message, false));
      this.#onBroken(new Error(message));
    } else if (call.script && message.startsWith('NOSCRIPT')) {
      this.#sendText(call, call.script);
    } else {
      call.reject(new ReplyError(message));
      this.#settled(call);
    }
  }

  /** Nothing was executed. */
  #sendText(call: Call, script: Script): void {
    this.#barrier ??= this.#waiting.at(this.#waiting.length - 1);
    const [, , ...rest] = call.args;
    this.#send(new Call(['EVAL', script.source, ...rest], undefined, call.resolve, call.reject));
    this.#settled(call);
  }

  #settled(call: Call): void {
    call.isSettled = true;
    while (this.#waiting.at(0)?.isSettled) this.#waiting.shift();
    if (call !== this.#barrier) return;
    this.#barrier = undefined;
    const held = this.#held;
    this.#held = [];
    for (const one of held) this.#take(one);
  }

  /** The oldest call was due, or an older one that is answered: then the timer waits on for the present oldest. */
  readonly #look = (): void => {
    this.#timer = undefined;
    const oldest = this.#waiting.at(0);
    if (!oldest) return;
    const leftMs = oldest.dueAt - performance.now();
    if (leftMs > 0) this.#timer = setTimeout(this.#look, leftMs);
    else setImmediate(() => this.#giveUp(oldest));
  };

  /** Only after a look at the sockets: when this process itself stood still, the answer may be there. */
  #giveUp(oldest: Call): void {
    if (this.#lostBy) return;
    if (oldest.isSettled) this.#look();
    else this.#onBroken(new Error(`no answer to ${String(oldest.args[0])} within ${this.#callMs} ms`));
  }
}

/** One command on its way. */
class Call {
  readonly args: readonly Argument[];
  readonly script: Script | undefined;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
  /** Monotonic ms. */
  dueAt = 0;
  isSettled = false;

  constructor(args: readonly Argument[], script: Script | undefined, resolve: (reply: Reply) => void, reject: (error: Error) => void) {
    this.args = args;
    this.script = script;
    this.resolve = resolve;
    this.reject = reject;
  }
}
