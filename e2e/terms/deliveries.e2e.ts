import assert from 'node:assert/strict';
import type { RawClient } from '../harness/raw-client.ts';
import type { ServerFrame } from '../harness/server-frame.ts';
import type { Scene } from '../wire/scene.ts';
import { rowsOf } from './row.ts';

const row = rowsOf();

/** A consumer that holds one message of a new queue. */
async function holding(scene: Scene): Promise<{ client: RawClient; destination: string; message: ServerFrame }> {
  const client = await scene.connect();
  const destination = scene.queue();
  await client.request('SEND', { destination, own: '1' }, 'x');
  await client.request('SUBSCRIBE', { id: 's', destination, ack: 'client-individual' });
  return { client, destination, message: await client.expectFrame('MESSAGE') };
}

const idOf = ({ headers }: ServerFrame): string => headers['ack'] ?? '';
const deadLettersOf = (destination: string): string => destination.replace('/queue/', '/queue/DLQ.');

row('NACK which: the delivery by its ack, or the message by its id', async (scene) => {
  const { client, message } = await holding(scene);
  await client.request('NACK', { id: message.headers['message-id'] ?? '' });
  const again = await client.expectFrame('MESSAGE');
  await client.request('ACK', { id: idOf(again) });
  client.frame('ACK', { id: idOf(again) });
  await client.expectError(/^Message not found$/);
});

row('NACK requeue: returns it, or gives it up', async (scene) => {
  const { client, destination, message } = await holding(scene);
  await client.request('NACK', { id: idOf(message), requeue: 'true' });
  const again = await client.expectFrame('MESSAGE');
  assert.equal(again.headers['message-id'], message.headers['message-id']);
  await client.request('NACK', { id: idOf(again), requeue: 'false' });
  await client.request('SUBSCRIBE', { id: 'd', destination: deadLettersOf(destination) });
  assert.equal((await client.expectFrame('MESSAGE')).headers['x-first-death-reason'], 'rejected');
});

row('NACK dead letter: gives it up with a reason, or drops it', async (scene) => {
  const first = await holding(scene);
  await first.client.request('NACK', { id: idOf(first.message), 'dead-letter': 'true', reason: 'no stock' });
  await first.client.request('SUBSCRIBE', { id: 'd', destination: deadLettersOf(first.destination) });
  assert.match((await first.client.expectFrame('MESSAGE')).headers['dlqDeliveryFailureCause'] ?? '', /no stock$/);
  const second = await holding(scene);
  await second.client.request('NACK', { id: idOf(second.message), requeue: 'false', 'dead-letter': 'false' });
  await second.client.request('SUBSCRIBE', { id: 'd', destination: deadLettersOf(second.destination) });
  await second.client.noFrameUntil();
});

row('NACK delay: is waited for, on the whole cluster', async (scene) => {
  const { client, message } = await holding(scene);
  const nackedAt = Date.now();
  await client.request('NACK', { id: idOf(message), delay: '1200' });
  await client.noFrameUntil();
  const again = await client.expectFrame('MESSAGE');
  assert.ok(Date.now() - nackedAt >= 1_200);
  assert.equal(again.headers['JMSXDeliveryCount'], '2');
  client.frame('NACK', { id: idOf(again), delay: 'long' });
  await client.expectError(/^Bad header$/);
});

row('MESSAGE always: says where, what, to whom and when', async (scene) => {
  const client = await scene.connect();
  for (const destination of [scene.queue(), scene.topic()]) {
    await client.request('SUBSCRIBE', { id: destination, destination });
    await client.request('SEND', { destination }, 'zwölf');
    const { headers } = await client.expectFrame('MESSAGE');
    assert.deepEqual([headers['destination'], headers['subscription'], headers['redelivered'], headers['content-length']], [destination, destination, 'false', '6']);
    assert.ok(headers['message-id']);
    assert.ok(Math.abs(Number(headers['timestamp']) - Date.now()) < 60_000);
  }
});

row('MESSAGE deliveries: are counted as JMS and as RabbitMQ count them', async (scene) => {
  const { client, message } = await holding(scene);
  assert.deepEqual([message.headers['JMSXDeliveryCount'], message.headers['x-delivery-count']], ['1', undefined]);
  await client.request('NACK', { id: idOf(message) });
  const again = await client.expectFrame('MESSAGE');
  assert.notEqual(idOf(again), idOf(message));
  assert.deepEqual([again.headers['JMSXDeliveryCount'], again.headers['x-delivery-count'], again.headers['redelivered']], ['2', '1', 'true']);
});

row('MESSAGE dropped: counts what a slow subscription missed', async (scene) => {
  const [client, sender] = [await scene.connect(), await scene.connect()];
  const destination = scene.topic();
  await client.request('SUBSCRIBE', { id: 's', destination, ack: 'client', 'prefetch-count': '1', 'activemq.maximumPendingMessageLimit': '0' });
  await sender.request('SEND', { destination }, '1');
  const first = await client.expectFrame('MESSAGE');
  await client.request('SUBSCRIBE', { id: 'all', destination });
  sender.frame('SEND', { destination }, '2');
  assert.equal((await client.expectFrame('MESSAGE')).headers['subscription'], 'all');
  await client.request('ACK', { id: first.headers['ack'] ?? '' });
  sender.frame('SEND', { destination }, '3');
  const { text, headers } = await client.nextFrame((frame) => frame.headers['subscription'] === 's');
  assert.deepEqual([text, headers['x-dropped']], ['3', '1']);
});

row('MESSAGE dead letters: say where they were and why they are not there', async (scene) => {
  const { client, destination, message } = await holding(scene);
  const name = destination.slice('/queue/'.length);
  await client.request('NACK', { id: idOf(message), requeue: 'false' });
  await client.request('SUBSCRIBE', { id: 'd', destination: deadLettersOf(destination) });
  const { headers, text } = await client.expectFrame('MESSAGE');
  const expected = {
    destination: deadLettersOf(destination),
    'message-id': message.headers['message-id'],
    'original-destination': destination,
    'x-first-death-queue': name,
    'x-first-death-reason': 'rejected',
    'x-last-death-queue': name,
    'x-last-death-reason': 'rejected',
    _AMQ_ORIG_ADDRESS: destination,
    _AMQ_ORIG_QUEUE: name,
    _AMQ_ORIG_MESSAGE_ID: message.headers['message-id'],
    own: '1',
  };
  for (const [header, value] of Object.entries(expected)) assert.equal(headers[header], value, header);
  assert.equal(text, 'x');
});

row('MESSAGE errors: have a message, a code and the receipt that will not come', async (scene) => {
  const client = await scene.connect();
  client.frame('SEND', { destination: '/nowhere', receipt: 'r' });
  const { headers, text } = await client.expectError(/^Unknown destination$/);
  assert.deepEqual([headers['code'], headers['receipt-id'], headers['content-type'], headers['version']], ['unknown-prefix', 'r', 'text/plain', '1.0,1.1,1.2']);
  assert.match(text, /\/nowhere/);
});
