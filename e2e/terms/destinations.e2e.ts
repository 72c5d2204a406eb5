import assert from 'node:assert/strict';
import type { RawClient } from '../harness/raw-client.ts';
import { rowsOf } from './row.ts';

const row = rowsOf({
  STOMPEDE_ADVISORIES: 'true',
  STOMPEDE_POLICIES: JSON.stringify([{ destination: '/queue/declared' }]),
});

/** Sends to one spelling, and expects it where another was subscribed to. */
async function reaches(client: RawClient, from: string, to: string, headers: Readonly<Record<string, string>> = {}): Promise<void> {
  await client.request('SEND', { destination: from, ...headers }, 'x');
  const message = await client.expectFrame('MESSAGE');
  assert.deepEqual([message.headers['destination'], message.headers['subscription']], [from, to]);
}

row('destination queue: keeps a message until someone reads it, slashes or not', async (scene) => {
  const client = await scene.connect();
  const destination = `${scene.queue()}/a`;
  await client.request('SEND', { destination: destination.replace(/\/a$/, '%2Fa') }, '1');
  await client.request('SEND', { destination }, '2');
  await client.request('SUBSCRIBE', { id: 's', destination });
  for (const text of ['1', '2']) assert.equal((await client.expectFrame('MESSAGE')).text, text);
});

row('destination bare name: is a queue, or what the routing type says', async (scene) => {
  const client = await scene.connect();
  const name = scene.queue().slice('/queue/'.length);
  await client.request('SUBSCRIBE', { id: 'q', destination: `/queue/${name}` });
  await client.request('SUBSCRIBE', { id: 't', destination: name, 'subscription-type': 'MULTICAST' });
  await reaches(client, name, 'q');
  await reaches(client, name, 'q', { 'destination-type': 'ANYCAST' });
  await reaches(client, name, 't', { 'destination-type': 'MULTICAST' });
  await reaches(client, `/topic/${name}`, 't', { 'destination-type': 'ANYCAST' });
  client.frame('SEND', { destination: name, 'destination-type': 'Multicast' });
  assert.equal((await client.expectError(/^Bad header$/)).headers['code'], 'bad-header');
});

row('destination prefix aliases: are other spellings of the same', async (scene) => {
  const client = await scene.connect();
  const [queue, topic] = [scene.queue(), scene.topic()];
  const [q, t] = [queue.slice('/queue/'.length), topic.slice('/topic/'.length)];
  await client.request('SUBSCRIBE', { id: 'q', destination: queue });
  await client.request('SUBSCRIBE', { id: 't', destination: topic });
  for (const alias of [`queue/${q}`, `queue://${q}`, `jms.queue.${q}`]) await reaches(client, alias, 'q');
  for (const alias of [`topic/${t}`, `topic://${t}`, `jms.topic.${t}`]) await reaches(client, alias, 't');
});

row('destination topic: goes to all who subscribed, by wildcards too', async (scene) => {
  const [client, sender] = [await scene.connect(), await scene.connect()];
  const topic = scene.topic();
  for (const pattern of [`${topic}.a`, `${topic}.*`, `${topic}.#`, `${topic}.>`]) await client.request('SUBSCRIBE', { id: pattern, destination: pattern });
  const got = async (count: number) => {
    const ids = [];
    for (let i = 0; i < count; i++) ids.push((await client.expectFrame('MESSAGE')).headers['subscription']?.slice(topic.length));
    return ids.sort();
  };
  await sender.request('SEND', { destination: `${topic}.a` });
  assert.deepEqual(await got(4), ['.#', '.*', '.>', '.a']);
  await sender.request('SEND', { destination: `${topic}.a.b` });
  assert.deepEqual(await got(2), ['.#', '.>']);
  await sender.request('SEND', { destination: topic });
  assert.deepEqual(await got(2), ['.#', '.>']);
});

row('destination composite: reaches each member, which MESSAGE names', async (scene) => {
  const client = await scene.connect();
  const [queue, topic] = [scene.queue(), scene.topic()];
  await client.request('SUBSCRIBE', { id: 's', destination: `${queue},${topic}` });
  await client.request('SEND', { destination: `${queue},${topic}` });
  const got = [await client.expectFrame('MESSAGE'), await client.expectFrame('MESSAGE')];
  assert.deepEqual(got.map(({ headers }) => headers['destination']).sort(), [queue, topic]);
});

