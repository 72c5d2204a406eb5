import assert from 'node:assert/strict';
import { rulesOf } from './rule.ts';

/** How much a frame, and a stranger, may take. */
const rule = rulesOf();

const KIB = 1024;

rule('F19: too many headers, a header line too long, a frame too large are answered by ERROR', async (scene) => {
  const many = await scene.connect();
  many.send(`SEND\ndestination:/topic/void\n${Array.from({ length: 100 }, (_, i) => `x-${i}:1\n`).join('')}\n\0`);
  await many.expectError();
  const enough = await scene.connect();
  enough.send(`SEND\ndestination:/topic/void\nreceipt:r\n${Array.from({ length: 98 }, (_, i) => `x-${i}:1\n`).join('')}\n\0`);
  await enough.expectReceipt('r');
  const long = await scene.connect();
  long.send(`SEND\ndestination:/topic/void\nx:${'y'.repeat(11 * KIB)}\n\n\0`);
  await long.expectError();
});

rule('F19 W11: a stated length over the limit is refused before the body comes', async (scene) => {
  for (const length of ['5000000', '99999999999999999999']) {
    const client = await scene.connect();
    client.send(`SEND\ndestination:/topic/void\ncontent-length:${length}\n\n`);
    const error = await client.expectError();
    assert.equal(error.headers['code'], 'frame-too-large');
  }
});

rule(
  'W11 F19: a body of 1023 KiB is fine, a frame over 4 MiB ends the connection',
  async (scene) => {
    const client = await scene.connect();
    const destination = scene.queue();
    await client.request('SUBSCRIBE', { id: 's', destination });
    const body = Buffer.alloc(1023 * KIB, 'large ');
    client.frame('SEND', { destination }, body);
    const message = await client.expectFrame('MESSAGE');
    assert.ok(message.body.equals(body));
    client.send(`SEND\ndestination:${destination}\n\n${'x'.repeat(4200 * KIB)}\0`);
    // A WebSocket message that is too large by itself is refused by its header, before anything of it is read.
    await client.expectTooLarge();
  },
  { cuts: ['whole', 'random'], versions: ['1.2'] },
);

rule('C16: a stranger has 64 KiB over all chunks, then the connection ends', async (scene) => {
  const client = await scene.open();
  client.send('CONNECT\naccept-version:1.2\nhost:localhost\n');
  // Lines and headers within their own limits: only the sum is over.
  for (let i = 0; i < 9; i++) client.send(`x-${i}:${'y'.repeat(8 * KIB)}\n`);
  client.send('\n\0');
  await client.expectTooLarge();
});

rule('C13: clients that come and go quickly leave nothing behind', async (scene) => {
  const destination = scene.queue();
  for (let i = 0; i < 10; i++) {
    const client = await scene.open();
    if (i % 2 === 0) await client.connect();
    else client.send('CONN');
    if (i % 4 === 0) client.frame('SUBSCRIBE', { id: 's', destination, ack: 'client' });
    await client.sent();
    if (i % 3 === 0) client.close();
    else client.destroy();
  }
  // Had one of them stayed a consumer of the queue, it would hold some of these.
  const heir = await scene.connect();
  for (let i = 0; i < 5; i++) await heir.request('SEND', { destination }, String(i));
  await heir.request('SUBSCRIBE', { id: 's', destination, ack: 'client-individual' });
  const texts: string[] = [];
  for (let i = 0; i < 5; i++) texts.push((await heir.expectFrame('MESSAGE')).text);
  assert.deepEqual(texts.sort(), ['0', '1', '2', '3', '4']);
});
