import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { LinkedNodes, startLinkedNodes } from './harness/linked-nodes.ts';
import { connectRawClient, type RawClient } from './harness/raw-client.ts';

/** Two nodes on one Redis: what a client of one says, a client of the other hears. */
describe('across nodes', () => {
  let cluster: LinkedNodes;
  const clients: RawClient[] = [];

  before(async () => {
    const policies = [{ destination: '/queue/declared' }, { destination: '/topic/checked', schema: false, onViolation: 'dead-letter' }];
    cluster = await startLinkedNodes({ count: 2, env: { STOMPEDE_ADVISORIES: 'true', STOMPEDE_POLICIES: JSON.stringify(policies) } });
  });
  after(async () => {
    for (const client of clients) client.finish();
    await cluster.close();
  });

  async function connect(node: 0 | 1): Promise<RawClient> {
    const { broker } = cluster.nodes[node]!;
    const client = await connectRawClient(broker, { version: '1.2', transport: 'tcp', cut: 'whole' });
    clients.push(client);
    return client;
  }

  test('exchanges reach their subscribers', async () => {
    const [reader, sender] = [await connect(0), await connect(1)];
    for (const destination of ['/exchange/amq.direct/a.#', '/exchange/amq.fanout', '/exchange/amq.topic/t.*']) {
      await reader.request('SUBSCRIBE', { id: destination, destination });
    }
    await sender.request('SEND', { destination: '/exchange/amq.direct/a.b' }, 'another key');
    for (const destination of ['/exchange/amq.direct/a.#', '/exchange/amq.fanout/key', '/topic/t.1']) {
      await sender.request('SEND', { destination }, 'x');
      const message = await reader.expectFrame('MESSAGE');
      assert.deepEqual([message.text, message.headers['destination']], ['x', destination]);
    }
  });

  test('/amq/queue/ finds what rests in a queue, and what a policy names', async () => {
    const [one, other] = [await connect(0), await connect(1)];
    await one.request('SEND', { destination: '/queue/resting' }, '1');
    await other.request('SEND', { destination: '/amq/queue/resting' }, '2');
    await other.request('SEND', { destination: '/amq/queue/declared' }, '3');
    other.frame('SEND', { destination: '/amq/queue/nobody-knows' });
    await other.expectError(/^not_found$/);
  });

  test('advisories tell what happens on the other node, and wildcards of topics do not reach them', async () => {
    const [watcher, spy, actor] = [await connect(0), await connect(0), await connect(1)];
    await spy.request('SUBSCRIBE', { id: 's', destination: '/topic/#' });
    for (const what of ['Consumer.Queue.work', 'MessageDLQd.>']) await watcher.request('SUBSCRIBE', { id: what, destination: `/advisory/${what}` });
    const next = async () => {
      const { headers, text } = await watcher.expectFrame('MESSAGE');
      return [headers['destination']?.replace('/topic/ActiveMQ.Advisory.', ''), (JSON.parse(text) as Record<string, unknown>)['event']];
    };
    await actor.request('SUBSCRIBE', { id: 'c', destination: '/queue/work', ack: 'client-individual' });
    assert.deepEqual(await next(), ['Consumer.Queue.work', 'started']);
    actor.frame('SEND', { destination: '/queue/work' }, 'x');
    const message = await actor.expectFrame('MESSAGE');
    await actor.request('NACK', { id: message.headers['ack'] ?? '', 'dead-letter': 'true', reason: 'torn' });
    assert.deepEqual(await next(), ['MessageDLQd.Queue.work', 'dead-lettered']);
    await actor.request('SEND', { destination: '/topic/checked' }, '{}');
    assert.deepEqual(await next(), ['MessageDLQd.Topic.checked', 'dead-lettered']);
    await actor.request('UNSUBSCRIBE', { id: 'c' });
    assert.deepEqual(await next(), ['Consumer.Queue.work', 'ended']);
    await spy.noFrameUntil();
  });
});
