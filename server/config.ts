import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fromEnvironment, fromFile, fromFlags, fromValues, isRecord, type ConfigSource } from './config-source.ts';
import { CONFIG_TABLE, optionEntries, type OptionEntry } from './config-table.ts';
import type { Option } from './option.ts';
import { withSchemas } from './policy-schemas.ts';

type ValuesOf<T> = { readonly [K in keyof T]: T[K] extends Option<infer V> ? V : ValuesOf<T[K]> };

/** Every option with its value, deep-frozen. */
export type Config = ValuesOf<typeof CONFIG_TABLE>;

/** sysexits' EX_CONFIG. */
export const EXIT_CONFIG = 78;

/** What is wrong with the configuration: one sentence for each fault, naming the option, the expected, the got, the where. */
export class ConfigError extends Error {
  readonly exitCode = EXIT_CONFIG;
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options?: ErrorOptions) {
    super(problems.join('\n'), options);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

export interface ConfigInput {
  /** Command-line flags, without the program's name. */
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Where a relative file name starts from. */
  readonly directory?: string;
}

const FILE_NAME = 'stompede.config.json';

/**
 * The configuration of a process: flags over environment over `stompede.config.json` (or the file that `--config` or
 * CONFIG names) over defaults, field by field. Throws a `ConfigError` with all that is wrong at once.
 */
export function loadConfig({ flags = [], environment = {}, directory = process.cwd() }: ConfigInput): Config {
  const flagSource = fromFlags(flags);
  const named = flagSource.configFile ?? (environment.CONFIG || undefined);
  const file = fromFile(resolve(directory, named ?? FILE_NAME), named !== undefined);
  const config = resolveConfig([flagSource, fromEnvironment(environment), file], { directory });
  const complete = withUsersFile(config, directory);
  refuseOpenHost(complete.host, Object.keys(complete.users).length > 0);
  return complete;
}

/**
 * The configuration of an embedding application, which reads neither environment nor files. `hasRedisClient`: it hands
 * over a client of Redis in place of `redisUrl`.
 */
export function checkConfig(values: object, { hasRedisClient = false } = {}): Config {
  const config = resolveConfig([fromValues(values, 'the options of createBroker')], { hasRedisClient });
  if (config.workers === 1) return config;
  throw new ConfigError([
    `workers must be left out of the options of createBroker, but it is ${config.workers}: ` +
      'one broker is one node, and an application that wants several runs itself in as many processes.',
  ]);
}

function resolveConfig(sources: readonly ConfigSource[], { directory = process.cwd(), hasRedisClient = false }): Config {
  const problems = sources.flatMap((source) => source.problems);
  const values: Record<string, unknown> = {};
  const unsaid = new Set<string>();
  for (const entry of optionEntries()) {
    const found = firstOf(sources, entry);
    let value = entry.option.default;
    if (!found) unsaid.add(entry.name);
    else {
      const result = entry.option.schema.safeParse(found.raw);
      if (result.success) value = result.data;
      else problems.push(`${found.called} must be ${entry.option.expected}, but ${came(found.raw, entry)} came from ${found.where}.`);
    }
    put(values, entry.path, value);
  }
  const isRedisKnown = hasRedisClient || values.redisUrl !== '';
  if (isRedisKnown && unsaid.has('engine')) values.engine = 'redis';
  // The table that made `Config` is the one that was just walked.
  const { policies, problems: inSchemas } = withSchemas((values as unknown as Config).policies, directory);
  problems.push(...inSchemas);
  const config = { ...(values as unknown as Config), policies };
  if (problems.length === 0) problems.push(...contradictions(config, isRedisKnown));
  if (problems.length > 0) throw new ConfigError(problems);
  return deepFreeze(config);
}

/** A node whose lease ran out is taken for dead. */
const BEATS_OF_LEASE = 3;

/** What each option alone cannot see. */
function contradictions({ limits, tlsCert, tlsKey, engine, redis, workers }: Config, isRedisKnown: boolean): string[] {
  const problems: string[] = [];
  if (engine === 'redis' && !isRedisKnown) {
    problems.push('engine (STOMPEDE_ENGINE) is redis, but which Redis is not said: set redisUrl (REDIS_URL), e.g. redis://127.0.0.1:6379.');
  }
  if (redis.beatMs * BEATS_OF_LEASE > redis.leaseMs) {
    problems.push(
      `redis.leaseMs must be at least ${BEATS_OF_LEASE} times redis.beatMs, or one late beat would cost a node its messages, ` +
        `but it is ${redis.leaseMs} and redis.beatMs ${redis.beatMs}.`,
    );
  }
  if (workers !== 1 && engine !== 'redis') {
    problems.push(
      `workers must be 1 with the ${engine} engine, whose messages belong to one process, but it is ${workers}. ` +
        'Set redisUrl (REDIS_URL), and several can share a Redis.',
    );
  }
  const atMost = (low: number, lowName: string, high: number, highName: string): void => {
    if (low > high) problems.push(`limits.${lowName} must be at most limits.${highName}, but ${low} is more than ${high}.`);
  };
  atMost(limits.minHeartBeatMs, 'minHeartBeatMs', limits.maxHeartBeatMs, 'maxHeartBeatMs');
  atMost(limits.defaultPrefetch, 'defaultPrefetch', limits.maxPrefetch, 'maxPrefetch');
  atMost(
    limits.framesBeforeLogin.maxFrameBytes,
    'framesBeforeLogin.maxFrameBytes',
    limits.framesAfterLogin.maxFrameBytes,
    'framesAfterLogin.maxFrameBytes',
  );
  if (Boolean(tlsCert) !== Boolean(tlsKey)) {
    problems.push(`tlsCert and tlsKey must be given together, but only ${tlsCert ? 'tlsCert' : 'tlsKey'} is.`);
  }
  return problems;
}

/** The built-in guest is for this very machine: nobody else may reach a broker that asks for no passcode. */
export function refuseOpenHost(host: string, hasAuthentication: boolean): void {
  if (hasAuthentication || isLoopback(host)) return;
  throw new ConfigError([
    `HOST must be a loopback address like 127.0.0.1 as long as no users are configured, but it is ${JSON.stringify(host)}. ` +
      'Set STOMPEDE_USERS=name:passcode (or STOMPEDE_USERS_FILE) to listen there.',
  ]);
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function firstOf(sources: readonly ConfigSource[], entry: OptionEntry): ReturnType<ConfigSource['find']> {
  for (const source of sources) {
    const found = source.find(entry);
    if (found) return found;
  }
  return undefined;
}

/** Adds what stands in the file of users; a name in both is one too many. */
function withUsersFile(config: Config, directory: string): Config {
  if (!config.usersFile) return config;
  const path = resolve(directory, config.usersFile);
  if (!existsSync(path)) throw new ConfigError([`usersFile must name a file, but there is none at ${path}.`]);
  const pairs = readFileSync(path, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const result = CONFIG_TABLE.users.schema.safeParse(pairs);
  if (!result.success) throw new ConfigError([`usersFile must hold one name:passcode a line, each name once, but ${path} does not.`]);
  const double = Object.keys(result.data).find((name) => Object.hasOwn(config.users, name));
  if (double) throw new ConfigError([`A user must be named once, but ${double} stands in users and in ${path}.`]);
  return deepFreeze({ ...config, users: { ...config.users, ...result.data } });
}

/** What stands in the place of the value: of one with an inside, only the part that is wrong. */
function came(raw: unknown, entry: OptionEntry): string {
  const why = entry.option.explain?.(raw);
  return why === undefined ? shown(raw, entry) : `one that is wrong (${why})`;
}

function shown(raw: unknown, { option }: OptionEntry): string {
  return option.isSecret ? 'something else (not shown here)' : JSON.stringify(raw);
}

function put(values: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let place = values;
  for (const key of path.slice(0, -1)) {
    const inner = isRecord(place[key]) ? place[key] : {};
    place[key] = inner;
    place = inner;
  }
  place[path.at(-1)!] = value;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}
