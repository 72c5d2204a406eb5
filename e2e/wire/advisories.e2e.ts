import assert from 'node:assert/strict';
import { rulesOf } from './rule.ts';

/** Topics on which the broker tells what happens in it. */
const rule = rulesOf({ env: { STOMPEDE_ADVISORIES: 'true' } });

rule('U5 M1: advisories tell the consumers of a queue, by ActiveMQ’s names and headers', async (scene) => {
  const [watcher, consumer] = [await scene.connect(), await scene.connect()];
  const queue = scene.queue();
  const topic = `ActiveMQ.Advisory.Consumer.Queue.${queue.slice('/queue/'.length)}`;
  await watcher.request('SUBSCRIBE', { id: 's', destination: `/topic/${topic}` });
  await consumer.request('SUBSCRIBE', { id: 'c', destination: queue });
  const started = await watcher.expectFrame('MESSAGE');
  assert.equal(started.headers['destination'], `/topic/${topic}`);
  assert.equal(started.headers['content-type'], 'application/json');
  assert.equal(started.headers['consumerCount'], '1');
  assert.match(started.text, /"event":"started"/);
  await consumer.request('UNSUBSCRIBE', { id: 'c' });
  assert.equal((await watcher.expectFrame('MESSAGE')).headers['consumerCount'], '0');
});

rule('S4: nobody can send an advisory', async (scene) => {
  for (const destination of ['/advisory/Connection', '/topic/ActiveMQ.Advisory.Connection']) {
    const client = await scene.connect();
    client.frame('SEND', { destination, receipt: 'r' }, 'forged');
    const error = await client.expectError(/^Access refused$/);
    assert.equal(error.headers['receipt-id'], 'r');
    await client.expectClosed();
  }
});
