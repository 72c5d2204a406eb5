import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { RecordedEvents } from '../engine-contract/recorded-events.ts';
import { enqueue, publish, settle } from '../engine-contract/rig.ts';
import { testNode } from '../engine-contract/test-node.ts';
import { Keys } from './keys.ts';
import { connectRedis } from './link/connect-redis.ts';
import type { Bus, BusEvents, Link, LinkEvents, Redis } from './link/link.ts';
import { DEFAULT_REDIS_ENGINE_OPTIONS } from './options.ts';
import { RedisEngine } from './redis-engine.ts';
import { SCRIPTS } from './scripts.ts';
import { startRedis, untilFollowed, type RedisServer } from './testing/redis-server.ts';
import { until } from './testing/until.ts';

/** Connections that are led to another server one by one, as Sentinels do that do not agree yet. */
class Signposts implements Redis {
  readonly description = 'two servers';
  readonly #servers = new Map<string, Redis>();
  readonly #first: Redis;
  readonly #reopen = new Map<string, () => void>();

  constructor(first: Redis) {
    this.#first = first;
  }

  openLink(name: string, events: LinkEvents): Link {
    return this.#led(name, (redis) => redis.openLink(name, events));
  }

  openBus(name: string, events: BusEvents): Bus {
    let channels: readonly string[] = [];
    const open = (redis: Redis): Bus => {
      const bus = redis.openBus(name, events);
      if (channels.length > 0) void bus.listen(channels);
      return bus;
    };
    const bus = this.#led(name, open);
    return new Proxy(bus, {
      get: (target, word) => {
        if (word !== 'listen') return Reflect.get(target, word) as unknown;
        return (wanted: readonly string[]) => {
          channels = wanted;
          return target.listen(wanted);
        };
      },
    });
  }

  /** From now on, and at once, the connection of that name goes to this server; without a name, each with its next dial. */
  lead(name: string, redis: Redis): void {
    this.#servers.set(name, redis);
    this.#reopen.get(name)?.();
  }

  /** Where it goes when the engine itself lets go of it. */
  expect(name: string, redis: Redis): void {
    this.#servers.set(name, redis);
  }

  #led<Each extends Link | Bus>(name: string, open: (redis: Redis) => Each): Each {
    let each = open(this.#first);
    const reopen = (): void => {
      void each.close();
      each = open(this.#servers.get(name) ?? this.#first);
    };
    this.#reopen.set(name, reopen);
    return new Proxy({} as Each, {
      get: (_, word) => {
        if (word === 'drop') return reopen;
        const value: unknown = Reflect.get(each, word);
        return typeof value === 'function' ? (value.bind(each) as unknown) : value;
      },
    });
  }
}

let old: RedisServer;
let promoted: RedisServer;
before(async () => {
  old = await startRedis({ hasPort: true });
  promoted = await startRedis({ hasPort: true, config: { replicaof: `127.0.0.1 ${old.port}` } });
  await untilFollowed(old);
});
after(async () => {
  await promoted.close();
  await old.close();
});

test('a failover that one connection sees before the others loses neither interest nor acks', async () => {
  const prefix = `t${randomBytes(6).toString('hex')}`;
  const connect = (server: RedisServer): Redis => connectRedis(server.url, { key: new Keys(prefix).nodes, scripts: Object.values(SCRIPTS) });
  const redis = new Signposts(connect(old));
  const engine = new RedisEngine({ ...DEFAULT_REDIS_ENGINE_OPTIONS, prefix, redis });
  const events = new RecordedEvents();
  await engine.start(events, testNode());
  try {
    await engine.watch('news');
    await engine.apply({ operations: [enqueue('q', 'a')], lane: 'durable' });
    const [claimed] = await engine.claim('q', [{ credit: 1 }], 2 ** 20);
    assert.ok(claimed);
    const held = `${prefix}:{${prefix}}:held:${String(engine.health().facts['node'])}:q`;
    await until('the replica to have it', async () => (await promoted.command('EXISTS', held)) === 1);

    // The old primary goes on answering: nobody has told it.
    await promoted.command('REPLICAOF', 'NO', 'ONE');
    for (const name of ['quick', 'bus']) redis.expect(name, connect(promoted));
    redis.lead('durable', connect(promoted));
    await engine.watch('later');
    await until('all to be at the new one', () => engine.health().state === 'up');

    assert.deepEqual(await engine.apply({ operations: [settle('q', claimed)], lane: 'durable' }), { ok: true, missed: 0, repeats: 0 });
    for (const topic of ['news', 'later']) await engine.apply({ operations: [publish(topic, topic)], lane: 'volatile' });
    assert.deepEqual(await events.untilPublished(2), ['news news', 'later later']);
    assert.equal(await promoted.command('EXISTS', `${prefix}:{${prefix}}:interest:later`), 1);
  } finally {
    await engine.close();
  }
});
