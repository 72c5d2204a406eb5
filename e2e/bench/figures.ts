import { Histogram } from './load/histogram.ts';
import type { Ledger, Measured } from './load/meter.ts';
import { median } from './statistics.ts';

/** What one round comes to. CPU in µs a unit, latencies in ms, memory in MiB. */
export interface Figures {
  /** Of nodes and of the store they share, together. */
  readonly cpuMicros: number;
  readonly generatorMicros: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of both, too. */
  readonly rssAnonMiB: number;
  /** Units that came with one read of a socket: how well the broker joins its writes; 0 where it says nothing. */
  readonly perRead: number;
  readonly extra: Readonly<Record<string, number>>;
}

export function figuresOf(measured: Measured): Figures {
  const { units, elapsedMs, reads, latency: pairs, brokerCpuMicros, storeCpuMicros, rssAnonBytes, storeRssAnonBytes = 0 } = measured;
  const latency = new Histogram();
  latency.add(pairs);
  return {
    cpuMicros: (brokerCpuMicros + (storeCpuMicros ?? 0)) / units,
    generatorMicros: measured.generatorCpuMicros / units,
    perSecond: (units / elapsedMs) * 1000,
    p50Ms: latency.quantileMs(0.5),
    p99Ms: latency.quantileMs(0.99),
    rssAnonMiB: (rssAnonBytes + storeRssAnonBytes) / 2 ** 20,
    perRead: reads > 0 ? units / reads : 0,
    extra: { ...(storeCpuMicros !== undefined && apart(brokerCpuMicros / units, storeCpuMicros / units, storeRssAnonBytes)), ...measured.extra },
  };
}

function apart(nodesMicros: number, redisMicros: number, redisBytes: number): Record<string, number> {
  return { 'nodes µs': nodesMicros, 'Redis µs': redisMicros, 'Redis MiB': redisBytes / 2 ** 20 };
}

/** The median of each figure by itself. */
export function medianFigures(rounds: readonly Figures[]): Figures {
  const middle = (pick: (figures: Figures) => number): number => median(rounds.map(pick));
  const extraNames = Object.keys(rounds[0]?.extra ?? {});
  return {
    cpuMicros: middle((figures) => figures.cpuMicros),
    generatorMicros: middle((figures) => figures.generatorMicros),
    perSecond: middle((figures) => figures.perSecond),
    p50Ms: middle((figures) => figures.p50Ms),
    p99Ms: middle((figures) => figures.p99Ms),
    rssAnonMiB: middle((figures) => figures.rssAnonMiB),
    perRead: middle((figures) => figures.perRead),
    extra: Object.fromEntries(extraNames.map((name) => [name, middle((figures) => figures.extra[name] ?? NaN)])),
  };
}

/** What is wrong with a ledger, in words; undefined when exactly what was to come came. */
export function flawOf({ expected, missing, repeated, disordered }: Ledger): string | undefined {
  if (missing === 0 && repeated === 0 && disordered === 0) return undefined;
  return `of ${expected} expected ${missing} missing, ${repeated} repeated, ${disordered} out of order`;
}
