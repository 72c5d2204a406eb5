import { DEFAULT_BROKER_LIMITS as LIMITS, type BrokerLimits } from './broker/limits.ts';
import { DEFAULT_REDELIVERY_POLICY as REDELIVERY, type RedeliveryPolicy } from './broker/redelivery.ts';
import type { EmbeddedSizes, RedisSettings } from './engines/create-engine.ts';
import { DEFAULT_MEMORY_ENGINE_OPTIONS as MEMORY, type MemoryEngineOptions } from './engines/memory/memory-engine.ts';
import { DEFAULT_REDIS_ENGINE_OPTIONS as REDIS } from './engines/redis/options.ts';
import { policies } from './policy-option.ts';
import type { FrameLimits } from './protocol/limits.ts';
import {
  bytes,
  choice,
  count,
  countOrAuto,
  milliseconds,
  name,
  optionalWord,
  passcodes,
  port,
  portOrOff,
  toggle,
  word,
  words,
  type Option,
} from './option.ts';

/** The options that give `T` its values, section by section. */
type OptionsOf<T> = { readonly [K in keyof T]: T[K] extends object ? OptionsOf<T[K]> : Option<T[K]> };

const frameLimits = (defaults: FrameLimits, when: string): OptionsOf<FrameLimits> => ({
  maxFrameBytes: bytes(defaults.maxFrameBytes, `A whole frame ${when}.`, { min: 1024, max: 1024 ** 3 }),
  maxHeaders: count(defaults.maxHeaders, `Header lines of a frame ${when}.`, { min: 10 }),
  maxHeaderLineBytes: bytes(defaults.maxHeaderLineBytes, `One header line ${when}.`, { min: 256 }),
});

const limits: OptionsOf<BrokerLimits> = {
  framesBeforeLogin: frameLimits(LIMITS.framesBeforeLogin, 'before login'),
  framesAfterLogin: frameLimits(LIMITS.framesAfterLogin, 'after login'),
  loginTimeoutMs: milliseconds(LIMITS.loginTimeoutMs, 'From the accepted socket to a valid CONNECT.'),
  maxSubscriptions: count(LIMITS.maxSubscriptions, 'Subscriptions of a session.'),
  defaultPrefetch: count(LIMITS.defaultPrefetch, 'Messages in flight to a subscription that names no prefetch.'),
  maxPrefetch: count(LIMITS.maxPrefetch, 'The most a subscription may ask for.'),
  maxTransactions: count(LIMITS.maxTransactions, 'Open transactions of a session.'),
  maxTransactionActions: count(LIMITS.maxTransactionActions, 'SENDs and acks in a transaction.'),
  maxTransactionBytes: bytes(LIMITS.maxTransactionBytes, 'All open transactions of a session together.'),
  maxPendingGroups: count(LIMITS.maxPendingGroups, 'Unanswered writes of a session before its socket is paused.'),
  maxPendingBytes: bytes(LIMITS.maxPendingBytes, 'Their size, for a session.'),
  maxPendingBytesOfNode: bytes(LIMITS.maxPendingBytesOfNode, 'Their size, for all sessions together.'),
  maxLiveBytes: bytes(LIMITS.maxLiveBytes, 'Topic traffic waiting for a slow connection; one frame always fits.'),
  maxLiveAgeMs: milliseconds(LIMITS.maxLiveAgeMs, 'How long the oldest of it may wait.'),
  dispatchBytes: bytes(LIMITS.dispatchBytes, 'Queue messages waiting for a connection before dispatch to it stops.'),
  minHeartBeatMs: milliseconds(LIMITS.minHeartBeatMs, 'The shortest heart-beat granted.'),
  maxHeartBeatMs: milliseconds(LIMITS.maxHeartBeatMs, 'The longest heart-beat granted.'),
  idlePingMs: milliseconds(LIMITS.idlePingMs, 'How often a connection without heart-beats is asked for a sign of life.'),
  maxTopicWords: count(LIMITS.maxTopicWords, 'Words of a topic or pattern.'),
  maxDestinationBytes: bytes(LIMITS.maxDestinationBytes, 'Length of a destination.', { min: 32 }),
  maxComposite: count(LIMITS.maxComposite, 'Members of a composite destination.'),
};

