import assert from 'node:assert/strict';
import type { RawClient } from '../harness/raw-client.ts';
import type { ServerFrame } from '../harness/server-frame.ts';
import { takeAll, takeTexts } from './queue-content.ts';
import { rulesOf } from './rule.ts';
import { ackHeaders, type Scene } from './scene.ts';

/** ACK and NACK. */
const rule = rulesOf();

/** A queue with `count` messages ('0', '1', …), all delivered to a consumer that has acked none. */
async function deliver(scene: Scene, count: number, ack = 'client', id = 's'): Promise<{ client: RawClient; destination: string; messages: ServerFrame[] }> {
  const client = await scene.connect();
  const destination = scene.queue();
  for (let i = 0; i < count; i++) client.frame('SEND', { destination }, String(i));
  await client.request('SUBSCRIBE', { id, destination, ack });
  const messages: ServerFrame[] = [];
  for (let i = 0; i < count; i++) messages.push(await client.expectFrame('MESSAGE'));
  return { client, destination, messages };
}

function at(messages: readonly ServerFrame[], index: number): ServerFrame {
  const message = messages[index];
  assert.ok(message);
  return message;
}

rule(
  'A1: 1.2 names a delivery by id, the ack value, or else its message-id',
  async (scene) => {
    const { client, destination, messages } = await deliver(scene, 3, 'client-individual');
    await client.request('ACK', { id: at(messages, 0).headers['ack'] ?? '' });
    await client.request('ACK', { id: at(messages, 1).headers['message-id'] ?? '' });
    await client.request('UNSUBSCRIBE', { id: 's' });
    assert.deepEqual(await takeTexts(scene, destination), ['2']);
    const second = await deliver(scene, 1);
    second.client.frame('ACK', { 'message-id': at(second.messages, 0).headers['message-id'] ?? '', subscription: 's' });
    await second.client.expectError(/^Missing header$/);
  },
  { versions: ['1.2'] },
);

rule(
  'A1: 1.1 names a delivery by message-id and subscription; a wrong subscription is an error, a missing one is not while it is clear',
  async (scene) => {
    const { client, destination, messages } = await deliver(scene, 3, 'client-individual');
    await client.request('ACK', { 'message-id': at(messages, 0).headers['message-id'] ?? '', subscription: 's' });
    await client.request('ACK', { 'message-id': at(messages, 1).headers['message-id'] ?? '' });
    client.frame('ACK', { 'message-id': at(messages, 2).headers['message-id'] ?? '', subscription: 'another', receipt: 'r' });
    const error = await client.expectError();
    assert.equal(error.headers['receipt-id'], 'r');
    assert.deepEqual(await takeTexts(scene, destination), ['2']);
  },
  { versions: ['1.1'] },
);

rule(
  'A1: 1.0 names a delivery by message-id',
  async (scene) => {
    const { client, destination, messages } = await deliver(scene, 2, 'client-individual');
    await client.request('ACK', { 'message-id': at(messages, 0).headers['message-id'] ?? '' });
    client.frame('ACK', {});
    await client.expectError(/^Missing header$/);
    assert.deepEqual(await takeTexts(scene, destination), ['1']);
  },
  { versions: ['1.0'] },
);

rule('A2: ACK in client mode settles this delivery and all before it, of this subscription alone', async (scene) => {
  const { client, destination, messages } = await deliver(scene, 5);
  const second = scene.queue();
  await client.request('SEND', { destination: second }, 'other');
  await client.request('SUBSCRIBE', { id: 'second', destination: second, ack: 'client' });
  await client.expectFrame('MESSAGE');
  await client.request('ACK', ackHeaders(scene.version, at(messages, 2)));
  await client.request('UNSUBSCRIBE', { id: 's' });
  await client.request('UNSUBSCRIBE', { id: 'second' });
  assert.deepEqual(await takeTexts(scene, destination), ['3', '4']);
  assert.deepEqual(await takeTexts(scene, second), ['other']);
});

rule('A3: ACK in client-individual mode settles this delivery alone', async (scene) => {
  const { client, destination, messages } = await deliver(scene, 5, 'client-individual');
  await client.request('ACK', ackHeaders(scene.version, at(messages, 2)));
  await client.request('UNSUBSCRIBE', { id: 's' });
  assert.deepEqual(await takeTexts(scene, destination), ['0', '1', '3', '4']);
});

