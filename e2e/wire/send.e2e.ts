import assert from 'node:assert/strict';
import { rulesOf } from './rule.ts';

/** SEND, and what of it reaches a MESSAGE. */
const rule = rulesOf();

rule('S1: a destination is needed', async (scene) => {
  const client = await scene.connect();
  client.frame('SEND', { receipt: 'r' }, 'body');
  const error = await client.expectError(/^Missing destination$/);
  assert.equal(error.headers['receipt-id'], 'r');
});

rule('S2: an unknown transaction is an error', async (scene) => {
  const client = await scene.connect();
  client.frame('SEND', { destination: '/topic/void', transaction: 'never-begun' });
  await client.expectError();
});

rule('S3 M6: headers of the sender reach the MESSAGE', async (scene) => {
  const client = await scene.connect();
  const destination = scene.queue();
  await client.request('SUBSCRIBE', { id: 's', destination });
  const own = { 'correlation-id': 'c-1', 'x-one': '1', type: 'order', priority: '7', 'reply-to': '/queue/answers', persistent: 'true', Mixed_Case: 'Kept' };
  client.frame('SEND', { destination, ...own }, 'body');
  const { headers } = await client.expectFrame('MESSAGE');
  for (const [name, value] of Object.entries(own)) assert.equal(headers[name], value, name);
});

rule('S4 U5 M8: what cannot be processed gets an ERROR, and the connection ends', async (scene) => {
  for (const destination of ['/nowhere/x', '/queue/', '/topic/', '/', '/topic/a.*', '/topic/a.#', '/topic/a.>', '/reply-queue/gone']) {
    const client = await scene.connect();
    client.frame('SEND', { destination, receipt: 'r' });
    const answer = await client.nextFrame();
    // An address of someone's temporary that is gone swallows what is sent there: the sender cannot know.
    if (destination === '/reply-queue/gone' && answer.command === 'RECEIPT') continue;
    assert.equal(answer.command, 'ERROR', destination);
    assert.equal(answer.headers['receipt-id'], 'r');
    assert.ok(answer.text.length > 0);
    await client.expectClosed();
  }
});

rule('S5: headers that are the broker\'s own cannot be forged, receipt and transaction stay behind', async (scene) => {
  const client = await scene.connect();
  const destination = scene.queue();
  await client.request('SUBSCRIBE', { id: 's', destination, ack: 'client' });
  const forged = {
    'message-id': 'forged',
    subscription: 'forged',
    ack: 'forged',
    redelivered: 'true',
    timestamp: '0',
    JMSXDeliveryCount: '99',
    'original-destination': '/queue/forged',
    JMSXUserID: 'forged',
  };
  await client.request('SEND', { destination, 'x-own': '1', ...forged }, 'body');
  const { headers } = await client.expectFrame('MESSAGE');
  for (const [name, value] of Object.entries(forged)) assert.notEqual(headers[name], value, name);
  assert.equal(headers['subscription'], 's');
  assert.equal(headers['redelivered'], 'false');
  assert.equal(headers['x-own'], '1');
  assert.ok(Math.abs(Number(headers['timestamp']) - Date.now()) < 60_000);
});

rule('S6: content-type passes through, none is invented', async (scene) => {
  const client = await scene.connect();
  const destination = scene.queue();
  await client.request('SUBSCRIBE', { id: 's', destination });
  client.frame('SEND', { destination, 'content-type': 'application/json;charset=utf-8' }, '{}');
  client.frame('SEND', { destination }, 'blob');
  assert.equal((await client.expectFrame('MESSAGE')).headers['content-type'], 'application/json;charset=utf-8');
  assert.equal((await client.expectFrame('MESSAGE')).headers['content-type'], undefined);
});