const redelivery: OptionsOf<RedeliveryPolicy> = {
  maxAttempts: count(REDELIVERY.maxAttempts, 'Deliveries ending in NACK before a message is dead-lettered.'),
  maxRecoveries: count(REDELIVERY.maxRecoveries, 'Deliveries whose consumer or node vanished before it is.'),
  delayMs: milliseconds(REDELIVERY.delayMs, 'How long a message waits after its first NACK before it is delivered again.', { min: 0 }),
  backOffMultiplier: count(REDELIVERY.backOffMultiplier, 'By how much longer it waits after each further NACK.', { max: 100 }),
  maxDelayMs: milliseconds(REDELIVERY.maxDelayMs, 'The longest it waits.'),
};

/** A size that follows the volume's as long as nobody says otherwise. */
const size = (sentence: string): Option<number> => bytes(0, sentence, { min: 0 });

const embedded: OptionsOf<EmbeddedSizes> = {
  segmentBytes: size('A file of the journal is closed at this size; 0 = 64 MiB, less on a small volume.'),
  memoryBytes: size('Queued messages kept in memory, the rest is read back from the disk; 0 = 64 MiB.'),
  ballastBytes: size('Kept in a file of no use, given up on a full disk so that acks go on; 0 = 8 MiB, less on a small volume.'),
  reserveBytes: size('SENDs to queues are refused when the volume has less room; 0 = 64 MiB, less on a small volume.'),
};

const memory: OptionsOf<MemoryEngineOptions> = {
  memoryLimitBytes: bytes(MEMORY.memoryLimitBytes, 'What the memory engine may hold in queues and topic logs; over it, SENDs to them are refused.', {
    env: 'STOMPEDE_MEMORY_LIMIT_BYTES',
  }),
};

const redis: OptionsOf<RedisSettings> = {
  client: choice(['redis', 'ioredis'], 'redis', 'The library that talks to Redis.'),
  prefix: name(REDIS.prefix, 'How all keys and channels in Redis begin; nodes with the same one are a cluster.'),
  receipts: choice(
    ['accepted', 'fsync', 'replica'],
    REDIS.receipts,
    'What a RECEIPT has to promise: Redis has it, has it on its disk, or its replicas have it, too. Else the node does not start.',
  ),
  leaseMs: milliseconds(REDIS.leaseMs, 'How long a node may be silent before others redeliver what it held.', { min: 1_000 }),
  beatMs: milliseconds(REDIS.beatMs, 'How often a node says that it lives.', { min: 50 }),
  waitMs: milliseconds(REDIS.waitMs, 'How long a SEND waits for a Redis that is out of reach before it fails.'),
  replicas: count(REDIS.replicas, 'How many replicas must have it before a RECEIPT, with `receipts` replica.', { max: 100 }),
  topicLogBytes: bytes(REDIS.topicLogBytes, 'Topic messages that Redis keeps for a while, so that a node mends what it missed.'),
};

