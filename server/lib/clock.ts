/** The time of day and timers behind one interface, so that tests can move time. */
export interface Clock {
  /** Ms since the epoch. */
  now(): number;
  /** Ms on a line that never jumps: for measuring spans. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};