rule('A4 A5 M12: NACK in client mode gives this delivery and all before it back to their places, counted', async (scene) => {
  const { client, destination, messages } = await deliver(scene, 4);
  await client.request('NACK', ackHeaders(scene.version, at(messages, 1)));
  for (const text of ['0', '1']) {
    const again = await client.expectFrame('MESSAGE');
    assert.equal(again.text, text);
    assert.equal(again.headers['redelivered'], 'true');
    assert.equal(again.headers['JMSXDeliveryCount'], '2');
  }
  await client.request('UNSUBSCRIBE', { id: 's' });
  assert.deepEqual(await takeTexts(scene, destination), ['0', '1', '2', '3']);
});

rule('A4: NACK in client-individual mode gives back this delivery alone', async (scene) => {
  const { client, messages } = await deliver(scene, 3, 'client-individual');
  await client.request('NACK', ackHeaders(scene.version, at(messages, 1)));
  const again = await client.expectFrame('MESSAGE');
  assert.equal(again.text, '1');
  assert.equal(again.headers['message-id'], at(messages, 1).headers['message-id']);
  await client.noFrameUntil();
});

rule('A5: after six failed deliveries a message is dead-lettered, with reason and origin', async (scene) => {
  const { client, destination, messages } = await deliver(scene, 1, 'client-individual');
  let message = at(messages, 0);
  for (let attempt = 1; attempt <= 6; attempt++) {
    assert.equal(message.headers['JMSXDeliveryCount'], String(attempt));
    await client.request('NACK', ackHeaders(scene.version, message));
    if (attempt < 6) message = await client.expectFrame('MESSAGE');
  }
  await client.noFrameUntil();
  const [dead, ...more] = await takeAll(scene, destination.replace('/queue/', '/queue/DLQ.'));
  assert.equal(dead?.text, '0');
  assert.equal(dead.headers['message-id'], message.headers['message-id']);
  assert.equal(dead.headers['original-destination'], destination);
  assert.ok(dead.lines.some((line) => /reason:./.test(line)), String(dead.lines));
  assert.equal(more.length, 0);
});

rule('A5: NACK with requeue:false dead-letters at once, whatever the case of the word', async (scene) => {
  const { client, destination, messages } = await deliver(scene, 2, 'client-individual');
  await client.request('NACK', { ...ackHeaders(scene.version, at(messages, 0)), requeue: 'false' });
  await client.request('NACK', { ...ackHeaders(scene.version, at(messages, 1)), requeue: 'False' });
  await client.noFrameUntil();
  assert.deepEqual(await takeTexts(scene, destination.replace('/queue/', '/queue/DLQ.')), ['0', '1']);
});

rule('A5: NACK with dead-letter:true dead-letters at once, with its reason; a word that is no boolean is an error', async (scene) => {
  const { client, destination, messages } = await deliver(scene, 2, 'client-individual');
  const reason = 'broken: no "total"';
  await client.request('NACK', { ...ackHeaders(scene.version, at(messages, 0)), 'dead-letter': 'TRUE', reason });
  const [letter] = await takeAll(scene, `/queue/DLQ.${destination.slice('/queue/'.length)}`);
  assert.equal(letter?.headers['x-first-death-reason'], 'rejected');
  assert.ok(letter.headers['dlqDeliveryFailureCause']?.endsWith(`: ${reason}`));
  client.frame('NACK', { ...ackHeaders(scene.version, at(messages, 1)), requeue: 'perhaps', receipt: 'r' });
  const error = await client.expectError(/^Bad header$/);
  assert.equal(error.headers['receipt-id'], 'r');
  assert.deepEqual(await takeTexts(scene, destination), ['1']);
});

rule('A6 D4 M12: what was not acked comes back when the connection is lost, marked and in its place', async (scene) => {
  const { client, destination, messages } = await deliver(scene, 3, 'client-individual');
  await client.request('ACK', ackHeaders(scene.version, at(messages, 1)));
  const heir = await scene.other();
  await heir.request('SUBSCRIBE', { id: 'h', destination, ack: 'client' });
  client.destroy();
  for (const text of ['0', '2']) {
    const message = await heir.expectFrame('MESSAGE');
    assert.equal(message.text, text);
    assert.equal(message.headers['redelivered'], 'true');
    assert.equal(message.headers['JMSXDeliveryCount'], '2');
  }
  await heir.noFrameUntil();
});

