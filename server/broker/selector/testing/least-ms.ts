/**
 * Ms that `work` takes when nothing gets in its way: the least of some tries, which end as soon as one is below `enough`. A
 * busy machine makes single tries slow; work that is slow by itself stays slow.
 */
export function leastMs(work: () => void, enough: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 10 && least >= enough; i++) {
    const startedAt = performance.now();
    work();
    least = Math.min(least, performance.now() - startedAt);
  }
  return least;
}
