import type { ReceiptLevel } from '../../broker/engine.ts';
import type { Keys } from './keys.ts';
import { ReplyError, type Link } from './link/link.ts';
import { listOf, numberOf, octetsOf, textOf } from './reply.ts';
import { call, SCRIPTS } from './scripts.ts';

/** How full Redis may be before it is said. */
const FULL_SHARE = 0.85;
const UNKNOWN = 'unknown';

export interface DurabilityWish {
  readonly receipts: ReceiptLevel;
  readonly replicas: number;
}

/**
 * What Redis really guarantees, read from Redis itself: its configuration, where it may be read, and its own report. What
 * cannot be read counts as not given.
 */
export class Durability {
  readonly #wish: DurabilityWish;
  #facts: Record<string, string | number> = {};

  constructor(wish: DurabilityWish) {
    this.#wish = wish;
  }

  /** What a receipt promises. */
  get level(): ReceiptLevel {
    if (this.#wish.receipts === 'replica') return 'replica';
    return this.#facts['appendonly'] === 'yes' && this.#facts['appendfsync'] === 'always' ? 'fsync' : 'accepted';
  }

  get facts(): Readonly<Record<string, string | number>> {
    return this.#facts;
  }

  /** A sentence each for what can lose data. */
  get warnings(): string[] {
    const { appendonly, maxmemory, replicas } = this.#facts;
    const policy = this.#facts['maxmemory-policy'];
    const used = Number(this.#facts['used_memory'] ?? 0);
    const warnings: string[] = [];
    if (appendonly === 'no') warnings.push('Redis keeps no append-only file (appendonly no): its restart loses every queue.');
    if (appendonly === UNKNOWN) warnings.push('Redis does not tell its configuration: whether it keeps anything over a restart is not known.');
    if (policy !== 'noeviction' && policy !== UNKNOWN && Number(maxmemory) > 0) {
      warnings.push(`Redis may evict messages to save memory (maxmemory-policy ${policy}); expected noeviction.`);
    }
    if (Number(maxmemory) > 0 && used > FULL_SHARE * Number(maxmemory)) {
      warnings.push(`Redis uses ${Math.round((100 * used) / Number(maxmemory))} % of its maxmemory; at 100 % SENDs to queues are refused.`);
    }
    if (this.#facts['aof_last_write_status'] === 'err') warnings.push('Redis cannot write its append-only file and refuses writes.');
    if (this.#wish.receipts === 'fsync' && this.level !== 'fsync') {
      warnings.push(`Receipts are to promise fsync, but Redis flushes by appendonly ${appendonly}, appendfsync ${this.#facts['appendfsync']}.`);
    }
    if (this.#wish.receipts === 'replica' && Number(replicas) < this.#wish.replicas) {
      warnings.push(`Receipts wait for ${this.#wish.replicas} replicas, but ${replicas} are connected.`);
    }
    return warnings;
  }

  /** A sentence if what was asked for cannot be kept. */
  get refusal(): string | undefined {
    if (this.#wish.receipts === 'fsync' && this.level !== 'fsync') {
      return `expected a Redis with appendonly yes and appendfsync always for receipts that promise fsync, got appendonly ${this.#facts['appendonly']}, appendfsync ${this.#facts['appendfsync']}`;
    }
    if (this.#wish.receipts === 'replica' && Number(this.#facts['replicas']) < this.#wish.replicas) {
      return `expected ${this.#wish.replicas} replicas for receipts that promise them, got ${this.#facts['replicas']}`;
    }
    return undefined;
  }

  /** Asks Redis. Rejects as the link does. */
  async read(link: Pick<Link, 'command'>): Promise<void> {
    const info = parseInfo(octetsOf(await link.command(['INFO'])).toString());
    const facts: Record<string, string | number> = {
      version: info['redis_version'] ?? UNKNOWN,
      replicas: Number(info['connected_slaves'] ?? 0),
      used_memory: Number(info['used_memory'] ?? 0),
      aof_last_write_status: info['aof_last_write_status'] ?? UNKNOWN,
    };
    for (const name of ['appendonly', 'appendfsync', 'maxmemory', 'maxmemory-policy']) facts[name] = await setting(link, name);
    // Where CONFIG is not allowed, the report still tells a part of it.
    if (facts['appendonly'] === UNKNOWN && info['aof_enabled']) facts['appendonly'] = info['aof_enabled'] === '1' ? 'yes' : 'no';
    for (const name of ['maxmemory', 'maxmemory-policy']) {
      if (facts[name] === UNKNOWN) facts[name] = info[name.replace('-', '_')] ?? UNKNOWN;
    }
    this.#facts = facts;
  }

  /** Whether enough replicas have all that was written before; false as well where Redis will not say. */
  async confirm(link: Pick<Link, 'command' | 'run'>, keys: Keys, waitMs: number): Promise<boolean> {
    try {
      // WAIT speaks of the writes of its own connection, and a batch that is sent again may have been written by another.
      const [, confirmed] = await Promise.all([
        call(link, keys, SCRIPTS.barrier, {}),
        link.command(['WAIT', this.#wish.replicas, waitMs]),
      ]);
      return numberOf(confirmed) >= this.#wish.replicas;
    } catch (error) {
      // About the batch before it this says nothing.
      if (error instanceof ReplyError) return false;
      throw error;
    }
  }
}

async function setting(link: Pick<Link, 'command'>, name: string): Promise<string> {
  try {
    const pair = listOf(await link.command(['CONFIG', 'GET', name]));
    return pair.length > 1 ? textOf(pair[1]) : UNKNOWN;
  } catch (error) {
    if (error instanceof Error && error.name === 'ReplyError') return UNKNOWN;
    throw error;
  }
}

function parseInfo(text: string): Record<string, string> {
  const facts: Record<string, string> = {};
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) facts[line.slice(0, colon)] = line.slice(colon + 1);
  }
  return facts;
}
