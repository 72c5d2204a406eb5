const SUB_BUCKET_BITS = 5;
const SUB_BUCKETS = 1 << SUB_BUCKET_BITS;

/**
 * Counts of durations in whole microseconds, in buckets that are exact below 64 µs and 3 % wide above: constant cost
 * and memory however many are recorded.
 *
 * Value v of highest bit e > 5 lands in row e - 5, column v >> (e - 5):
 *
 *     row 0: 0 … 63 one by one    row 1: 64, 66 … 126    row 2: 128, 132 … 252    …
 */
export class Histogram {
  readonly #counts = new Float64Array(28 * SUB_BUCKETS);
  #total = 0;

  get count(): number {
    return this.#total;
  }

  record(micros: number): void {
    const value = micros < 0 ? 0 : micros > 0x7fffffff ? 0x7fffffff : micros | 0;
    const shift = Math.max(0, 31 - Math.clz32(value) - SUB_BUCKET_BITS);
    this.#counts[shift * SUB_BUCKETS + (value >> shift)]! += 1;
    this.#total++;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#total = 0;
  }

  /** The upper edge, in ms, of the bucket that the given share (0 to 1) of all values does not exceed; 0 when empty. */
  quantileMs(share: number): number {
    let left = Math.max(1, Math.ceil(this.#total * share));
    for (let index = 0; index < this.#counts.length; index++) {
      left -= this.#counts[index]!;
      if (left <= 0 && this.#total > 0) return upperEdge(index) / 1000;
    }
    return 0;
  }

  /** `[bucket, count, bucket, count, …]`, to cross a process border. */
  toPairs(): number[] {
    const pairs: number[] = [];
    this.#counts.forEach((count, index) => {
      if (count > 0) pairs.push(index, count);
    });
    return pairs;
  }

  /** Adds what `toPairs` of another one gave. */
  add(pairs: readonly number[]): void {
    for (let i = 0; i + 1 < pairs.length; i += 2) {
      this.#counts[pairs[i]!]! += pairs[i + 1]!;
      this.#total += pairs[i + 1]!;
    }
  }
}

function upperEdge(index: number): number {
  if (index < 2 * SUB_BUCKETS) return index;
  const shift = Math.floor(index / SUB_BUCKETS) - 1;
  return ((index - shift * SUB_BUCKETS + 1) << shift) - 1;
}
