import assert from 'node:assert/strict';
import { rowsOf } from './row.ts';

const row = rowsOf();

row('SUBSCRIBE id: names the subscription once', async (scene) => {
  const client = await scene.connect();
  const destination = scene.topic();
  await client.request('SUBSCRIBE', { id: 'a', destination });
  await client.request('SUBSCRIBE', { id: 'b', destination });
  await client.request('SEND', { destination });
  const got = [await client.expectFrame('MESSAGE'), await client.expectFrame('MESSAGE')];
  assert.deepEqual(got.map(({ headers }) => headers['subscription']).sort(), ['a', 'b']);
  await client.request('UNSUBSCRIBE', { id: 'a' });
  await client.request('SUBSCRIBE', { id: 'a', destination });
  client.frame('SUBSCRIBE', { id: 'a', destination });
  await client.expectError(/^Duplicated subscription identifier$/);
});

row('SUBSCRIBE ack: cumulative or one by one, within the subscription', async (scene) => {
  for (const [ack, left] of [['auto', []], ['client', ['3']], ['client-individual', ['1', '3']]] as const) {
    const [client, other] = [await scene.connect(), await scene.connect()];
    const destination = scene.queue();
    for (const text of ['1', '2', '3']) await client.request('SEND', { destination }, text);
    await client.request('SUBSCRIBE', { id: 's', destination, ack });
    const got = [await client.expectFrame('MESSAGE'), await client.expectFrame('MESSAGE'), await client.expectFrame('MESSAGE')];
    if (ack !== 'auto') await client.request('ACK', { id: got[1]?.headers['ack'] ?? '' });
    await client.request('UNSUBSCRIBE', { id: 's' });
    await other.request('SUBSCRIBE', { id: 's', destination });
    for (const text of left) assert.equal((await other.expectFrame('MESSAGE')).text, text);
    await other.noFrameUntil();
  }
});

row('SUBSCRIBE prefetch: bounds what is in flight, by both names', async (scene) => {
  for (const headers of [{ 'prefetch-count': '2' }, { 'activemq.prefetchSize': '2' }, { 'prefetch-count': '2', 'activemq.prefetchSize': '1' }]) {
    const client = await scene.connect();
    const destination = scene.queue();
    for (const text of ['1', '2', '3']) await client.request('SEND', { destination }, text);
    await client.request('SUBSCRIBE', { id: 's', destination, ack: 'client-individual', ...headers });
    const [first] = [await client.expectFrame('MESSAGE'), await client.expectFrame('MESSAGE')];
    await client.noFrameUntil();
    await client.request('ACK', { id: first.headers['ack'] ?? '' });
    assert.equal((await client.expectFrame('MESSAGE')).text, '3');
  }
});

row('SUBSCRIBE window: bounds the octets in flight', async (scene) => {
  const client = await scene.connect();
  const destination = scene.queue();
  for (const text of ['1', '2', '3', '4']) await client.request('SEND', { destination }, text.padEnd(2_000));
  await client.request('SUBSCRIBE', { id: 's', destination, ack: 'client-individual', 'consumer-window-size': '3000' });
  const [first] = [await client.expectFrame('MESSAGE'), await client.expectFrame('MESSAGE')];
  await client.noFrameUntil();
  await client.request('ACK', { id: first.headers['ack'] ?? '' });
  assert.equal((await client.expectFrame('MESSAGE')).text.trim(), '3');
  await client.noFrameUntil();
  await client.request('SUBSCRIBE', { id: 't', destination, ack: 'client-individual', 'consumer-window-size': '0' });
  assert.equal((await client.expectFrame('MESSAGE')).text.trim(), '4');
});

row('SUBSCRIBE slow consumer: misses the oldest of what waits, and is told', async (scene) => {
  const [client, sender] = [await scene.connect(), await scene.connect()];
  const destination = scene.topic();
  await client.request('SUBSCRIBE', { id: 's', destination, ack: 'client', 'prefetch-count': '1', 'activemq.maximumPendingMessageLimit': '2' });
  await client.request('SUBSCRIBE', { id: 'all', destination });
  for (const text of ['1', '2', '3', '4', '5']) sender.frame('SEND', { destination }, text);
  const ofSlow = () => client.nextFrame(({ headers }) => headers['subscription'] === 's');
  let next = await ofSlow();
  for (let i = 0; i < 5; i++) await client.nextFrame(({ headers }) => headers['subscription'] === 'all');
  for (const [text, dropped] of [['1', undefined], ['4', '2'], ['5', undefined]] as const) {
    assert.deepEqual([next.text, next.headers['x-dropped']], [text, dropped]);
    await client.request('ACK', { id: next.headers['ack'] ?? '' });
    if (text !== '5') next = await ofSlow();
  }
});

