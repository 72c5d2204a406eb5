import { systemClock, type Clock } from './clock.ts';

/** One turn of the wheel: what a deadline is rounded up to. */
const RESOLUTION_MS = 50;

/** A power of two: 51.2 s a round, so that most heart-beats are looked at once or twice. */
const SLOTS = 1024;

/**
 * Many deadlines on one Node timer, for heart-beats, login timeouts and lingering sockets: each is only a node in a
 * list, set and cancelled at the same small cost however many there are.
 *
 *     slot   0    1    2    …   1023      slot = due tick mod 1024
 *            |    |    |          |
 *            t    t    t          t       a ring of the timers due in this round or a later one
 *                 |
 *                 t
 *
 * Every 50 ms the wheel turns on to the present and runs what is due in the slots it passes; a timer of a later round
 * stays. So a deadline is never early and at most about 50 ms late. Since only the wheel's turn is given to Node, a
 * delay may be of any length: Node itself fires those beyond 2^31-1 ms (24.8 days) at once.
 *
 * The Node timer runs, and holds the process, only while a deadline is pending.
 */
export class Timers {
  readonly #clock: Clock;
  readonly #slots: (Ring | undefined)[] = new Array<Ring | undefined>(SLOTS).fill(undefined);
  #tick: number;
  #pendingCount = 0;
  #turning: NodeJS.Timeout | undefined = undefined;
  #isClosed = false;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
    this.#tick = this.#presentTick();
  }

  get pendingCount(): number {
    return this.#pendingCount;
  }

  /**
   * Runs `run` once after at least `ms`; infinity never comes, what is below zero counts as zero. What `run` throws
   * is thrown again outside the wheel, as Node's own timers do, and the other deadlines keep their time.
   * After `close` nothing runs any more.
   */
  after(ms: number, run: () => void): Timer {
    if (Number.isNaN(ms)) throw new RangeError('Expected a delay in ms, got NaN');
    const timer = new Timer(run, this.#forget);
    if (this.#isClosed || ms === Infinity) return timer;
    if (this.#pendingCount === 0) this.#start();
    // One tick ahead at least: what is set while the wheel turns waits for its next turn.
    timer.dueTick = Math.max(this.#tick + 1, Math.ceil((this.#clock.monotonic() + ms) / RESOLUTION_MS));
    this.#pendingCount++;
    (this.#slots[timer.dueTick % SLOTS] ??= new Ring()).add(timer);
    return timer;
  }

  /** Turns the wheel to the present. The Node timer calls it; so may a test that moves its own clock. */
  runDue(): void {
    const present = this.#presentTick();
    const passed = present - this.#tick;
    if (passed <= 0) return;
    const due: Timer[] = [];
    for (let i = 1; i <= Math.min(passed, SLOTS); i++) this.#slots[(this.#tick + i) % SLOTS]?.collectDue(present, due);
    this.#tick = present;
    // Within one round the slots already come in order.
    if (passed > SLOTS) due.sort((a, b) => a.dueTick - b.dueTick);
    for (const timer of due) this.#fire(timer);
  }

  /** Cancels every deadline; none is taken any more. Idempotent. */
  close(): void {
    this.#isClosed = true;
    for (const ring of this.#slots) ring?.cancelAll();
  }

  #fire(timer: Timer): void {
    // An earlier callback of the same turn may have cancelled it.
    if (!timer.isPending) return;
    const { run } = timer;
    timer.cancel();
    try {
      run();
    } catch (error) {
      process.nextTick(rethrow, error);
    }
  }

  readonly #forget = (): void => {
    this.#pendingCount--;
    if (this.#pendingCount === 0) this.#stop();
  };

  #presentTick(): number {
    return Math.floor(this.#clock.monotonic() / RESOLUTION_MS);
  }

  #start(): void {
    this.#tick = this.#presentTick();
    this.#turning = setInterval(() => {
      this.runDue();
    }, RESOLUTION_MS);
  }

  #stop(): void {
    clearInterval(this.#turning);
    this.#turning = undefined;
  }
}

/** One deadline. */
export class Timer {
  /** 0 while it is in no slot. Only the wheel writes this and its neighbours. */
  dueTick = 0;
  previous: Timer = this;
  next: Timer = this;
  /** Replaced once over, so that a kept handle keeps nothing alive. */
  run: () => void;
  readonly #forget: () => void;

  constructor(run: () => void, forget: () => void) {
    this.run = run;
    this.#forget = forget;
  }

  get isPending(): boolean {
    return this.dueTick !== 0;
  }

  /** Idempotent; also after it ran, and while it runs. */
  cancel(): void {
    if (this.dueTick === 0) return;
    this.dueTick = 0;
    this.previous.next = this.next;
    this.next.previous = this.previous;
    this.previous = this.next = this;
    this.run = nothing;
    this.#forget();
  }
}

/** The timers of one slot, oldest first, closed over a head of no meaning, so that a member leaves without searching. */
class Ring {
  readonly #head = new Timer(nothing, nothing);

  add(timer: Timer): void {
    const head = this.#head;
    timer.previous = head.previous;
    timer.next = head;
    head.previous.next = timer;
    head.previous = timer;
  }

  collectDue(tick: number, due: Timer[]): void {
    for (let timer = this.#head.next; timer !== this.#head; timer = timer.next) {
      if (timer.dueTick <= tick) due.push(timer);
    }
  }

  cancelAll(): void {
    while (this.#head.next !== this.#head) this.#head.next.cancel();
  }
}

function nothing(): void {}

function rethrow(error: unknown): never {
  throw error;
}
