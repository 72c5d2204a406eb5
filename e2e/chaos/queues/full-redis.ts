import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../../harness/eventually.ts';
import type { RedisServer } from '../../../server/engines/redis/testing/redis-server.ts';
import { onCluster, type ClusterNode } from './broker-cluster.ts';
import { ChaosClient } from './chaos-client.ts';
import { hold } from './hands.ts';

export interface FullRedisOptions {
  readonly leaseMs: number;
  readonly beatMs: number;
  /** What Redis has left for messages, octets. */
  readonly roomBytes: number;
}

const QUEUE = '/queue/full';
const TOPIC = '/topic/full';
const BODY = 'x'.repeat(10_000);
/** Redis is full long before. */
const MAX_MESSAGES = 100_000;

/**
 * Redis at its `maxmemory`: SENDs to queues are refused with `memory-limit`; ACKs, topics and beats pass; and when there is
 * room again, by consumption or by CONFIG SET, everything is as before. Nothing that was receipted is lost.
 */
export async function fullRedis({ leaseMs, beatMs, roomBytes }: FullRedisOptions) {
  return onCluster({ leaseMs, beatMs }, async (cluster, redis) => {
    const [here, there, third] = cluster.nodes as [ClusterNode, ClusterNode, ClusterNode];
    const consumer = await Consumer.connect(there);
    const listener = await hold(third, TOPIC, 10);
    await limitMemory(redis, roomBytes);
    const stored = await fill(here);
    await eventually(() => assert.equal(consumer.messageCount, 20));

    // Longer than a lease: a node whose beats were refused would be dead by now.
    await pause(1.5 * leaseMs);
    assert.equal(await cluster.sum('reapedNodes'), 0, 'nodes that were taken for dead');
    await request(here, TOPIC, 'news');
    await eventually(() => assert.equal(listener.frames.length, 1, 'a topic message that did not come'));
    assert.equal(await fill(there), 0, 'messages that were stored without room');

    await consumer.ackUpTo(stored);
    // Now that it acks whatever comes, there is always room.
    for (let i = 0; i < 50; i++) await request(third, QUEUE, BODY);
    await consumer.ackUpTo(stored + 50);
    consumer.close();

    const again = await fill(here);
    await redis.command('CONFIG', 'SET', 'maxmemory', 0);
    await request(there, TOPIC, 'news');
    await request(here, QUEUE, BODY);
    await eventually(() => assert.equal(listener.frames.length, 2));
    const last = await Consumer.connect(third);
    await last.ackUpTo(again + 1);
    last.close();
    listener.client.destroy();
    for (const count of [stored, again]) assert.ok(count > 20, `only ${count} messages were stored`);
    return { leaseMs, stored, again };
  });
}

async function limitMemory(redis: RedisServer, roomBytes: number): Promise<void> {
  await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
  await redis.command('CONFIG', 'SET', 'maxmemory', Number(await redis.info('memory', 'used_memory')) + roomBytes);
}

/** Sends until it is refused, as it must be; resolves to how many were receipted. */
async function fill(node: ClusterNode): Promise<number> {
  let receipts = 0;
  const codes: string[] = [];
  let answered: () => void = () => {};
  const client = await ChaosClient.connect(node.broker, ({ command, headers }) => {
    if (command === 'ERROR') codes.push(headers['code'] ?? '');
    else receipts++;
    answered();
  });
  for (let sent = 0; sent < MAX_MESSAGES && !client.hasEnded; sent++) {
    const answer = new Promise<void>((resolve) => (answered = resolve));
    client.send('SEND', { destination: QUEUE, receipt: String(sent) }, BODY);
    await Promise.race([answer, client.ended]);
    if (codes.length > 0) break;
  }
  client.destroy();
  assert.deepEqual(codes, ['memory-limit']);
  return receipts;
}

/** A SEND that must be taken. */
async function request(node: ClusterNode, destination: string, body: string): Promise<void> {
  const commands: string[] = [];
  const client = await ChaosClient.connect(node.broker, ({ command }) => void commands.push(command));
  client.send('SEND', { destination, receipt: '1' }, body);
  await eventually(() => assert.deepEqual(commands, ['RECEIPT']));
  client.destroy();
}

/** Takes messages and keeps them until it is told to ack: then these and all to come, with receipts. */
class Consumer {
  messageCount = 0;
  ackedCount = 0;
  readonly #client: ChaosClient;
  #waiting: string[] = [];
  #isAcking = false;

  private constructor(client: ChaosClient) {
    this.#client = client;
  }

  static async connect(node: ClusterNode): Promise<Consumer> {
    const client = await ChaosClient.connect(node.broker, ({ command, headers }) => {
      if (command === 'RECEIPT') consumer.ackedCount++;
      else if (command === 'MESSAGE') consumer.#take(headers['ack'] ?? '');
      else throw new Error(`expected every ACK to be taken, got ${headers['code']}`);
    });
    const consumer = new Consumer(client);
    client.send('SUBSCRIBE', { id: 'full', destination: QUEUE, ack: 'client-individual', 'prefetch-count': '20' });
    return consumer;
  }

  /** Resolves when so many are acked in all. */
  async ackUpTo(count: number): Promise<void> {
    this.#isAcking = true;
    for (const ack of this.#waiting.splice(0)) this.#ack(ack);
    await eventually(() => assert.equal(this.ackedCount, count), 60_000);
  }

  close(): void {
    this.#client.destroy();
  }

  #take(ack: string): void {
    this.messageCount++;
    if (this.#isAcking) this.#ack(ack);
    else this.#waiting.push(ack);
  }

  #ack(ack: string): void {
    this.#client.send('ACK', { id: ack, receipt: ack });
  }
}