rule('A7: an ACK for a delivery that never was is an error', async (scene) => {
  for (const command of ['ACK', 'NACK']) {
    const client = await scene.connect();
    await client.request('SUBSCRIBE', { id: 's', destination: scene.queue(), ack: 'client' });
    client.frame(command, { id: 'never', 'message-id': 'never', subscription: 's', receipt: 'r' });
    const error = await client.expectError(/^Message not found$/);
    assert.equal(error.headers['receipt-id'], 'r');
  }
});

rule('A7: an ACK in an auto subscription is an error', async (scene) => {
  const { client, messages } = await deliver(scene, 1, 'auto');
  const id = at(messages, 0).headers['message-id'] ?? '';
  client.frame('ACK', { id, 'message-id': id, subscription: 's' });
  await client.expectError(/^Message not found$/);
});

rule('A7: a second ACK of a delivery is an error', async (scene) => {
  const { client, destination, messages } = await deliver(scene, 2, 'client-individual');
  const headers = ackHeaders(scene.version, at(messages, 0));
  await client.request('ACK', headers);
  client.frame('ACK', { ...headers, receipt: 'r' });
  const error = await client.expectError(/^Message not found$/);
  assert.equal(error.headers['receipt-id'], 'r');
  assert.deepEqual(await takeTexts(scene, destination), ['1']);
});

rule('A7 N4: a late ACK settles what is at rest, is passed over for what is not, unless it asks for a receipt', async (scene) => {
  const { client, destination, messages } = await deliver(scene, 2, 'client-individual');
  await client.request('UNSUBSCRIBE', { id: 's' });
  await client.request('ACK', ackHeaders(scene.version, at(messages, 0)));
  assert.deepEqual(await takeTexts(scene, destination), ['1']);
  client.frame('ACK', { ...ackHeaders(scene.version, at(messages, 1)), receipt: 'r' });
  const error = await client.expectError(/^Message not found$/);
  assert.equal(error.headers['receipt-id'], 'r');
});

rule('A8: an ACK in a transaction counts at COMMIT', async (scene) => {
  const { client, destination, messages } = await deliver(scene, 2, 'client-individual');
  await client.request('BEGIN', { transaction: 't' });
  await client.request('ACK', { ...ackHeaders(scene.version, at(messages, 0)), transaction: 't' });
  await client.request('COMMIT', { transaction: 't' });
  await client.request('UNSUBSCRIBE', { id: 's' });
  assert.deepEqual(await takeTexts(scene, destination), ['1']);
});

rule('A8: ABORT undoes an ACK, and the delivery can be acked again', async (scene) => {
  const { client, destination, messages } = await deliver(scene, 2, 'client-individual');
  await client.request('BEGIN', { transaction: 't' });
  for (const message of messages) await client.request('ACK', { ...ackHeaders(scene.version, message), transaction: 't' });
  await client.request('ABORT', { transaction: 't' });
  await client.request('ACK', ackHeaders(scene.version, at(messages, 0)));
  await client.request('UNSUBSCRIBE', { id: 's' });
  assert.deepEqual(await takeTexts(scene, destination), ['1']);
});

rule('A8: an ACK outside the open transaction counts at once', async (scene) => {
  const { client, destination, messages } = await deliver(scene, 1, 'client-individual');
  await client.request('BEGIN', { transaction: 't' });
  await client.request('ACK', ackHeaders(scene.version, at(messages, 0)));
  await client.request('ABORT', { transaction: 't' });
  await client.request('UNSUBSCRIBE', { id: 's' });
  assert.deepEqual(await takeTexts(scene, destination), []);
});

rule('A4 A8: a NACK in a transaction counts at COMMIT', async (scene) => {
  const { client, messages } = await deliver(scene, 1, 'client-individual');
  await client.request('BEGIN', { transaction: 't' });
  await client.request('NACK', { ...ackHeaders(scene.version, at(messages, 0)), transaction: 't' });
  await client.noFrameUntil();
  await client.request('COMMIT', { transaction: 't' });
  assert.equal((await client.expectFrame('MESSAGE')).headers['redelivered'], 'true');
});
