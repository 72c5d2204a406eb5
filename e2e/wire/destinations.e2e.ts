import assert from 'node:assert/strict';
import { rulesOf } from './rule.ts';

/** Destinations of RabbitMQ. */
const rule = rulesOf();

let names = 0;
const key = (): string => `key-${++names}`;

rule('M1 U5: /exchange/amq.topic is /topic, wildcards included', async (scene) => {
  const client = await scene.connect();
  const name = key();
  await client.request('SUBSCRIBE', { id: 's', destination: `/exchange/amq.topic/${name}.*` });
  for (const destination of [`/topic/${name}.a`, `/exchange/amq.topic/${name}.b`]) {
    client.frame('SEND', { destination }, 'x');
    assert.equal((await client.expectFrame('MESSAGE')).headers['destination'], destination);
  }
});

rule('M1: /exchange/amq.direct goes by the whole key, apart from the topics', async (scene) => {
  const client = await scene.connect();
  const name = key();
  await client.request('SUBSCRIBE', { id: 's', destination: `/exchange/amq.direct/${name}` });
  await client.request('SUBSCRIBE', { id: 't', destination: `/topic/${name}.#` });
  await client.request('SEND', { destination: `/exchange/amq.direct/${name}.a` }, 'other key');
  await client.request('SEND', { destination: `/exchange/amq.direct/${name}` }, 'x');
  const message = await client.expectFrame('MESSAGE');
  assert.deepEqual([message.text, message.headers['subscription']], ['x', 's']);
  await client.noFrameUntil();
});

rule('M1: /exchange/amq.fanout reaches all who subscribed to it', async (scene) => {
  const client = await scene.connect();
  const name = key();
  // Every variant speaks to the same exchange at the same time.
  await client.request('SUBSCRIBE', { id: 's', destination: '/exchange/amq.fanout' });
  client.frame('SEND', { destination: '/exchange/amq.fanout/any' }, name);
  let message = await client.expectFrame('MESSAGE');
  while (message.text !== name) message = await client.expectFrame('MESSAGE');
  assert.equal(message.headers['destination'], '/exchange/amq.fanout/any');
});

rule('S4 U5: an exchange or queue that is not there is not_found', async (scene) => {
  for (const destination of ['/exchange/mine/a', `/amq/queue/${key()}`]) {
    for (const command of ['SEND', 'SUBSCRIBE']) {
      const client = await scene.connect();
      client.frame(command, { id: 's', destination, receipt: 'r' });
      const error = await client.expectError(/^not_found$/);
      assert.equal(error.headers['receipt-id'], 'r');
      await client.expectClosed();
    }
  }
});

rule('S4 U5: /amq/queue is the queue that is there', async (scene) => {
  const client = await scene.connect();
  const name = key();
  await client.request('SEND', { destination: `/queue/${name}` }, 'first');
  await client.request('SEND', { destination: `/amq/queue/${name}` }, 'second');
  client.frame('SUBSCRIBE', { id: 's', destination: `/amq/queue/${name}` });
  assert.equal((await client.expectFrame('MESSAGE')).text, 'first');
  assert.equal((await client.expectFrame('MESSAGE')).text, 'second');
});
