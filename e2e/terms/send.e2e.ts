import assert from 'node:assert/strict';
import type { ServerFrame } from '../harness/server-frame.ts';
import type { Scene } from '../wire/scene.ts';
import { rowsOf } from './row.ts';

const row = rowsOf();

/** The MESSAGE that a SEND with these headers becomes, on a queue and on a topic. */
async function sent(scene: Scene, headers: Readonly<Record<string, string>>): Promise<ServerFrame[]> {
  const client = await scene.connect();
  const frames: ServerFrame[] = [];
  for (const destination of [scene.queue(), scene.topic()]) {
    await client.request('SUBSCRIBE', { id: destination, destination });
    await client.request('SEND', { destination, ...headers }, 'x');
    frames.push(await client.expectFrame('MESSAGE'));
  }
  return frames;
}

row('SEND persistence: is repeated if it was asked for', async (scene) => {
  for (const [asked, said] of [['true', 'true'], ['True', 'True'], ['false', undefined]] as const) {
    for (const { headers } of await sent(scene, { persistent: asked })) assert.equal(headers['persistent'], said);
  }
  for (const { headers } of await sent(scene, {})) assert.equal(headers['persistent'], undefined);
});

row('SEND priority: passes the others, and is said where it is not the usual one', async (scene) => {
  for (const [asked, said] of [['9', '9'], ['12', '9'], ['-1', '0'], ['4', undefined], ['high', undefined]] as const) {
    for (const { headers } of await sent(scene, { priority: asked })) assert.equal(headers['priority'], said);
  }
  const client = await scene.connect();
  const destination = scene.queue();
  for (const priority of ['4', '0', '9', '4', '7']) await client.request('SEND', { destination, priority }, priority);
  await client.request('SUBSCRIBE', { id: 'q', destination });
  for (const text of ['9', '7', '4', '4', '0']) assert.equal((await client.expectFrame('MESSAGE')).text, text);
});

row('SEND expiry: is the earliest of those that are named, and said; what has expired reaches nobody', async (scene) => {
  for (const { headers } of await sent(scene, { expires: '9999999999999', priority: '4' })) assert.equal(headers['expires'], '9999999999999');
  for (const { headers } of await sent(scene, { expires: '0' })) assert.equal(headers['expires'], undefined);
  for (const { headers } of await sent(scene, { expires: '9999999999999', expiration: '60000' })) {
    assert.equal(headers['expiration'], '60000');
    assert.equal(Number(headers['expires']) - Number(headers['timestamp']), 60_000);
  }
  for (const { headers } of await sent(scene, { JMSTimeToLive: '60000' })) assert.equal(Number(headers['expires']) - Number(headers['timestamp']), 60_000);
  const client = await scene.connect();
  const destination = scene.queue();
  await client.request('SEND', { destination, expires: '1' }, 'gone');
  await client.request('SEND', { destination }, 'there');
  await client.request('SUBSCRIBE', { id: 'q', destination });
  assert.equal((await client.expectFrame('MESSAGE')).text, 'there');
  client.frame('SEND', { destination, expiration: 'soon' });
  assert.equal((await client.expectError(/^Bad header$/)).headers['code'], 'bad-header');
});

row('SEND delay: is waited for, on queues and topics', async (scene) => {
  const client = await scene.connect();
  const [queue, topic] = [scene.queue(), scene.topic()];
  for (const destination of [queue, topic]) await client.request('SUBSCRIBE', { id: destination, destination });
  const startedAt = Date.now();
  for (const [name, value] of [['AMQ_SCHEDULED_DELAY', '1500'], ['AMQ_SCHEDULED_TIME', String(startedAt + 1_500)], ['_AMQ_SCHED_DELIVERY', String(startedAt + 1_500)], ['x-delay', '1500']] as const) {
    for (const destination of [queue, topic]) client.frame('SEND', { destination, [name]: value }, name);
  }
  await client.noFrameUntil();
  for (let i = 0; i < 8; i++) {
    const { text, headers } = await client.expectFrame('MESSAGE');
    assert.ok(Date.now() >= startedAt + 1_500, `${text} came after ${Date.now() - startedAt} ms`);
    assert.equal(headers[text], undefined);
  }
  client.frame('SEND', { destination: queue, 'x-delay': 'soon' });
  await client.expectError(/^Bad header$/);
});

row('SEND repeats: make as many messages of it as it says', async (scene) => {
  const client = await scene.connect();
  const [queue, topic] = [scene.queue(), scene.topic()];
  for (const destination of [queue, topic]) await client.request('SUBSCRIBE', { id: destination, destination });
  for (const destination of [queue, topic]) client.frame('SEND', { destination, AMQ_SCHEDULED_DELAY: '100', AMQ_SCHEDULED_PERIOD: '1000', AMQ_SCHEDULED_REPEAT: '2', own: '1' }, destination);
  const ids = new Set<string>();
  const jobs = new Set<string>();
  for (let i = 0; i < 6; i++) {
    const { text, headers } = await client.expectFrame('MESSAGE');
    assert.deepEqual([headers['destination'], headers['own'], headers['AMQ_SCHEDULED_REPEAT']], [text, '1', undefined]);
    ids.add(headers['message-id'] ?? '');
    jobs.add(headers['scheduledJobId'] ?? '');
  }
  assert.deepEqual([ids.size, jobs.size], [6, 2]);
  client.frame('SEND', { destination: queue, AMQ_SCHEDULED_PERIOD: '10', AMQ_SCHEDULED_REPEAT: '2' });
  await client.expectError(/^Bad header$/);
});

