import assert from 'node:assert/strict';
import { rulesOf } from './rule.ts';
import { ackHeaders } from './scene.ts';

/** SUBSCRIBE and UNSUBSCRIBE. */
const rule = rulesOf();

rule('U1: a destination is needed', async (scene) => {
  const client = await scene.connect();
  client.frame('SUBSCRIBE', { id: 's', receipt: 'r' });
  const error = await client.expectError(/^Missing destination$/);
  assert.equal(error.headers['receipt-id'], 'r');
});

rule(
  'U2: an id is needed from 1.1 on',
  async (scene) => {
    const client = await scene.connect();
    client.frame('SUBSCRIBE', { destination: scene.queue() });
    await client.expectError(/^Missing header$/);
  },
  { versions: ['1.1', '1.2'] },
);

rule(
  'U2 M3 N1: in 1.0 the destination stands for a missing id',
  async (scene) => {
    const client = await scene.connect();
    const destination = scene.topic();
    await client.request('SUBSCRIBE', { destination });
    await client.request('SEND', { destination }, '1');
    assert.equal((await client.expectFrame('MESSAGE')).headers['subscription'], undefined);
    await client.request('UNSUBSCRIBE', { destination });
    await client.request('SEND', { destination }, '2');
    await client.noFrameUntil();
    // An id does not take that name away.
    await client.request('SUBSCRIBE', { id: 's', destination });
    await client.request('UNSUBSCRIBE', { destination });
    client.frame('UNSUBSCRIBE', { destination });
    await client.expectError(/^Subscription not found$/);
  },
  { versions: ['1.0'] },
);

rule('U2 M3: an id comes back as subscription', async (scene) => {
  const client = await scene.connect();
  const destination = scene.topic();
  const id = scene.version === '1.0' ? 'my id/1' : 'my id:1\\\n';
  await client.request('SUBSCRIBE', { id, destination });
  client.frame('SEND', { destination });
  assert.equal((await client.expectFrame('MESSAGE')).headers['subscription'], id);
});

rule('U3: an id in use is an error, one given back may be used again', async (scene) => {
  const client = await scene.connect();
  const [first, second] = [scene.topic(), scene.topic()];
  await client.request('SUBSCRIBE', { id: 's', destination: first });
  await client.request('UNSUBSCRIBE', { id: 's' });
  await client.request('SUBSCRIBE', { id: 's', destination: second });
  await client.request('SEND', { destination: first }, 'old');
  client.frame('SEND', { destination: second }, 'new');
  assert.equal((await client.expectFrame('MESSAGE')).text, 'new');
  client.frame('SUBSCRIBE', { id: 's', destination: scene.topic(), receipt: 'r' });
  const error = await client.expectError(/^Duplicated subscription identifier$/);
  assert.equal(error.headers['receipt-id'], 'r');
});

rule('U4: ack is auto, client or client-individual, and auto by default', async (scene) => {
  const client = await scene.connect();
  const destination = scene.queue();
  const modes = { none: {}, auto: { ack: 'auto' }, client: { ack: 'client' }, single: { ack: 'client-individual' } };
  for (const [id, mode] of Object.entries(modes)) {
    await client.request('SUBSCRIBE', { id, destination, ...mode });
    await client.request('SEND', { destination });
    const message = await client.expectFrame('MESSAGE');
    assert.equal(message.headers['ack'] !== undefined, id === 'client' || id === 'single', id);
    if (message.headers['ack'] !== undefined) await client.request('ACK', ackHeaders(scene.version, message));
    await client.request('UNSUBSCRIBE', { id });
  }
  client.frame('SUBSCRIBE', { id: 'x', destination, ack: 'sometimes' });
  await client.expectError();
});

rule('U5: a subscription that cannot be made is an ERROR, and the connection ends', async (scene) => {
  for (const destination of ['/nowhere/x', '/queue/', '/topic/', '/reply-queue/someone.else']) {
    const client = await scene.connect();
    client.frame('SUBSCRIBE', { id: 's', destination, receipt: 'r' });
    const error = await client.expectError();
    assert.equal(error.headers['receipt-id'], 'r', destination);
  }
});

rule('U6: a selector is obeyed or refused, never silently ignored', async (scene) => {
  const bad = await scene.connect();
  bad.frame('SUBSCRIBE', { id: 's', destination: scene.queue(), selector: "colour = 'red' AND AND" });
  assert.equal((await bad.expectError()).headers['code'], 'bad-selector');
  const client = await scene.connect();
  const destination = scene.topic();
  await client.request('SUBSCRIBE', { id: 's', destination, selector: "colour = 'red' AND size > 9" });
  const cars = [{ colour: 'blue', size: '10' }, { colour: 'red', size: '9' }, { colour: 'red', size: '10' }];
  for (const car of cars) client.frame('SEND', { destination, ...car });
  assert.equal((await client.expectFrame('MESSAGE')).headers['size'], '10');
  await client.noFrameUntil();
});

