import assert from 'node:assert/strict';
import { takeAll, takeTexts } from './queue-content.ts';
import { rulesOf } from './rule.ts';
import { ackHeaders } from './scene.ts';

const schema = { type: 'object', required: ['id'], properties: { id: { type: 'integer' } } };

/** What policies change, with policies that the process got by its environment. */
const rule = rulesOf({
  env: {
    STOMPEDE_POLICIES: JSON.stringify([
      { destination: '/queue/checked.*', schema },
      { destination: '/topic/checked.#', schema, onViolation: 'dead-letter', deadLetter: 'bad.{queue}' },
      { destination: '/queue/once.*', redelivery: { maxAttempts: 1 }, deadLetter: '{queue}.dead' },
      { destination: '/queue/classic.*', nack: 'dead-letter' },
    ]),
  },
});

let names = 0;
const name = (prefix: string): string => `${prefix}.${++names}`;

rule('S4: what violates the schema of its destination gets an ERROR that says where and what was expected', async (scene) => {
  const client = await scene.connect();
  const queue = `/queue/${name('checked')}`;
  await client.request('SEND', { destination: queue }, '{"id":1}');
  client.frame('SEND', { destination: queue, receipt: 'r' }, '{"id":"1"}');
  const error = await client.expectError(/^Schema violated$/);
  assert.equal(error.headers['code'], 'schema');
  assert.equal(error.headers['receipt-id'], 'r');
  assert.match(error.text, /: at \/id: must be integer$/);
  await client.expectClosed();
});

rule('S4: or it becomes a dead letter, where the policy says so', async (scene) => {
  const client = await scene.connect();
  const topic = name('checked');
  await client.request('SUBSCRIBE', { id: 's', destination: `/topic/${topic}` });
  await client.request('SEND', { destination: `/topic/${topic}` }, 'no json');
  await client.noFrameUntil();
  const [letter] = await takeAll(scene, `/queue/bad.${topic}`);
  assert.equal(letter?.text, 'no json');
  assert.equal(letter.headers['original-destination'], `/topic/${topic}`);
  assert.equal(letter.headers['x-first-death-reason'], 'schema');
  assert.match(letter.headers['dlqDeliveryFailureCause'] ?? '', /^schema: expected JSON: /);
});

rule('A5: a policy says after how many attempts, by what NACK and to where a message is given up', async (scene) => {
  const client = await scene.connect();
  for (const [queue, deadLetters] of [[name('once'), '.dead'], [name('classic'), '']] as const) {
    const destination = `/queue/${queue}`;
    await client.request('SEND', { destination }, 'x');
    await client.request('SUBSCRIBE', { id: queue, destination, ack: 'client-individual' });
    await client.request('NACK', ackHeaders(scene.version, await client.expectFrame('MESSAGE')));
    const letters = deadLetters === '' ? `/queue/DLQ.${queue}` : `/queue/${queue}${deadLetters}`;
    assert.deepEqual(await takeTexts(scene, letters), ['x']);
  }
});
