import assert from 'node:assert/strict';
import { rulesOf } from './rule.ts';
import { ackHeaders } from './scene.ts';

/** MESSAGE, RECEIPT and ERROR as the server writes them. The strict reader judges each frame of every test besides. */
const rule = rulesOf();

rule('M1: destination is where the message was sent to, in the words of its SEND', async (scene) => {
  const client = await scene.connect();
  const topic = scene.topic();
  await client.request('SUBSCRIBE', { id: 'all', destination: `${topic}.#` });
  await client.request('SUBSCRIBE', { id: 'one', destination: `${topic}.*` });
  await client.request('SEND', { destination: `${topic}.a` });
  for (let i = 0; i < 2; i++) assert.equal((await client.expectFrame('MESSAGE')).headers['destination'], `${topic}.a`);
  const queue = `${scene.queue()}/with/slashes`;
  await client.request('SUBSCRIBE', { id: 'queue', destination: queue });
  await client.request('SEND', { destination: queue });
  assert.equal((await client.expectFrame('MESSAGE')).headers['destination'], queue);
  // A composite names several; each message carries the member it went to.
  await client.request('SEND', { destination: `${queue},${topic}.b` });
  const members = [];
  for (let i = 0; i < 3; i++) members.push((await client.expectFrame('MESSAGE')).headers['destination']);
  assert.deepEqual(members.sort(), [queue, `${topic}.b`, `${topic}.b`]);
});

rule('M2: message-id names the message, ack the delivery', async (scene) => {
  const client = await scene.connect();
  const [queue, topic] = [scene.queue(), scene.topic()];
  await client.request('SUBSCRIBE', { id: 'q', destination: queue, ack: 'client-individual' });
  await client.request('SUBSCRIBE', { id: 't1', destination: topic });
  await client.request('SUBSCRIBE', { id: 't2', destination: topic });
  client.frame('SEND', { destination: topic });
  const [one, two] = [await client.expectFrame('MESSAGE'), await client.expectFrame('MESSAGE')];
  assert.equal(one.headers['message-id'], two.headers['message-id']);
  client.frame('SEND', { destination: queue });
  client.frame('SEND', { destination: queue });
  const [first, second] = [await client.expectFrame('MESSAGE'), await client.expectFrame('MESSAGE')];
  assert.notEqual(first.headers['message-id'], second.headers['message-id']);
  client.frame('NACK', ackHeaders(scene.version, first));
  const again = await client.expectFrame('MESSAGE');
  assert.equal(again.headers['message-id'], first.headers['message-id']);
  assert.equal(new Set([first.headers['ack'], second.headers['ack'], again.headers['ack']]).size, 3);
  // Names that every version writes as they stand, and that old clients cannot misread.
  for (const name of ['message-id', 'ack']) assert.match(first.headers[name] ?? '', /^[^\\:\s]+$/);
});

rule('M3 M4 M5: MESSAGE carries subscription, ack where acks are asked for, content-length always', async (scene) => {
  const client = await scene.connect();
  for (const ack of ['auto', 'client', 'client-individual']) {
    for (const body of ['', 'text', 'ünïcödé 🎉']) {
      const destination = scene.queue();
      const id = `${ack}-${body.length}`;
      await client.request('SUBSCRIBE', { id, destination, ack });
      await client.request('SEND', { destination }, body);
      const { headers } = await client.expectFrame('MESSAGE');
      assert.equal(headers['subscription'], id);
      assert.equal(headers['ack'] === undefined, ack === 'auto');
      assert.equal(headers['content-length'], String(Buffer.byteLength(body)));
      assert.equal(headers['redelivered'], 'false');
      if (ack !== 'auto') assert.equal(headers['JMSXDeliveryCount'], '1');
    }
  }
});

rule('M6: all headers of the sender are there, in its own letters', async (scene) => {
  const client = await scene.connect();
  const destination = scene.topic();
  await client.request('SUBSCRIBE', { id: 's', destination });
  const own = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`X-Header-${i}`, `Value ${i}`]));
  await client.request('SEND', { destination, ...own });
  const { headers } = await client.expectFrame('MESSAGE');
  for (const [name, value] of Object.entries(own)) assert.equal(headers[name], value);
});

rule('M7: RECEIPT carries receipt-id', async (scene) => {
  const client = await scene.connect();
  client.frame('SEND', { destination: '/topic/void', receipt: 'message-12345' });
  assert.equal((await client.expectFrame('RECEIPT')).headers['receipt-id'], 'message-12345');
});

rule('M8 M9 M10 M11: an ERROR says what was wrong in one line and in words, shows no internals, and is the last frame', async (scene) => {
  const offences = [
    'GREET\n\n\0',
    'SEND\n\n\0',
    'SUBSCRIBE\nid:s\ndestination:/nowhere:\\\n\n\0',
    'ACK\nid:no\\c\nmessage-id:no\nsubscription:x\n\n\0',
    'COMMIT\ntransaction:t\n\n\0',
  ];
  for (const offence of offences) {
    const client = await scene.connect();
    client.send(offence);
    client.send('SEND\ndestination:/topic/void\nreceipt:late\n\n\0');
    const error = await client.expectError();
    assert.equal(error.headers['content-type'], 'text/plain');
    assert.equal(error.headers['content-length'], String(error.body.length));
    assert.match(error.headers['code'] ?? '', /^[a-z][a-z-]*$/);
    assert.doesNotMatch(error.text, /node:|\.ts\b|\.js\b|node_modules/);
  }
});

rule('M12: messages of one sender to one destination arrive in order', async (scene) => {
  const [sender, reader] = [await scene.connect(), await scene.connect()];
  const count = scene.variant.cut === 'bytes' ? 10 : 100;
  for (const destination of [scene.queue(), scene.topic()]) {
    await reader.request('SUBSCRIBE', { id: destination, destination });
    for (let i = 0; i < count; i++) sender.frame('SEND', { destination }, String(i));
    for (let i = 0; i < count; i++) assert.equal((await reader.expectFrame('MESSAGE')).text, String(i));
  }
});

rule('M12: what comes back goes before what is new', async (scene) => {
  const client = await scene.connect();
  const destination = scene.queue();
  for (let i = 0; i < 4; i++) client.frame('SEND', { destination }, String(i));
  await client.request('SUBSCRIBE', { id: 's', destination, ack: 'client-individual', 'prefetch-count': '2' });
  const [first, second] = [await client.expectFrame('MESSAGE'), await client.expectFrame('MESSAGE')];
  client.frame('NACK', ackHeaders(scene.version, second));
  const again = await client.expectFrame('MESSAGE');
  assert.equal(again.text, '1');
  client.frame('ACK', ackHeaders(scene.version, first));
  assert.equal((await client.expectFrame('MESSAGE')).text, '2');
});