row('SUBSCRIBE selector: lets through what it selects, numbers in strings too', async (scene) => {
  const client = await scene.connect();
  const destination = scene.topic();
  for (const selector of ['age > 18', 'convert_string_expressions:age > 18']) await client.request('SUBSCRIBE', { id: selector, destination, selector });
  for (const age of ['9', '20', '100']) client.frame('SEND', { destination, age });
  for (const age of ['20', '20', '100', '100']) assert.equal((await client.expectFrame('MESSAGE')).headers['age'], age);
  client.frame('SUBSCRIBE', { id: 'x', destination, selector: 'age >' });
  assert.equal((await client.expectError(/^Bad header$/)).headers['code'], 'bad-selector');
});

row('SUBSCRIBE no local: keeps back what the session itself sent', async (scene) => {
  const [client, other] = [await scene.connect(), await scene.connect()];
  const destination = scene.topic();
  for (const [name, value] of [['no-local', 'true'], ['activemq.noLocal', 'True'], ['x-echo', 'false']] as const) {
    await client.request('SUBSCRIBE', { id: name, destination, [name]: value });
  }
  await client.request('SEND', { destination }, 'own');
  await other.request('SEND', { destination }, 'other');
  for (let i = 0; i < 3; i++) assert.equal((await client.expectFrame('MESSAGE')).text, 'other');
});

row('SUBSCRIBE browse: shows copies and an end', async (scene) => {
  const client = await scene.connect();
  const destination = scene.queue();
  for (const text of ['1', '2']) await client.request('SEND', { destination }, text);
  for (const id of ['a', 'b']) {
    await client.request('SUBSCRIBE', { id, destination, browser: 'true' });
    for (const text of ['1', '2']) assert.equal((await client.expectFrame('MESSAGE')).text, text);
    const { headers } = await client.expectFrame('MESSAGE');
    assert.deepEqual([headers['browser'], headers['message-id']], ['end', '0']);
  }
});

row('SUBSCRIBE ack timeout: takes a message back that has no ACK', async (scene) => {
  const client = await scene.connect();
  const destination = scene.queue();
  await client.request('SEND', { destination }, 'x');
  await client.request('SUBSCRIBE', { id: 's', destination, ack: 'client-individual', 'x-ack-timeout': '1000' });
  const first = await client.expectFrame('MESSAGE');
  const again = await client.expectFrame('MESSAGE');
  assert.deepEqual([again.headers['message-id'], again.headers['redelivered'], again.headers['JMSXDeliveryCount']], [first.headers['message-id'], 'true', '2']);
  await client.request('ACK', { id: again.headers['ack'] ?? '' });
});

row('SUBSCRIBE delivery limit: gives a message up sooner', async (scene) => {
  const client = await scene.connect();
  const destination = scene.queue();
  await client.request('SEND', { destination }, 'x');
  await client.request('SUBSCRIBE', { id: 's', destination, ack: 'client-individual', 'x-delivery-limit': '2' });
  for (let i = 0; i < 2; i++) await client.request('NACK', { id: (await client.expectFrame('MESSAGE')).headers['ack'] ?? '' });
  await client.noFrameUntil();
  await client.request('SUBSCRIBE', { id: 'd', destination: destination.replace('/queue/', '/queue/DLQ.') });
  assert.equal((await client.expectFrame('MESSAGE')).headers['x-first-death-reason'], 'delivery_limit');
});

row('SUBSCRIBE ignored: what only tunes another broker is accepted', async (scene) => {
  const client = await scene.connect();
  const ignored = { 'activemq.dispatchAsync': 'true', 'activemq.retroactive': 'true', transformation: 'jms-map-json', 'x-stream-match-unfiltered': 'true' };
  for (const destination of [scene.queue(), scene.topic()]) {
    await client.request('SUBSCRIBE', { id: destination, destination, ...ignored });
    await client.request('SEND', { destination });
    assert.equal((await client.expectFrame('MESSAGE')).headers['subscription'], destination);
  }
});
