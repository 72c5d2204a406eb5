import assert from 'node:assert/strict';
import type { RawClient } from '../harness/raw-client.ts';
import type { ServerFrame } from '../harness/server-frame.ts';
import { rowsOf } from './row.ts';

const row = rowsOf({ STOMPEDE_POLICIES: JSON.stringify([{ destination: '/topic/short.#', durable: { maxMessages: 2 } }]) });

/** Bodies of what comes, acknowledged one by one when all are there. */
async function take(client: RawClient, count: number): Promise<string[]> {
  const frames: ServerFrame[] = [];
  while (frames.length < count) frames.push(await client.expectFrame('MESSAGE'));
  for (const { headers } of frames) await client.request('ACK', { id: headers['ack'] ?? '' });
  return frames.map(({ text }) => text);
}

const NAMED = ['activemq.subscriptionName', 'durable-subscription-name', 'durable-subscriber-name'];

row('CONNECT client id: is half of the name of a durable subscription, by both names', async (scene) => {
  for (const header of ['client-id', 'activemq.client-id']) {
    const [name, destination] = [scene.topic().slice('/topic/'.length), scene.topic()];
    const first = await scene.connect({ [header]: name });
    await first.request('SUBSCRIBE', { id: 's', destination, ack: 'client-individual', 'activemq.subscriptionName': 'sub' });
    await first.request('DISCONNECT');
    await (await scene.connect()).request('SEND', { destination }, 'm1');
    const second = await scene.connect({ 'client-id': name });
    await second.request('SUBSCRIBE', { id: 't', destination, ack: 'client-individual', 'durable-subscription-name': 'sub' });
    assert.deepEqual(await take(second, 1), ['m1']);
  }
});

row('SUBSCRIBE durable: keeps what is published while its client is away, in the words of each family', async (scene) => {
  for (const headers of [...NAMED.map((header) => ({ [header]: 'sub' })), { durable: 'true', 'auto-delete': 'false' }, { persistent: 'true' }]) {
    const destination = scene.topic();
    const [clientId, sender] = [destination.slice('/topic/'.length), await scene.connect()];
    const asked = { id: 's', destination, ack: 'client-individual', ...headers };
    const first = await scene.connect({ 'client-id': clientId });
    await first.request('SUBSCRIBE', asked);
    await sender.request('SEND', { destination }, 'm1');
    assert.deepEqual(await take(first, 1), ['m1']);
    await first.request('UNSUBSCRIBE', { id: 's' });
    for (const text of ['m2', 'm3']) await sender.request('SEND', { destination }, text);
    await first.request('DISCONNECT');
    const second = await scene.connect({ 'client-id': clientId });
    await second.request('SUBSCRIBE', asked);
    assert.deepEqual(await take(second, 2), ['m2', 'm3']);
    await second.noFrameUntil();
  }
});

row('SUBSCRIBE one holder: is refused while another connection has the name and lives', async (scene) => {
  const destination = scene.topic();
  const headers = { id: 's', destination, 'activemq.subscriptionName': 'sub' };
  const [first, second] = [await scene.connect({ 'client-id': destination }), await scene.connect({ 'client-id': destination })];
  await first.request('SUBSCRIBE', headers);
  second.frame('SUBSCRIBE', headers);
  const error = await second.expectError(/^Durable consumer is in use for client: .* and subscriptionName: sub$/);
  assert.equal(error.headers['code'], 'durable-in-use');
});

row('SUBSCRIBE shared: gives each message to one of those who share it', async (scene) => {
  for (const headers of [{ 'x-group': 'g' }, { 'x-queue-name': 'g' }]) {
    const destination = scene.topic();
    const clients = [await scene.connect(), await scene.connect()];
    for (const client of clients) await client.request('SUBSCRIBE', { id: 's', destination, ack: 'client-individual', 'prefetch-count': '1', ...headers });
    const sender = await scene.connect();
    for (const text of ['1', '2']) await sender.request('SEND', { destination }, text);
    const got = await Promise.all(clients.map((client) => client.expectFrame('MESSAGE')));
    assert.deepEqual(got.map(({ text }) => text).sort(), ['1', '2']);
  }
});

row('SUBSCRIBE gap: says how many messages a durable subscription could not keep', async (scene) => {
  const destination = `/topic/short.${scene.topic().slice('/topic/'.length)}`;
  const asked = { id: 's', destination, ack: 'client-individual', 'x-group': 'g' };
  const first = await scene.connect();
  await first.request('SUBSCRIBE', asked);
  await first.request('DISCONNECT');
  const sender = await scene.connect();
  for (const text of ['1', '2', '3', '4', '5']) await sender.request('SEND', { destination }, text);
  const second = await scene.connect();
  await second.request('SUBSCRIBE', asked);
  const { text, headers } = await second.expectFrame('MESSAGE');
  assert.deepEqual([text, headers['x-gap']], ['4', '3']);
});

row('SUBSCRIBE end of a durable one: takes what is kept along, in the words of each family', async (scene) => {
  for (const headers of [...NAMED.map((header) => ({ [header]: 'sub' })), { durable: 'true' }]) {
    const destination = scene.topic();
    const client = await scene.connect({ 'client-id': destination });
    const asked = { id: 's', destination, ack: 'client-individual', ...headers };
    await client.request('SUBSCRIBE', asked);
    await client.request('SEND', { destination }, 'old');
    assert.equal((await client.expectFrame('MESSAGE')).text, 'old');
    await client.request('UNSUBSCRIBE', { id: 's', ...headers });
    await client.request('SUBSCRIBE', asked);
    await client.request('SEND', { destination }, 'new');
    assert.deepEqual(await take(client, 1), ['new']);
  }
});

row('destination shared subscription: is one queue for all who name it', async (scene) => {
  const destination = scene.topic();
  const clients = [await scene.connect(), await scene.connect()];
  for (const client of clients) await client.request('SUBSCRIBE', { id: 's', destination: `${destination}::g`, ack: 'client-individual', 'prefetch-count': '1' });
  const sender = await scene.connect();
  for (const text of ['1', '2']) await sender.request('SEND', { destination }, text);
  const got = await Promise.all(clients.map((client) => client.expectFrame('MESSAGE')));
  assert.deepEqual(got.map(({ text, headers }) => [text, headers['destination']]).sort(), [['1', destination], ['2', destination]]);
});

row('destination virtual topic: gives each group a queue of its own', async (scene) => {
  const topic = `VirtualTopic.${scene.topic().slice('/topic/'.length)}`;
  const queue = (group: string) => `/queue/Consumer.${group}.${topic}`;
  const [a, b] = [await scene.connect(), await scene.connect()];
  await a.request('SUBSCRIBE', { id: 's', destination: queue('A'), ack: 'client-individual' });
  await b.request('SUBSCRIBE', { id: 's', destination: queue('B'), ack: 'client-individual' });
  await b.request('DISCONNECT');
  const sender = await scene.connect();
  await sender.request('SEND', { destination: `/topic/${topic}` }, 'both');
  await sender.request('SEND', { destination: queue('B') }, 'direct');
  assert.deepEqual(await take(a, 1), ['both']);
  const again = await scene.connect();
  await again.request('SUBSCRIBE', { id: 's', destination: queue('B'), ack: 'client-individual' });
  assert.deepEqual((await take(again, 2)).sort(), ['both', 'direct']);
});
