import { parseArgs } from 'node:util';
import { DEFAULT_RIVALS, RIVALS } from './rivals/catalogue.ts';
import type { Rival } from './rivals/rival.ts';
import { SCALES, type Scale } from './scale.ts';
import { WORKLOADS } from './workloads/catalogue.ts';
import type { Workload } from './workloads/workload.ts';

export interface BenchOptions {
  readonly workloads: readonly Workload[];
  readonly rivals: readonly Rival[];
  /** Rivals that were asked for by name, and so are not left out of anything they can do. */
  readonly named: ReadonlySet<string>;
  readonly scale: Scale;
  readonly rounds: number;
  /** Folder for CPU profiles of this broker: where its time goes, at the price of some of it. */
  readonly profileTo?: string | undefined;
}

export interface CommandLine extends BenchOptions {
  /** File for the JSON. */
  readonly json: string;
}

export const USAGE = `npm run bench -- [options]

  --only NAMES     workloads, by comma: ${WORKLOADS.map(({ name }) => name).join(', ')}; all
  --rivals NAMES   brokers, by comma: ${RIVALS.map(({ name }) => name).join(', ')};
                   ${DEFAULT_RIVALS.map(({ name }) => name).join(', ')}
  --scale SCALE    ${Object.keys(SCALES).join(' or ')}; full
  --rounds N       of which the medians are shown, 1 to 99; 5
  --profile DIR    leaves CPU profiles of this broker there; its figures then include the profiler's cost
  --json PATH      file for the figures; e2e/bench/results/<moment>.json
`;

/** Reads the arguments; a string says what is wrong with them. */
export function parseCommandLine(args: readonly string[], now: Date): CommandLine | string {
  let values: Record<string, string | boolean | undefined>;
  const text = { type: 'string' } as const;
  try {
    ({ values } = parseArgs({ args: [...args], options: { only: text, rivals: text, scale: text, rounds: text, json: text, profile: text, help: { type: 'boolean' } } }));
  } catch (error) {
    return `${(error as Error).message}\n\n${USAGE}`;
  }
  if (values.help) return USAGE;
  const value = (name: string): string | undefined => values[name] as string | undefined;

  const workloads = pick('--only', value('only'), WORKLOADS, WORKLOADS);
  if (typeof workloads === 'string') return workloads;
  const rivals = pick('--rivals', value('rivals'), RIVALS, DEFAULT_RIVALS);
  if (typeof rivals === 'string') return rivals;
  const scaleName = value('scale') ?? 'full';
  if (scaleName !== 'small' && scaleName !== 'full') return `--scale: expected ${Object.keys(SCALES).join(' or ')}, got ${scaleName}`;
  const rounds = Number(value('rounds') ?? 5);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 99) return `--rounds: expected a whole number from 1 to 99, got ${value('rounds')}`;
  const json = value('json') ?? `e2e/bench/results/${now.toISOString().replace(/[:.]/g, '-')}.json`;
  const named = new Set(value('rivals') === undefined ? [] : rivals.map(({ name }) => name));
  return { workloads, rivals, named, scale: SCALES[scaleName], rounds, profileTo: value('profile'), json };
}

function pick<T extends { readonly name: string }>(flag: string, names: string | undefined, all: readonly T[], unless: readonly T[]): readonly T[] | string {
  if (names === undefined) return unless;
  const wanted = names.split(',').map((name) => name.trim());
  const unknown = wanted.find((name) => !all.some((one) => one.name === name));
  if (unknown !== undefined) return `${flag}: expected some of ${all.map(({ name }) => name).join(', ')}, got ${unknown}`;
  return all.filter(({ name }) => wanted.includes(name));
}
