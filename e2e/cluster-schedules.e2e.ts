import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { LinkedNodes, startLinkedNodes } from './harness/linked-nodes.ts';
import { connectRawClient } from './harness/raw-client.ts';

const JOBS = 20;
const FIRINGS = 8;

/** Schedules belong to no node: what one stored, the others fire, and nothing is lost or comes twice with one that dies. */
describe('schedules across nodes', () => {
  let cluster: LinkedNodes;
  before(async () => {
    cluster = await startLinkedNodes({ count: 3, env: { STOMPEDE_REDIS_LEASE_MS: '2000', STOMPEDE_REDIS_BEAT_MS: '200' } });
  });
  after(() => cluster.close());

  test('each firing happens once while a node is killed', async () => {
    const connect = (node: number) => connectRawClient(cluster.nodes[node]!.broker, { version: '1.2', transport: 'tcp', cut: 'whole' });
    const [sender, reader] = [await connect(0), await connect(1)];
    await reader.request('SUBSCRIBE', { id: 's', destination: '/queue/ticks', ack: 'client-individual', 'prefetch-count': '1000' });
    for (let i = 0; i < JOBS; i++) {
      const schedule = { AMQ_SCHEDULED_DELAY: String(i * 50), AMQ_SCHEDULED_PERIOD: '1000', AMQ_SCHEDULED_REPEAT: String(FIRINGS - 1) };
      await sender.request('SEND', { destination: '/queue/ticks', ...schedule }, String(i));
    }
    const counts = new Map<string, number>();
    const ids = new Set<string>();
    while (ids.size < JOBS * FIRINGS) {
      const { text, headers } = await reader.expectFrame('MESSAGE');
      reader.frame('ACK', { id: headers['ack'] ?? '' });
      assert.ok(!ids.has(headers['message-id'] ?? ''), `${text} came twice as ${headers['message-id']}`);
      ids.add(headers['message-id'] ?? '');
      counts.set(text, (counts.get(text) ?? 0) + 1);
      if (ids.size === JOBS * 2) await Promise.all([cluster.nodes[0]!.broker.kill(), cluster.nodes[2]!.broker.kill()]);
    }
    assert.deepEqual([...counts.values()], Array.from({ length: JOBS }, () => FIRINGS));
    await reader.noFrameUntil();
    reader.finish();
    sender.destroy();
    await cluster.nodes[0]!.broker.start();
    await cluster.nodes[2]!.broker.start();
  });
});
