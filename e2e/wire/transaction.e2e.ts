import assert from 'node:assert/strict';
import { takeTexts } from './queue-content.ts';
import { rulesOf } from './rule.ts';
import { ackHeaders } from './scene.ts';

/** BEGIN, COMMIT, ABORT. */
const rule = rulesOf();

rule('T1: a transaction id is needed', async (scene) => {
  for (const command of ['BEGIN', 'COMMIT', 'ABORT']) {
    const client = await scene.connect();
    client.frame(command, { receipt: 'r' });
    const error = await client.expectError(/^Missing header$/);
    assert.equal(error.headers['receipt-id'], 'r');
  }
});

rule('T2: a second BEGIN with an open id is an error', async (scene) => {
  const client = await scene.connect();
  await client.request('BEGIN', { transaction: 't' });
  client.frame('BEGIN', { transaction: 't', receipt: 'r' });
  assert.equal((await client.expectError()).headers['receipt-id'], 'r');
});

rule('T3: an id may be used again after COMMIT and after ABORT', async (scene) => {
  const client = await scene.connect();
  const destination = scene.queue();
  for (const [body, end] of [['1', 'COMMIT'], ['2', 'ABORT'], ['3', 'COMMIT']] as const) {
    await client.request('BEGIN', { transaction: 't' });
    client.frame('SEND', { destination, transaction: 't' }, body);
    await client.request(end, { transaction: 't' });
  }
  assert.deepEqual(await takeTexts(scene, destination), ['1', '3']);
});

rule('T4 T5: several transactions are open at once; what names none acts at once', async (scene) => {
  const client = await scene.connect();
  const destination = scene.queue();
  await client.request('BEGIN', { transaction: 'kept' });
  await client.request('BEGIN', { transaction: 'dropped' });
  client.frame('SEND', { destination, transaction: 'kept' }, 'kept');
  client.frame('SEND', { destination, transaction: 'dropped' }, 'dropped');
  await client.request('SEND', { destination }, 'at once');
  await client.request('COMMIT', { transaction: 'kept' });
  await client.request('ABORT', { transaction: 'dropped' });
  assert.deepEqual(await takeTexts(scene, destination), ['at once', 'kept']);
});

rule('T5: COMMIT shows all of it in order and nothing before; its acks count with its sends', async (scene) => {
  const client = await scene.connect();
  const [input, output, topic] = [scene.queue(), scene.queue(), scene.topic()];
  await client.request('SEND', { destination: input }, 'request');
  await client.request('SUBSCRIBE', { id: 'in', destination: input, ack: 'client-individual' });
  const request = await client.expectFrame('MESSAGE');
  const watcher = await scene.other();
  await watcher.request('SUBSCRIBE', { id: 'topic', destination: topic });
  await client.request('BEGIN', { transaction: 't' });
  for (let i = 0; i < 5; i++) {
    client.frame('SEND', { destination: output, transaction: 't' }, String(i));
    client.frame('SEND', { destination: topic, transaction: 't' }, String(i));
  }
  await client.request('ACK', { ...ackHeaders(scene.version, request), transaction: 't' });
  await watcher.noFrameUntil();
  assert.deepEqual(await takeTexts(scene, output), []);
  await client.request('COMMIT', { transaction: 't' });
  for (let i = 0; i < 5; i++) assert.equal((await watcher.expectFrame('MESSAGE')).text, String(i));
  assert.deepEqual(await takeTexts(scene, output), ['0', '1', '2', '3', '4']);
  await client.request('UNSUBSCRIBE', { id: 'in' });
  assert.deepEqual(await takeTexts(scene, input), []);
});

rule('T5: ABORT shows nothing', async (scene) => {
  const client = await scene.connect();
  const [destination, topic] = [scene.queue(), scene.topic()];
  await client.request('SUBSCRIBE', { id: 's', destination: topic });
  await client.request('BEGIN', { transaction: 't' });
  client.frame('SEND', { destination, transaction: 't' });
  client.frame('SEND', { destination: topic, transaction: 't' });
  await client.request('ABORT', { transaction: 't' });
  await client.noFrameUntil();
  assert.deepEqual(await takeTexts(scene, destination), []);
});

rule('T6: COMMIT and ABORT of what was never begun, or is over, are errors', async (scene) => {
  for (const command of ['COMMIT', 'ABORT']) {
    const client = await scene.connect();
    client.frame(command, { transaction: 'never', receipt: 'r' });
    assert.equal((await client.expectError()).headers['receipt-id'], 'r');
    const late = await scene.connect();
    await late.request('BEGIN', { transaction: 't' });
    await late.request('COMMIT', { transaction: 't' });
    late.frame(command, { transaction: 't' });
    await late.expectError();
  }
});

rule('T7: DISCONNECT and the loss of the connection abort what is open', async (scene) => {
  const destination = scene.queue();
  for (const end of ['DISCONNECT', 'loss', 'close']) {
    const client = await scene.connect();
    await client.request('BEGIN', { transaction: 't' });
    await client.request('SEND', { destination, transaction: 't' }, 'never');
    if (end === 'DISCONNECT') await client.request('DISCONNECT');
    else if (end === 'loss') client.destroy();
    else client.close();
  }
  const client = await scene.connect();
  await client.request('SEND', { destination }, 'after');
  assert.deepEqual(await takeTexts(scene, destination), ['after']);
});

rule('T8: 16 transactions may be open, the next is refused', async (scene) => {
  const client = await scene.connect();
  for (let i = 0; i < 16; i++) client.frame('BEGIN', { transaction: `t${i}` });
  await client.noFrameUntil();
  client.frame('BEGIN', { transaction: 't16', receipt: 'r' });
  assert.equal((await client.expectError()).headers['receipt-id'], 'r');
});

rule(
  'T8: a transaction holds 1024 actions, the next is refused',
  async (scene) => {
    const client = await scene.connect();
    const destination = scene.queue();
    await client.request('BEGIN', { transaction: 't' });
    for (let i = 0; i < 1024; i++) client.frame('SEND', { destination, transaction: 't' }, String(i));
    await client.noFrameUntil();
    client.frame('SEND', { destination, transaction: 't', receipt: 'r' });
    assert.equal((await client.expectError()).headers['receipt-id'], 'r');
    assert.deepEqual(await takeTexts(scene, destination), []);
  },
  { cuts: ['whole', 'joined'] },
);

rule('T9: two connections may use the same id', async (scene) => {
  const destination = scene.queue();
  const [one, two] = [await scene.connect(), await scene.connect()];
  for (const client of [one, two]) await client.request('BEGIN', { transaction: 'tx1' });
  await one.request('SEND', { destination, transaction: 'tx1' }, 'one');
  await two.request('SEND', { destination, transaction: 'tx1' }, 'two');
  await one.request('ABORT', { transaction: 'tx1' });
  await two.request('COMMIT', { transaction: 'tx1' });
  assert.deepEqual(await takeTexts(scene, destination), ['two']);
});
