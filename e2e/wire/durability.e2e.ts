import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { startBroker } from '../harness/broker-process.ts';
import { connectRawClient, type RawClient } from '../harness/raw-client.ts';
import { ackHeaders } from './scene.ts';
import { describeVariant, variants } from './variant.ts';

/** What a RECEIPT is worth when the process dies the moment it is read: on the embedded engine, killed by SIGKILL. */
const ALL = variants({ cuts: ['whole', 'joined'] });
const broker = await startBroker();
after(() => broker.stop());

const SENT = ['0', '1', '2', '3', '4'];

async function readTexts(client: RawClient, count: number): Promise<string[]> {
  const texts = [];
  for (let i = 0; i < count; i++) texts.push((await client.expectFrame('MESSAGE')).text);
  return texts;
}

test('R5 A6: what was receipted is there after the process was killed, what was acked with a receipt is not', async () => {
  const clients = await Promise.all(
    ALL.map(async (variant) => {
      const client = await connectRawClient(broker, { ...variant, seed: variant.number });
      const destination = `/queue/durable-${variant.number}`;
      SENT.forEach((text) => client.frame('SEND', { destination, receipt: text, persistent: 'false' }, text));
      for (const text of SENT) await client.expectReceipt(text);
      await client.request('SUBSCRIBE', { id: 's', destination, ack: 'client-individual' });
      const first = await client.expectFrame('MESSAGE');
      await readTexts(client, SENT.length - 1);
      await client.request('ACK', ackHeaders(variant.version, first));
      return client;
    }),
  );
  await broker.restart();
  for (const client of clients) await client.expectClosed();
  await Promise.all(
    ALL.map(async (variant) => {
      const client = await connectRawClient(broker, { ...variant, seed: variant.number });
      await client.request('SUBSCRIBE', { id: 's', destination: `/queue/durable-${variant.number}`, ack: 'client-individual' });
      for (const text of SENT.slice(1)) {
        const message = await client.expectFrame('MESSAGE');
        assert.equal(message.text, text, describeVariant(variant));
        assert.equal(message.headers['redelivered'], 'true', describeVariant(variant));
      }
      await client.noFrameUntil();
      client.finish();
    }),
  );
});

test('R5 T5 T7: a committed transaction survives the process as a whole, an open one not at all', async () => {
  await Promise.all(
    ALL.map(async ({ number, ...variant }) => {
      const client = await connectRawClient(broker, { ...variant, seed: number });
      for (const [id, end] of [['done', 'COMMIT'], ['open', undefined]] as const) {
        await client.request('BEGIN', { transaction: id });
        for (const queue of ['a', 'b']) {
          client.frame('SEND', { destination: `/queue/tx-${number}-${queue}`, transaction: id }, id);
        }
        if (end) await client.request(end, { transaction: id });
        else await client.noFrameUntil();
      }
    }),
  );
  await broker.restart();
  await Promise.all(
    ALL.map(async ({ number, ...variant }) => {
      const client = await connectRawClient(broker, { ...variant, seed: number });
      for (const queue of ['a', 'b']) {
        const destination = `/queue/tx-${number}-${queue}`;
        await client.request('SEND', { destination }, 'end');
        await client.request('SUBSCRIBE', { id: queue, destination });
        assert.deepEqual(await readTexts(client, 2), ['done', 'end'], describeVariant({ number, ...variant }));
      }
      client.finish();
    }),
  );
});
