/** The middle value, the mean of the two middle ones of an even count, NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [lower, upper] = [Math.floor((sorted.length - 1) / 2), Math.ceil((sorted.length - 1) / 2)];
  return ((sorted[lower] ?? NaN) + (sorted[upper] ?? NaN)) / 2;
}
