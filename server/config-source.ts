import { existsSync, readFileSync } from 'node:fs';
import { CONFIG_TABLE, isOption, optionEntries, type ConfigTable, type OptionEntry } from './config-table.ts';
import { nearestWord } from './lib/nearest-word.ts';

/** One place that values come from. */
export interface ConfigSource {
  /** The raw value for an option and what to call it there, or undefined. */
  find(entry: OptionEntry): FoundValue | undefined;
  /** Sentences about what no option stands behind. */
  readonly problems: readonly string[];
}

interface FoundValue {
  readonly raw: unknown;
  readonly called: string;
  readonly where: string;
}

/** `--port 80` and `--port=80`; `--config` names the file and is no option of the table. */
export function fromFlags(flags: readonly string[]): ConfigSource & { readonly configFile: string | undefined } {
  const entries = new Map(optionEntries().map((entry) => [entry.flag, entry]));
  const values = new Map<string, string>();
  const problems: string[] = [];
  for (let i = 0; i < flags.length; i += 1) {
    const [flag = '', ...rest] = flags[i]!.split('=');
    const value = rest.length > 0 ? rest.join('=') : flags[i + 1];
    if (flag !== '--config' && !entries.has(flag)) {
      problems.push(unknown(flag, 'flag', nearestWord(flag, entries.keys()), 'on the command line'));
    }
    else if (value === undefined) problems.push(`${flag} must be followed by its value, but the command line ends there.`);
    else {
      values.set(flag, value);
      if (rest.length === 0) i += 1;
    }
  }
  return {
    problems,
    configFile: values.get('--config'),
    find: ({ flag }) => (values.has(flag) ? { raw: values.get(flag), called: flag, where: 'the command line' } : undefined),
  };
}

/** A variable that is set to nothing is not set. */
export function fromEnvironment(environment: Readonly<Record<string, string | undefined>>): ConfigSource {
  return {
    problems: [],
    find: ({ env }) => (environment[env] ? { raw: environment[env], called: env, where: 'the environment' } : undefined),
  };
}

const OWN_PREFIX = 'STOMPEDE_';

/** Heard by set-up and tests alone. */
const NO_OPTION = new Set(['STOMPEDE_INSTALL']);

/**
 * Sentences about variables that bear our name and set nothing. They stop no start: the environment of a machine is often
 * shared by releases of which only one knows a variable.
 */
export function strangersInEnvironment(environment: Readonly<Record<string, string | undefined>>): string[] {
  const known = new Set(optionEntries().map(({ env }) => env));
  // The prefix is no part of the likeness; PORT, REDIS_URL and a few more go without it.
  const names = new Map([...known].map((env) => [withoutPrefix(env), env]));
  return Object.keys(environment)
    .filter((variable) => variable.startsWith(OWN_PREFIX) && !known.has(variable) && !NO_OPTION.has(variable))
    .map((variable) => {
      const nearest = nearestWord(withoutPrefix(variable), names.keys());
      return unknown(variable, 'variable', nearest && names.get(nearest), 'in the environment');
    });
}

function withoutPrefix(variable: string): string {
  return variable.startsWith(OWN_PREFIX) ? variable.slice(OWN_PREFIX.length) : variable;
}

export function fromFile(path: string, isNamed: boolean): ConfigSource {
  if (!existsSync(path)) {
    const problems = isNamed ? [`CONFIG must name a file, but there is none at ${path}.`] : [];
    return { problems, find: () => undefined };
  }
  let values: unknown;
  try {
    values = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const problem = `${path} must be a JSON file: ${error instanceof Error ? error.message : String(error)}.`;
    return { problems: [problem], find: () => undefined };
  }
  return fromValues(values, path);
}

export function fromValues(values: unknown, where: string): ConfigSource {
  return {
    problems: strangersIn(values, CONFIG_TABLE, where, []),
    find: ({ path, name }) => {
      const raw = path.reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), values);
      return raw === undefined ? undefined : { raw, called: name, where };
    },
  };
}

function strangersIn(values: unknown, table: ConfigTable, where: string, above: readonly string[]): string[] {
  if (values === undefined) return [];
  const place = above.join('.');
  if (!isRecord(values)) return [`${place || 'The configuration'} must be an object of options, but ${JSON.stringify(values)} came from ${where}.`];
  return Object.entries(values).flatMap(([key, value]) => {
    const row = Object.hasOwn(table, key) ? table[key] : undefined;
    if (row === undefined) {
      const name = [...above, key].join('.');
      return [unknown(name, 'option', nearestWord(name, namesIn(table, above)), `in ${where}`)];
    }
    return isOption(row) ? [] : strangersIn(value, row, where, [...above, key]);
  });
}

function namesIn(table: ConfigTable, above: readonly string[]): string[] {
  return Object.keys(table).map((key) => [...above, key].join('.'));
}

function unknown(name: string, kind: string, nearest: string | undefined, where: string): string {
  return `There is no ${kind} ${name}, which stands ${where}${nearest ? `; did you mean ${nearest}?` : '.'}`;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
