import { RedisServer, startRedis } from './redis-server.ts';
import { until } from './until.ts';

export interface SentinelGroup {
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  readonly sentinels: readonly RedisServer[];
  /** What the sentinels call the primary. */
  readonly masterName: string;
  readonly url: string;
  /** Ends all of them and removes their folders. */
  close(): Promise<void>;
}

const MASTER_NAME = 'main';

/**
 * Starts a primary, its replica, and three sentinels that give a silent primary up after half a second; ready when each
 * of them knows the replica and both others.
 */
export async function startSentinels(config: Readonly<Record<string, string | number>> = {}): Promise<SentinelGroup> {
  const started: RedisServer[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(started.map((server) => server.close()));
  };
  const start = async (...args: Parameters<typeof startRedis>): Promise<RedisServer> => {
    const server = await startRedis(...args);
    started.push(server);
    return server;
  };
  try {
    const primary = await start({ hasPort: true, config });
    const replica = await start({ hasPort: true, config: { ...config, replicaof: `127.0.0.1 ${primary.port}` } });
    await until('the replica to be in step', async () => (await replica.info('replication', 'master_link_status')) === 'up');
    const sentinel = {
      isSentinel: true,
      config: {
        sentinel: [
          `monitor ${MASTER_NAME} 127.0.0.1 ${primary.port} 2`,
          `down-after-milliseconds ${MASTER_NAME} 500`,
          `failover-timeout ${MASTER_NAME} 3000`,
        ],
      },
    };
    const sentinels = [await start(sentinel), await start(sentinel), await start(sentinel)];
    await until('the sentinels to know each other and the replica', async () => (await Promise.all(sentinels.map(knowsAll))).every(Boolean), 20_000);
    const hosts = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',');
    return { primary, replica, sentinels, masterName: MASTER_NAME, url: `redis+sentinel://${hosts}/${MASTER_NAME}`, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function knowsAll(sentinel: RedisServer): Promise<boolean> {
  const words = (await sentinel.command('SENTINEL', 'MASTER', MASTER_NAME)) as string[];
  const valueOf = (name: string): string | undefined => words[words.indexOf(name) + 1];
  return valueOf('num-other-sentinels') === '2' && valueOf('num-slaves') === '1' && valueOf('flags') === 'master';
}