row('SEND cron: is read at once, and stored', async (scene) => {
  const client = await scene.connect();
  const destination = scene.queue();
  await client.request('SUBSCRIBE', { id: 's', destination });
  await client.request('SEND', { destination, AMQ_SCHEDULED_CRON: '0 0 1 1 *' });
  await client.noFrameUntil();
  for (const cron of ['* * * *', '61 * * * *', '0 0 31 2 *', '@daily', 'every minute']) {
    const other = await scene.connect();
    other.frame('SEND', { destination, AMQ_SCHEDULED_CRON: cron, receipt: 'r' });
    const { headers, text } = await other.expectError(/^Bad header$/);
    assert.deepEqual([headers['code'], headers['receipt-id']], ['bad-header', 'r']);
    assert.match(text, /AMQ_SCHEDULED_CRON.* to be .*five fields/);
  }
});

row('SEND request and reply: a reply-to is enough, and so is a subscription that is there', async (scene) => {
  const [rabbit, active, server] = [await scene.connect(), await scene.connect(), await scene.connect()];
  const destination = scene.queue();
  await server.request('SUBSCRIBE', { id: 's', destination });
  await active.request('SUBSCRIBE', { id: 'answers', destination: '/temp-queue/a' });
  for (const [asker, temporary, id] of [[rabbit, '/temp-queue/r', '/temp-queue/r'], [active, '/temp-queue/a', 'answers']] as const) {
    await asker.request('SEND', { destination, 'reply-to': temporary, 'correlation-id': `c ${id}` }, 'question');
    const question = await server.expectFrame('MESSAGE');
    assert.equal(question.headers['correlation-id'], `c ${id}`);
    await server.request('SEND', { destination: question.headers['reply-to'] ?? '', 'correlation-id': `c ${id}` }, 'answer');
    const answer = await asker.expectFrame('MESSAGE');
    assert.deepEqual([answer.text, answer.headers['subscription'], answer.headers['correlation-id']], ['answer', id, `c ${id}`]);
  }
  // What is no temporary goes on as it is.
  for (const { headers } of await sent(scene, { 'reply-to': '/queue/answers' })) assert.equal(headers['reply-to'], '/queue/answers');
});

row('SEND type and application: reach the receiver as they are', async (scene) => {
  const own = {
    type: 'order',
    'app-id': 'shop',
    'content-type': 'application/json;charset=utf-8',
    'content-encoding': 'identity',
    'amqp-message-id': 'm-1',
    transformation: 'jms-map-json',
    'amq-msg-type': 'text',
    'x-stream-filter-value': 'emea',
    'my-own': 'a:b\\c',
  };
  for (const { headers } of await sent(scene, own)) {
    for (const [name, value] of Object.entries(own)) assert.equal(headers[name], value, name);
  }
});

row('SEND user: is who logged in', async (scene) => {
  for (const { headers } of await sent(scene, { JMSXUserID: 'mallory' })) assert.equal(headers['JMSXUserID'], 'guest');
  for (const { headers } of await sent(scene, { 'user-id': 'guest' })) assert.deepEqual([headers['user-id'], headers['JMSXUserID']], ['guest', 'guest']);
  const client = await scene.connect();
  client.frame('SEND', { destination: scene.queue(), 'user-id': 'mallory', receipt: 'r' });
  const error = await client.expectError(/^precondition_failed$/);
  assert.deepEqual([error.headers['code'], error.headers['receipt-id']], ['wrong-user-id', 'r']);
});

row('SEND routing type: is repeated', async (scene) => {
  for (const type of ['ANYCAST', 'MULTICAST']) {
    for (const { headers } of await sent(scene, { 'destination-type': type })) assert.equal(headers['destination-type'], type);
  }
});

row('SEND receipt: says that it is done, and stays behind', async (scene) => {
  for (const { headers } of await sent(scene, {})) assert.equal(headers['receipt'], undefined);
  const client = await scene.connect();
  const destination = scene.queue();
  await client.request('SEND', { destination }, 'x');
  await client.request('SUBSCRIBE', { id: 'b', destination, browser: 'true' });
  assert.equal((await client.expectFrame('MESSAGE')).text, 'x');
});

row('SEND transaction: is held until it is committed, over queues and topics', async (scene) => {
  const client = await scene.connect();
  const [queue, topic] = [scene.queue(), scene.topic()];
  for (const destination of [queue, topic]) await client.request('SUBSCRIBE', { id: destination, destination });
  for (const [transaction, end] of [['1', 'ABORT'], ['2', 'COMMIT']] as const) {
    await client.request('BEGIN', { transaction });
    for (const destination of [queue, topic]) await client.request('SEND', { destination, transaction }, end);
    await client.noFrameUntil();
    await client.request(end, { transaction });
  }
  for (let i = 0; i < 2; i++) {
    const { text, headers } = await client.expectFrame('MESSAGE');
    assert.deepEqual([text, headers['transaction']], ['COMMIT', undefined]);
  }
});

row('SEND broker headers: cannot be forged', async (scene) => {
  const names = [
    'message-id subscription ack redelivered timestamp browser JMSXDeliveryCount JMSXUserID JMSXGroupFirstForConsumer x-delivery-count original-destination',
    'x-stream-offset x-stream-epoch x-dropped x-gap x-first-death-queue x-first-death-reason x-first-death-exchange x-last-death-queue',
    'x-last-death-reason x-last-death-exchange _AMQ_ORIG_ADDRESS _AMQ_ORIG_QUEUE _AMQ_ORIG_MESSAGE_ID _AMQ_ACTUAL_EXPIRY dlqDeliveryFailureCause',
  ].join(' ').split(' ');
  for (const { headers } of await sent(scene, Object.fromEntries(names.map((name) => [name, 'forged'])))) {
    for (const name of names) assert.notEqual(headers[name], 'forged', name);
  }
});
