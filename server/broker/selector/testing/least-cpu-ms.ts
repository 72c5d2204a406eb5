/**
 * Ms of this process' own CPU that `work` takes at best, of some tries which end as soon as one is below `enough`: neither
 * what else the machine does nor a collection of garbage makes good work look slow, and slow work stays slow.
 */
export function leastCpuMs(work: () => void, enough: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 20 && least >= enough; i++) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}
