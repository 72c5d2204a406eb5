import assert from 'node:assert/strict';
import { rulesOf } from './rule.ts';
import { ackHeaders } from './scene.ts';

/** RECEIPT and ERROR as answers. */
const rule = rulesOf();

rule('R1 R3: every frame but CONNECT may ask for a receipt and gets exactly one, with the id alone', async (scene) => {
  const client = await scene.connect();
  const destination = scene.queue();
  const id = scene.version === '1.0' ? 'a b\\c:d' : 'a b\\c:d\n e€';
  let count = 0;
  const ask = async (command: string, headers: Record<string, string>): Promise<void> => {
    const receipt = `${id}${++count}`;
    client.frame(command, { ...headers, receipt });
    const frame = await client.expectReceipt(receipt);
    assert.deepEqual(Object.keys(frame.headers), ['receipt-id']);
    await client.noFrameUntil();
  };
  for (let i = 0; i < 3; i++) client.frame('SEND', { destination }, String(i));
  client.frame('SUBSCRIBE', { id: 's', destination, ack: 'client-individual', receipt: 'subscribed' });
  await client.expectReceipt('subscribed');
  const messages = [await client.expectFrame('MESSAGE'), await client.expectFrame('MESSAGE'), await client.expectFrame('MESSAGE')];
  const [first, second] = messages;
  assert.ok(first && second);
  await ask('ACK', ackHeaders(scene.version, first));
  await ask('NACK', { ...ackHeaders(scene.version, second), requeue: 'false' });
  await ask('UNSUBSCRIBE', { id: 's' });
  for (const end of ['COMMIT', 'ABORT']) {
    await ask('BEGIN', { transaction: 't' });
    await ask('SEND', { destination, transaction: 't' });
    await ask(end, { transaction: 't' });
  }
  client.frame('DISCONNECT', { receipt: `${id} bye` });
  await client.expectReceipt(`${id} bye`);
  await client.expectClosed();
});

rule('R2 M8 M9: a frame that fails gets an ERROR with its receipt-id instead of a RECEIPT', async (scene) => {
  const failing: [string, Record<string, string>][] = [
    ['SEND', { destination: '/nowhere' }],
    ['SEND', { destination: '/topic/void', transaction: 'never' }],
    ['SUBSCRIBE', { id: 's', destination: '/nowhere' }],
    ['UNSUBSCRIBE', { id: 'never' }],
    ['COMMIT', { transaction: 'never' }],
  ];
  for (const [command, headers] of failing) {
    const client = await scene.connect();
    client.frame(command, { ...headers, receipt: 'r:1' });
    const error = await client.expectError();
    assert.equal(error.headers['receipt-id'], 'r:1', command);
  }
});

rule('R4 R1: receipts come in the order of the frames, one each, in and out of transactions', async (scene) => {
  const client = await scene.connect();
  const [queue, topic] = [scene.queue(), scene.topic()];
  const count = scene.variant.cut === 'bytes' ? 16 : 120;
  client.frame('BEGIN', { transaction: 't', receipt: 'begin' });
  for (let i = 0; i < count; i++) {
    const destination = i % 2 === 0 ? queue : topic;
    client.frame('SEND', { destination, receipt: `r${i}`, ...(i % 3 === 0 ? { transaction: 't' } : {}) }, String(i));
  }
  client.frame('COMMIT', { transaction: 't', receipt: 'commit' });
  await client.expectReceipt('begin');
  for (let i = 0; i < count; i++) await client.expectReceipt(`r${i}`);
  await client.expectReceipt('commit');
  await client.noFrameUntil();
});

rule('R2 R4: after a frame that failed, no later one is answered or applied', async (scene) => {
  const client = await scene.connect();
  const destination = scene.topic();
  const watcher = await scene.other();
  await watcher.request('SUBSCRIBE', { id: 'w', destination });
  client.frame('SEND', { destination, receipt: 'good' }, 'good');
  client.frame('SEND', { destination: '/nowhere', receipt: 'bad' });
  client.frame('SEND', { destination, receipt: 'late' }, 'late');
  await client.expectReceipt('good');
  assert.equal((await client.expectError()).headers['receipt-id'], 'bad');
  assert.equal((await watcher.expectFrame('MESSAGE')).text, 'good');
  await watcher.noFrameUntil();
});

rule("R1 S5: a SEND's RECEIPT comes before the MESSAGE that it causes on the same connection", async (scene) => {
  const client = await scene.connect();
  for (const destination of [scene.queue(), scene.topic()]) {
    await client.request('SUBSCRIBE', { id: destination, destination });
    for (let i = 0; i < 3; i++) {
      client.frame('SEND', { destination, receipt: `r${i}` }, String(i));
      await client.expectReceipt(`r${i}`);
      assert.equal((await client.expectFrame('MESSAGE')).text, String(i));
    }
  }
});
