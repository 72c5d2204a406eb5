import { Heap } from './heap.ts';

/**
 * Names with a time each, by the clock of the day: `run` is called with a name when its time has come, never before. There
 * is one timer for all of them. It is set for a minute at most, so that no time is too far for it and a clock that was
 * put forward is noticed.
 */
export class Agenda {
  readonly #run: (name: string) => void;
  readonly #clock: () => number;
  readonly #times = new Map<string, number>();
  /** Also times that do not count any more. */
  readonly #order = new Heap<Appointment>((left, right) => left.at < right.at);
  #timer: NodeJS.Timeout | undefined;
  /** What the timer is set for. */
  #timerAt = Infinity;
  #isClosed = false;

  constructor(run: (name: string) => void, clock: () => number = Date.now) {
    this.#run = run;
    this.#clock = clock;
  }

  /** Names with a time. */
  get size(): number {
    return this.#times.size;
  }

  /** The earlier time counts, if the name has one. */
  note(name: string, at: number): void {
    const known = this.#times.get(name);
    if (this.#isClosed || (known !== undefined && known <= at)) return;
    this.#times.set(name, at);
    this.#order.push({ name, at });
    if (at < this.#timerAt) this.#set(at);
  }

  forget(name: string): void {
    if (!this.#times.delete(name)) return;
    if (this.#order.length > 2 * this.#times.size + 64) this.#order.replace(Array.from(this.#times, ([each, at]) => ({ name: each, at })));
  }

  /** Runs what is due by now. The timer calls it; whoever cannot wait for that may, too. */
  look(): void {
    this.#look();
  }

  /** Nothing is run any more. Idempotent. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#times.clear();
    this.#order.replace([]);
  }

  #set(at: number): void {
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(this.#look, Math.min(LONGEST_MS, Math.max(0, at - this.#clock())));
  }

  readonly #look = (): void => {
    clearTimeout(this.#timer);
    this.#timerAt = Infinity;
    const now = this.#clock();
    try {
      // What is noted again meanwhile waits for the next turn of the event loop.
      for (const name of this.#takeDue(now)) if (!this.#isClosed) this.#run(name);
    } finally {
      const next = this.#first();
      if (next && !this.#isClosed && next.at < this.#timerAt) this.#set(next.at);
    }
  };

  #takeDue(now: number): string[] {
    const due: string[] = [];
    for (let next = this.#first(); next && next.at <= now; next = this.#first()) {
      this.#order.pop();
      this.#times.delete(next.name);
      due.push(next.name);
    }
    return due;
  }

  #first(): Appointment | undefined {
    for (;;) {
      const first = this.#order.peek();
      if (!first || this.#times.get(first.name) === first.at) return first;
      this.#order.pop();
    }
  }
}

interface Appointment {
  readonly name: string;
  readonly at: number;
}

const LONGEST_MS = 60_000;