/** Every option there is: names, defaults, units and what they mean. README's table is written from it. */
export const CONFIG_TABLE = {
  port: port(15_674, 'HTTP and WebSocket port; 0 = any free one.', { env: 'PORT' }),
  host: word('127.0.0.1', 'Address to listen on, for HTTP and TCP; any but a loopback one needs users.', { env: 'HOST' }),
  tcpPort: portOrOff(61_613, 'Port for STOMP over TCP; 0 = any free one, off = none.', { env: 'TCP_PORT' }),
  wsPaths: words(['/ws', '/stomp'], /^\/[\w./~-]*$/, 'paths that begin with /', 'WebSocket paths; each also with /websocket appended.', {
    env: 'WS_PATHS',
  }),
  allowedOrigins: words(
    [],
    /^(\*|https?:\/\/[^/\s]+)$/,
    'origins like https://app.example, or *',
    'Pages that may connect; none = local pages on a loopback address, else the same origin.',
    { env: 'ALLOWED_ORIGINS' },
  ),
  maxConnections: count(65_536, 'Connections of each kind, WebSocket and TCP; further ones are refused.'),
  engine: choice(
    ['embedded', 'redis', 'memory'],
    'embedded',
    'Where messages are kept: on this disk, in a Redis that nodes share (once `redisUrl` is set), or nowhere but in memory.',
    { env: 'STOMPEDE_ENGINE' },
  ),
  redisUrl: optionalWord('The Redis that nodes share, as a URL; see Scaling for its forms.', 'the URL of a Redis', {
    env: 'REDIS_URL',
    isSecret: true,
  }),
  workers: countOrAuto(1, 'Nodes that this machine runs on the same ports; auto = one for each core. More than 1 need Redis.', { max: 256 }),
  dataDir: word('./data', 'Folder of the embedded engine; one process at a time.', { env: 'DATA_DIR' }),
  users: passcodes('Who may log in, as name:passcode pairs; none = guest/guest from this machine only.', { env: 'STOMPEDE_USERS' }),
  usersFile: optionalWord('A file of name:passcode lines, added to users.', 'the path of a file', { env: 'STOMPEDE_USERS_FILE' }),
  tlsCert: optionalWord('Certificate chain for STOMP over TCP (PEM file); none = plain.', 'the path of a PEM file'),
  tlsKey: optionalWord('Its private key (PEM file).', 'the path of a PEM file'),
  logLevel: choice(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'info', 'The least level that is logged.', {
    env: 'LOG_LEVEL',
  }),
  drainMs: milliseconds(10_000, 'How long a stop waits for work in hand.', { min: 0 }),
  spreadMs: milliseconds(1_000, 'Over which span a stop closes its connections, so that they do not return all at once.', { min: 0 }),
  policies: policies('What holds for which destinations, the first match alone: logs of topics, redelivery, dead letters (see Policies).'),
  advisories: toggle(false, 'Tells what happens on topics of the broker’s own (see Advisories), at the cost of a publish for each event.'),
  advisoryReaders: words([], /^.+$/, 'names of users', 'Users who may subscribe to advisories, besides the guest.', { env: 'STOMPEDE_ADVISORY_READERS' }),
  limits,
  redelivery,
  embedded,
  redis,
  memory,
};

/** A table, or a section of one. */
export interface ConfigTable {
  readonly [name: string]: Option<unknown> | ConfigTable;
}

export interface OptionEntry {
  /** Its place in a file: `['limits', 'maxPrefetch']`. */
  readonly path: readonly string[];
  /** `limits.maxPrefetch` */
  readonly name: string;
  /** `STOMPEDE_LIMITS_MAX_PREFETCH` */
  readonly env: string;
  /** `--limits-max-prefetch` */
  readonly flag: string;
  readonly option: Option<unknown>;
}

export const isOption = (row: Option<unknown> | ConfigTable): row is Option<unknown> => 'schema' in row && 'sentence' in row;

/** The table's rows in order, sections unfolded. */
export function optionEntries(table: ConfigTable = CONFIG_TABLE, above: readonly string[] = []): OptionEntry[] {
  return Object.entries(table).flatMap(([key, row]) => {
    const path = [...above, key];
    if (!isOption(row)) return optionEntries(row, path);
    const kebab = path.map((part) => part.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)).join('-');
    const env = row.env ?? `STOMPEDE_${kebab.toUpperCase().replaceAll('-', '_')}`;
    return [{ path, name: path.join('.'), env, flag: `--${kebab}`, option: row }];
  });
}