rule('a consumer of a queue with a selector takes what it selects and leaves the rest to others', async (scene) => {
  const [client, other] = [await scene.connect(), await scene.connect()];
  const destination = scene.queue();
  for (const size of ['1', '20', '3', '40']) client.frame('SEND', { destination, size });
  await client.request('SUBSCRIBE', { id: 's', destination, ack: 'client-individual', selector: 'size > 9' });
  const first = await client.expectFrame('MESSAGE');
  assert.deepEqual([first.headers['size'], (await client.expectFrame('MESSAGE')).headers['size']], ['20', '40']);
  await client.noFrameUntil();
  await other.request('SUBSCRIBE', { id: 's', destination });
  assert.deepEqual([(await other.expectFrame('MESSAGE')).headers['size'], (await other.expectFrame('MESSAGE')).headers['size']], ['1', '3']);
  await other.request('UNSUBSCRIBE', { id: 's' });
  await client.request('UNSUBSCRIBE', { id: 's' });
  await other.request('SUBSCRIBE', { id: 't', destination, selector: 'size = 20' });
  const again = await other.expectFrame('MESSAGE');
  assert.deepEqual([again.headers['message-id'], again.headers['redelivered']], [first.headers['message-id'], 'true']);
  await other.noFrameUntil();
});

rule('a session that asks for no copies of its own gets those of others', async (scene) => {
  const headers: Readonly<Record<string, string>>[] = [{ 'no-local': 'true' }, { 'activemq.noLocal': 'True' }, { 'x-echo': 'false' }];
  for (const header of headers) {
    const client = await scene.connect();
    const destination = scene.topic();
    await client.request('SUBSCRIBE', { id: 's', destination, ...header });
    client.frame('SEND', { destination }, 'own');
    await client.noFrameUntil();
    const other = await scene.other();
    await other.request('SEND', { destination }, 'other');
    assert.equal((await client.expectFrame('MESSAGE')).text, 'other');
  }
});

rule('U7: headers of other brokers are understood or passed over', async (scene) => {
  const client = await scene.connect();
  const destination = scene.queue();
  for (let i = 0; i < 3; i++) await client.request('SEND', { destination }, String(i));
  const foreign = { 'x-unknown': 'y', 'auto-delete': 'true', exclusive: 'false', durable: 'False', 'activemq.dispatchAsync': 'true' };
  await client.request('SUBSCRIBE', { id: 's', destination, ack: 'client', 'prefetch-count': '1', ...foreign });
  for (let i = 0; i < 3; i++) {
    const message = await client.expectFrame('MESSAGE');
    assert.equal(message.text, String(i));
    // With a prefetch of one the next comes only when this one is settled.
    await client.noFrameUntil();
    client.frame('ACK', ackHeaders(scene.version, message));
  }
});

rule('U8: two subscriptions of one connection both get a topic message, and one of them a queue message', async (scene) => {
  const client = await scene.connect();
  const [topic, queue] = [scene.topic(), scene.queue()];
  for (const id of ['a', 'b']) {
    await client.request('SUBSCRIBE', { id: `topic-${id}`, destination: topic });
    await client.request('SUBSCRIBE', { id: `queue-${id}`, destination: queue });
  }
  await client.request('SEND', { destination: topic });
  const takers = [await client.expectFrame('MESSAGE'), await client.expectFrame('MESSAGE')];
  assert.deepEqual(takers.map((message) => message.headers['subscription']).sort(), ['topic-a', 'topic-b']);
  await client.request('SEND', { destination: queue });
  assert.match((await client.expectFrame('MESSAGE')).headers['subscription'] ?? '', /^queue-[ab]$/);
  await client.noFrameUntil();
});

rule('U9: the RECEIPT of a SUBSCRIBE comes before its first MESSAGE', async (scene) => {
  const client = await scene.connect();
  const destination = scene.queue();
  for (let i = 0; i < 3; i++) client.frame('SEND', { destination }, String(i));
  await client.request('SUBSCRIBE', { id: 's', destination });
  for (let i = 0; i < 3; i++) assert.equal((await client.expectFrame('MESSAGE')).text, String(i));
});

rule('N1 N2: after UNSUBSCRIBE by id no MESSAGE of it comes', async (scene) => {
  const client = await scene.connect();
  const destination = scene.topic();
  const other = await scene.other();
  await client.request('SUBSCRIBE', { id: 'gone', destination });
  await client.request('SUBSCRIBE', { id: 'kept', destination });
  await client.request('UNSUBSCRIBE', { id: 'gone' });
  await other.request('SEND', { destination });
  assert.equal((await client.expectFrame('MESSAGE')).headers['subscription'], 'kept');
  await client.noFrameUntil();
});

rule('N3: an unknown or missing id is an error', async (scene) => {
  const unknown = await scene.connect();
  unknown.frame('UNSUBSCRIBE', { id: 'never', receipt: 'r' });
  const error = await unknown.expectError(/^Subscription not found$/);
  assert.equal(error.headers['receipt-id'], 'r');
  const missing = await scene.connect();
  missing.frame('UNSUBSCRIBE', {});
  await missing.expectError();
});

rule('N4: what was not acked at UNSUBSCRIBE goes back to the queue, and a late ACK does not end the session', async (scene) => {
  const client = await scene.connect();
  const destination = scene.queue();
  for (let i = 0; i < 2; i++) await client.request('SEND', { destination }, String(i));
  await client.request('SUBSCRIBE', { id: 's', destination, ack: 'client-individual' });
  const [first, second] = [await client.expectFrame('MESSAGE'), await client.expectFrame('MESSAGE')];
  await client.request('UNSUBSCRIBE', { id: 's' });
  const other = await scene.other();
  await other.request('SUBSCRIBE', { id: 'o', destination, ack: 'client-individual' });
  for (const expected of [first, second]) {
    const message = await other.expectFrame('MESSAGE');
    assert.equal(message.text, expected.text);
    assert.equal(message.headers['redelivered'], 'true');
    other.frame('ACK', ackHeaders('1.2', message));
  }
  await other.noFrameUntil();
  client.frame('ACK', ackHeaders(scene.version, first));
  await client.noFrameUntil();
});