row('destination existing queue: is not made by its first use', async (scene) => {
  const client = await scene.connect();
  const name = scene.queue().slice('/queue/'.length);
  await client.request('SEND', { destination: '/amq/queue/declared' });
  await client.request('SEND', { destination: `/queue/${name}` }, '1');
  await client.request('SEND', { destination: `/amq/queue/${name}` }, '2');
  client.frame('SEND', { destination: `/amq/queue/${name}.other` });
  await client.expectError(/^not_found$/);
});

row('destination exchanges: are topics by pattern, by key, and for everyone', async (scene) => {
  const client = await scene.connect();
  const key = scene.topic().slice('/topic/'.length);
  const [topic, direct, fanout] = [`/exchange/amq.topic/${key}.*`, `/exchange/amq.direct/${key}.a`, '/exchange/amq.fanout'];
  for (const destination of [topic, direct, fanout]) await client.request('SUBSCRIBE', { id: destination, destination });
  await reaches(client, `/topic/${key}.a`, topic);
  await reaches(client, `/exchange/amq.topic/${key}.b`, topic);
  await reaches(client, `/exchange/amq.direct/${key}.a`, direct);
  await reaches(client, `/exchange/amq.fanout/${key}`, fanout);
  client.frame('SEND', { destination: `/exchange/mine/${key}` });
  await client.expectError(/^not_found$/);
});

row('destination temporaries: are the connection\'s own and answer to its own name', async (scene) => {
  const [client, stranger] = [await scene.connect(), await scene.connect()];
  for (const destination of ['/temp-queue/x', '/temp-topic/x']) {
    for (const each of [client, stranger]) await each.request('SUBSCRIBE', { id: destination, destination });
    await client.request('SEND', { destination }, 'mine');
    assert.equal((await client.expectFrame('MESSAGE')).text, 'mine');
  }
  await stranger.noFrameUntil();
});

row('destination reply addresses: lead to the temporary of whoever gave them out', async (scene) => {
  const [asker, server] = [await scene.connect(), await scene.connect()];
  const destination = scene.queue();
  await server.request('SUBSCRIBE', { id: 's', destination });
  await asker.request('SUBSCRIBE', { id: 'q', destination: '/temp-queue/q' });
  await asker.request('SUBSCRIBE', { id: 't', destination: '/temp-topic/t' });
  for (const [own, id] of [['/temp-queue/q', 'q'], ['/temp-topic/t', 't']] as const) {
    await asker.request('SEND', { destination, 'reply-to': own });
    const address = (await server.expectFrame('MESSAGE')).headers['reply-to'] ?? '';
    assert.match(address, own === '/temp-queue/q' ? /^\/reply-queue\// : /^\/remote-temp-topic\//);
    await server.request('SEND', { destination: address }, 'answer');
    assert.equal((await asker.expectFrame('MESSAGE')).headers['subscription'], id);
    if (id === 't') continue;
    // ActiveMQ's spelling of the same address.
    await server.request('SEND', { destination: address.replace('/reply-queue/', '/remote-temp-queue/') }, 'answer');
    assert.equal((await asker.expectFrame('MESSAGE')).headers['subscription'], id);
  }
  server.frame('SUBSCRIBE', { id: 'x', destination: '/reply-queue/anything' });
  assert.equal((await server.expectError(/^Unknown destination$/)).headers['code'], 'not-yours');
});

row('destination advisories: tell what happens, and nobody else may speak there', async (scene) => {
  const [watcher, actor] = [await scene.connect(), await scene.connect()];
  const destination = scene.queue();
  const advisory = `ActiveMQ.Advisory.Consumer.Queue.${destination.slice('/queue/'.length)}`;
  await watcher.request('SUBSCRIBE', { id: 'w', destination: `/topic/${advisory}` });
  await actor.request('SUBSCRIBE', { id: 's', destination });
  const { headers } = await watcher.expectFrame('MESSAGE');
  assert.deepEqual([headers['destination'], headers['consumerCount']], [`/topic/${advisory}`, '1']);
  actor.frame('SEND', { destination: `/topic/${advisory}` });
  await actor.expectError(/^Access refused$/);
});
