import assert from 'node:assert/strict';
import { rulesOf } from './rule.ts';
import { takeTexts } from './queue-content.ts';

/** `x-soft-errors:true` on CONNECT. */
const rule = rulesOf();

const ERRORS = '/user/queue/errors';

rule('a refused SEND or SUBSCRIBE is told on /user/queue/errors in place of its RECEIPT, and the session goes on', async (scene) => {
  const client = await scene.connect({ 'x-soft-errors': 'true' });
  const destination = scene.queue();
  await client.request('SUBSCRIBE', { id: 'e', destination: ERRORS });
  client.frame('SEND', { destination, receipt: '1' }, 'one');
  client.frame('SEND', { destination: '/nowhere/ä:x', receipt: '2' }, 'two');
  client.frame('SUBSCRIBE', { id: 's', destination: scene.topic(), selector: 'a = ', receipt: '3' });
  client.frame('SEND', { destination, receipt: '4' }, 'four');
  await client.expectReceipt('1');
  for (const [receiptId, message, code] of [['2', 'Unknown destination', 'unknown-prefix'], ['3', 'Bad header', 'bad-selector']] as const) {
    const told = await client.expectFrame('MESSAGE');
    const { headers } = told;
    assert.deepEqual([headers['receipt-id'], headers['message'], headers['code']], [receiptId, message, code]);
    assert.deepEqual([headers['destination'], headers['subscription'], headers['content-type']], [ERRORS, 'e', 'text/plain']);
    assert.notEqual(told.text, '');
  }
  await client.expectReceipt('4');
  assert.deepEqual(await takeTexts(scene, destination), ['one', 'four']);
});

rule('without a subscription to /user/queue/errors, and within a transaction, a refusal is an ERROR as ever', async (scene) => {
  const alone = await scene.connect({ 'x-soft-errors': 'true' });
  alone.frame('SEND', { destination: '/nowhere/x', receipt: 'r' });
  assert.equal((await alone.expectError(/^Unknown destination$/)).headers['receipt-id'], 'r');
  const within = await scene.connect({ 'x-soft-errors': 'true' });
  await within.request('SUBSCRIBE', { id: 'e', destination: ERRORS });
  await within.request('BEGIN', { transaction: 't' });
  within.frame('SEND', { destination: '/nowhere/x', transaction: 't' });
  await within.expectError(/^Unknown destination$/);
});
