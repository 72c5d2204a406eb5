import assert from 'node:assert/strict';
import { takeTexts } from '../wire/queue-content.ts';
import { rowsOf } from './row.ts';

const row = rowsOf({ STOMPEDE_POLICIES: JSON.stringify([{ destination: '/queue/latest.#', lastValueKey: 'sensor' }]) });

row('SEND duplicates: are not published, and get their receipts', async (scene) => {
  const [client, sender] = [await scene.connect(), await scene.connect()];
  for (const name of ['_AMQ_DUPL_ID', 'x-dedup-id', 'idempotency-key', 'msg-id']) {
    for (const destination of [scene.queue(), scene.topic()]) {
      await client.request('SUBSCRIBE', { id: destination, destination });
      for (const [text, isDuplicate] of [['first', undefined], ['again', 'true']] as const) {
        sender.frame('SEND', { destination, [name]: 'mine', receipt: text }, text);
        const receipt = await sender.expectFrame('RECEIPT');
        assert.deepEqual([receipt.headers['receipt-id'], receipt.headers['x-duplicate']], [text, isDuplicate], name);
      }
      const { text, headers } = await client.expectFrame('MESSAGE');
      assert.deepEqual([text, headers[name]], ['first', 'mine']);
    }
  }
  await client.noFrameUntil();
});

row('SEND last value: takes the place of the one before it', async (scene) => {
  const client = await scene.connect();
  const destination = scene.queue().replace('/queue/', '/queue/latest.');
  for (const [text, headers] of [
    ['1', { sensor: 'a' }],
    ['2', { sensor: 'b' }],
    ['3', { _AMQ_LVQ_NAME: 'a' }],
    ['4', {}],
    ['5', {}],
    ['6', { sensor: 'b', _AMQ_LVQ_NAME: 'a' }],
  ] as const) {
    await client.request('SEND', { destination, ...headers }, text);
  }
  assert.deepEqual(await takeTexts(scene, destination), ['3', '4', '5', '6']);
});
