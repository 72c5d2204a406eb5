import assert from 'node:assert/strict';
import { takeTexts } from './queue-content.ts';
import { rulesOf } from './rule.ts';

/** SUBSCRIBE with `browser:true`. */
const rule = rulesOf();

rule('a browser gets copies of what is in the queue, then the end marker, and nothing after it', async (scene) => {
  const client = await scene.connect();
  const destination = scene.queue();
  const texts = ['0', '1', 'ü', 'x'.repeat(300_000), '4'];
  for (const text of texts) client.frame('SEND', { destination }, text);
  await client.request('SUBSCRIBE', { id: 'b', destination, browser: 'true', 'prefetch-count': '2' });
  for (const text of texts) {
    const message = await client.expectFrame('MESSAGE');
    assert.equal(message.text, text);
    assert.equal(message.headers['subscription'], 'b');
    assert.equal(message.headers['ack'], undefined);
  }
  const { headers, body } = await client.expectFrame('MESSAGE');
  assert.deepEqual([headers['browser'], headers['message-id'], headers['destination'], headers['subscription']], ['end', '0', destination, 'b']);
  assert.equal(body.length, 0);
  await client.request('SEND', { destination }, 'late');
  await client.noFrameUntil();
  await client.request('UNSUBSCRIBE', { id: 'b' });
  assert.deepEqual(await takeTexts(scene, destination), [...texts, 'late']);
});

rule('a browser with a selector gets what it selects', async (scene) => {
  const client = await scene.connect();
  const destination = scene.queue();
  for (const size of ['1', '10', '2']) client.frame('SEND', { destination, size });
  await client.request('SUBSCRIBE', { id: 'b', destination, browser: 'true', selector: 'size > 1' });
  for (const size of ['10', '2']) assert.equal((await client.expectFrame('MESSAGE')).headers['size'], size);
  assert.equal((await client.expectFrame('MESSAGE')).headers['browser'], 'end');
});

rule('a browser of anything but one queue, or with acks, is an ERROR', async (scene) => {
  for (const headers of [{ destination: scene.topic() }, { destination: `${scene.queue()},${scene.queue()}` }, { destination: scene.queue(), ack: 'client' }]) {
    const client = await scene.connect();
    client.frame('SUBSCRIBE', { id: 'b', browser: 'true', receipt: 'r', ...headers });
    const error = await client.expectError(/^Bad header$/);
    assert.equal(error.headers['receipt-id'], 'r');
  }
});
