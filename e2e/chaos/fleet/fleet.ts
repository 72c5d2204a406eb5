import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Keys } from '../../../server/engines/redis/keys.ts';
import { connectRedis } from '../../../server/engines/redis/link/connect-redis.ts';
import type { ClientName } from '../../../server/engines/redis/link/source.ts';
import type { RedisEngineOptions } from '../../../server/engines/redis/options.ts';
import { numberOf, listOf } from '../../../server/engines/redis/reply.ts';
import { call, SCRIPTS } from '../../../server/engines/redis/scripts.ts';
import { startRedis, type RedisServer } from '../../../server/engines/redis/testing/redis-server.ts';
import { withLink } from '../../../server/engines/redis/testing/redis-subject.ts';
import { startTcpProxy } from '../../../server/engines/redis/testing/tcp-proxy.ts';
import { FleetNode, type FleetEvents } from './fleet-node.ts';

/** Engines of several nodes in this process on one Redis of their own, each behind a proxy. End it with `close`. */
export class Fleet {
  readonly prefix = `f${randomBytes(4).toString('hex')}`;
  readonly keys = new Keys(this.prefix);
  readonly server: RedisServer;
  readonly #client: ClientName;
  readonly #options: Partial<RedisEngineOptions>;
  readonly #all: FleetNode[] = [];

  private constructor(server: RedisServer, client: ClientName, options: Partial<RedisEngineOptions>) {
    this.server = server;
    this.#client = client;
    this.#options = options;
  }

  /** `config` are lines of redis.conf. */
  static async start(client: ClientName, options: Partial<RedisEngineOptions> = {}, config: Record<string, string | number> = {}): Promise<Fleet> {
    return new Fleet(await startRedis({ hasPort: true, config }), client, options);
  }

  get alive(): FleetNode[] {
    return this.#all.filter((node) => node.isAlive);
  }

  async join(events: FleetEvents): Promise<FleetNode> {
    const proxy = await startTcpProxy({ port: this.server.port });
    const node = new FleetNode(`n${this.#all.length + 1}`, proxy, this.#client, { ...this.#options, prefix: this.prefix }, events);
    this.#all.push(node);
    await node.start();
    return node;
  }

  /** Takes a member for dead, in bites of so many messages with a moment between them, though it may live. */
  async reap(member: string, bite = 1000): Promise<void> {
    const redis = connectRedis(this.server.url, { key: this.keys.nodes, scripts: Object.values(SCRIPTS) });
    await withLink(redis, async (link) => {
      for (;;) {
        const reply = listOf(await call(link, this.keys, SCRIPTS.reap, { node: member, lease: -1, limit: bite }));
        if (numberOf(reply[2]) === 1) return;
        await wait(2);
      }
    });
  }

  async isMember(member: string): Promise<boolean> {
    return (await this.server.command('ZSCORE', this.keys.nodes, member)) !== null;
  }

  /** Names of all keys of the cluster without what they begin with, sorted. */
  async keyNames(): Promise<string[]> {
    const base = this.keys.nodes.slice(0, -'nodes'.length);
    return ((await this.server.command('KEYS', '*')) as string[]).map((key) => key.slice(base.length)).sort();
  }

  key(name: string): string {
    return this.keys.nodes.slice(0, -'nodes'.length) + name;
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((node) => node.abandon()));
    await this.server.close();
  }
}
