import { randomBytes } from 'node:crypto';
import type { EngineEvents, NodeSelf } from '../../../server/broker/engine.ts';
import { Keys } from '../../../server/engines/redis/keys.ts';
import { connectRedis } from '../../../server/engines/redis/link/connect-redis.ts';
import type { ClientName } from '../../../server/engines/redis/link/source.ts';
import { DEFAULT_REDIS_ENGINE_OPTIONS, type RedisEngineOptions } from '../../../server/engines/redis/options.ts';
import { RedisEngine } from '../../../server/engines/redis/redis-engine.ts';
import { SCRIPTS } from '../../../server/engines/redis/scripts.ts';
import { CrashingRedis } from '../../../server/engines/redis/testing/crashing-redis.ts';
import type { TcpProxy } from '../../../server/engines/redis/testing/tcp-proxy.ts';

export interface FleetEvents {
  received(node: FleetNode, topic: string, id: string): void;
  gap(node: FleetNode): void;
}

const LOAD = { connections: 0, sessions: 0, subscriptions: 0, messagesIn: 0, messagesOut: 0, memoryBytes: 0, address: '' };

/** One engine, alive until it leaves or crashes. */
export class FleetNode implements EngineEvents {
  readonly name: string;
  readonly engine: RedisEngine;
  readonly proxy: TcpProxy;
  readonly readyHints: string[] = [];
  readonly commands: string[] = [];
  isAlive = true;
  readonly #redis: CrashingRedis;
  readonly #self: NodeSelf;
  readonly #events: FleetEvents;
  #ending: Promise<void> | undefined;

  constructor(name: string, proxy: TcpProxy, client: ClientName, options: Partial<RedisEngineOptions> & { readonly prefix: string }, events: FleetEvents) {
    this.name = name;
    this.proxy = proxy;
    this.#events = events;
    const key = new Keys(options.prefix).nodes;
    this.#redis = new CrashingRedis(connectRedis(proxy.url, { client, key, scripts: Object.values(SCRIPTS) }));
    this.engine = new RedisEngine({ ...DEFAULT_REDIS_ENGINE_OPTIONS, ...options, redis: this.#redis });
    this.#self = { id: `${name}-${randomBytes(3).toString('hex')}`, version: '1.0.0', load: () => LOAD };
  }

  /** The name of the member that this node is at present. */
  get member(): string {
    return String(this.engine.health().facts['node']);
  }

  get isUp(): boolean {
    return this.engine.health().state === 'up';
  }

  start(): Promise<void> {
    return this.engine.start(this, this.#self);
  }

  /** Goes in an orderly way. */
  leave(): Promise<void> {
    this.isAlive = false;
    return (this.#ending ??= this.engine.close().then(() => this.proxy.close()));
  }

  /** Ends without a word: its links end, and whatever it still wanted to do does not happen. */
  async crash(): Promise<void> {
    this.isAlive = false;
    this.#ending ??= this.#redis.crash().then(async () => {
      await this.engine.close();
      await this.proxy.close();
    });
    await this.#redis.crash();
  }

  async abandon(): Promise<void> {
    if (this.isAlive) await this.crash();
    await this.#ending;
  }

  onMessage(topic: string, message: { readonly id: string }): void {
    if (this.isAlive) this.#events.received(this, topic, message.id);
  }

  onReady(queue: string): void {
    this.readyHints.push(queue);
  }

  /** Nobody here sends what comes to its end. */
  onDead(): void {
    return;
  }

  onGap(): void {
    if (this.isAlive) this.#events.gap(this);
  }

  onLoss(): void {}

  onEvicted(queue: string, holder: string): void {
    throw new Error(`expected no hold to end, got that of ${holder} on ${queue}`);
  }

  onCommand(command: string): void {
    this.commands.push(command);
  }

  onFatal(error: Error): void {
    throw error;
  }
}
