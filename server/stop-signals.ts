/**
 * One press of Ctrl-C may arrive twice: from the terminal, which signals the whole group, and from npm, which passes it
 * on to the program it runs. Only a signal later than this means "at once".
 */
const SAME_SIGNAL_MS = 500;

export interface StopListener {
  /** End in good order. */
  onFirst(signal: NodeJS.Signals): void;
  /** Somebody is tired of waiting. */
  onAgain(): void;
}

/** Hears the signals by which a terminal, npm or a platform ends a process. */
export function onStopSignals({ onFirst, onAgain }: StopListener): void {
  let firstAt: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (firstAt === undefined) {
      firstAt = now;
      onFirst(signal);
    } else if (now - firstAt > SAME_SIGNAL_MS) onAgain();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
