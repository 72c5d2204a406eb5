import assert from 'node:assert/strict';
import { takeTexts } from './queue-content.ts';
import { rulesOf } from './rule.ts';

/** DISCONNECT, and what becomes of what was sent before. */
const rule = rulesOf();

rule('D1 D4 W12: DISCONNECT is answered by its RECEIPT, then the server closes, in order', async (scene) => {
  const client = await scene.connect();
  client.frame('DISCONNECT', { receipt: 'bye' });
  await client.expectReceipt('bye');
  const end = await client.expectClosed();
  assert.equal(end.code, scene.variant.transport === 'tcp' ? 0 : 1000);
  const terse = await scene.connect();
  terse.frame('DISCONNECT');
  assert.equal((await terse.expectClosed()).code, scene.variant.transport === 'tcp' ? 0 : 1000);
});

rule('D2: all that was sent before DISCONNECT, or before the socket is closed, is processed', async (scene) => {
  const count = scene.variant.cut === 'bytes' ? 20 : 200;
  const texts = Array.from({ length: count }, (_, i) => String(i));
  for (const end of ['DISCONNECT', 'close']) {
    const destination = scene.queue();
    const client = await scene.connect();
    for (const text of texts) client.frame('SEND', { destination }, text);
    if (end === 'DISCONNECT') client.frame('DISCONNECT');
    await client.sent();
    if (end === 'close') client.close();
    await client.expectClosed();
    const taken = await takeTexts(scene, destination);
    // A socket is closed on both sides before the last frame may have been worked off: the rest follows.
    while (taken.length < count) taken.push(...(await takeTexts(scene, destination)));
    assert.deepEqual(taken, texts);
  }
});

rule('D3: what follows DISCONNECT is ignored', async (scene) => {
  const client = await scene.connect();
  const destination = scene.queue();
  client.frame('SEND', { destination }, 'before');
  client.frame('DISCONNECT', { receipt: 'bye' });
  client.frame('SEND', { destination, receipt: 'late' }, 'after');
  await client.expectReceipt('bye');
  await client.expectClosed();
  assert.deepEqual(await takeTexts(scene, destination), ['before']);
});

rule('D4 H6: a closed socket ends subscriptions and temporary queues as DISCONNECT does', async (scene) => {
  const [destination, topic] = [scene.queue(), scene.topic()];
  const watcher = await scene.other();
  await watcher.request('SUBSCRIBE', { id: 'w', destination: topic });
  for (const end of ['close', 'destroy'] as const) {
    const client = await scene.connect();
    await client.request('SUBSCRIBE', { id: 's', destination, ack: 'client' });
    await client.request('SUBSCRIBE', { id: 'temp', destination: '/temp-queue/mine' });
    await client.request('SEND', { destination: topic, 'reply-to': '/temp-queue/mine' });
    const replyTo = (await watcher.expectFrame('MESSAGE')).headers['reply-to'] ?? '';
    assert.notEqual(replyTo, '/temp-queue/mine');
    await watcher.request('SEND', { destination: replyTo }, 'reply');
    assert.equal((await client.expectFrame('MESSAGE')).text, 'reply');
    await watcher.request('SEND', { destination }, end);
    assert.equal((await client.expectFrame('MESSAGE')).text, end);
    client[end]();
    const heir = await scene.other();
    await heir.request('SUBSCRIBE', { id: 'h', destination, ack: 'auto' });
    const message = await heir.expectFrame('MESSAGE');
    assert.deepEqual([message.text, message.headers['redelivered']], [end, 'true']);
    await heir.request('UNSUBSCRIBE', { id: 'h' });
  }
});
