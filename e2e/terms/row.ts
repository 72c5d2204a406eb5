import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { startRedis, type RedisServer } from '../../server/engines/redis/testing/redis-server.ts';
import { startBroker, type BrokerProcess } from '../harness/broker-process.ts';
import { Scene } from '../wire/scene.ts';
import { variants } from '../wire/variant.ts';

/** Runs one row of `server/HEADERS.md` on one engine, by STOMP 1.2 over TCP. */
export type RowBody = (scene: Scene) => Promise<void>;

/** Declares a test whose title begins with the section and the name of the row it shows, as in `SEND priority: …`. */
export type Row = (title: string, body: RowBody) => void;

const [VARIANT] = variants({ versions: ['1.2'], transports: ['tcp'], cuts: ['whole'] });

/** One broker of each engine for all rows of a file; their logs must stay clean. */
export function rowsOf(env: Readonly<Record<string, string>> = {}): Row {
  const brokers = new Map<string, BrokerProcess>();
  let redis: RedisServer | undefined;
  before(async () => {
    redis = await startRedis({ hasPort: true });
    const engines = { memory: { STOMPEDE_ENGINE: 'memory' }, embedded: {}, redis: { REDIS_URL: redis.url } };
    const start = async ([name, own]: [string, Readonly<Record<string, string>>]) => brokers.set(name, await startBroker({ env: { ...own, ...env } }));
    await Promise.all(Object.entries(engines).map(start));
  });
  after(async () => {
    try {
      await Promise.all([...brokers.values()].map((broker) => broker.stop()));
    } finally {
      await redis?.close();
    }
  });
  return (title, body) => {
    test(title, async () => {
      assert.equal(brokers.size, 3, 'the brokers run');
      await Promise.all([...brokers].map(([engine, broker]) => runOn(engine, broker, body)));
    });
  };
}

async function runOn(engine: string, broker: BrokerProcess, body: RowBody): Promise<void> {
  assert.ok(VARIANT);
  const scene = new Scene(broker, VARIANT);
  try {
    await body(scene);
    scene.finish();
    broker.expectNoFaults();
  } catch (error) {
    scene.abandon();
    throw new Error(`on the engine ${engine}`, { cause: error });
  }
}
