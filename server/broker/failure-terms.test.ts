import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Policies, type DestinationPolicy } from './policies.ts';
import { DEFAULT_REDELIVERY_POLICY } from './redelivery.ts';

const fate = (queue: string, ...policies: DestinationPolicy[]) => new Policies(policies).failureTerms(queue).fate;

describe('the terms of a queue', () => {
  test('are the general ones, changed by its policy field by field', () => {
    const policies = new Policies(
      [{ destination: '/queue/pay.#', redelivery: { maxAttempts: 2 }, nack: 'dead-letter' }],
      { ...DEFAULT_REDELIVERY_POLICY, maxAttempts: 9, maxRecoveries: 8 },
    );
    const general = { ...DEFAULT_REDELIVERY_POLICY, maxAttempts: 9, maxRecoveries: 8, ackTimeoutMs: Infinity };
    assert.deepEqual(policies.failureTerms('pay.card'), { ...general, maxAttempts: 2, nack: 'dead-letter', fate: { kind: 'move', to: 'DLQ.pay.card' } });
    assert.deepEqual(policies.failureTerms('other'), { ...general, nack: 'requeue', fate: { kind: 'move', to: 'DLQ.other' } });
  });

  test('send dead letters where the policy says, or nowhere', () => {
    assert.deepEqual(fate('a', { destination: '/queue/a', deadLetter: 'graveyard' }), { kind: 'move', to: 'graveyard' });
    assert.deepEqual(fate('a.b', { destination: '/queue/a.*', deadLetter: 'dead/{queue}/x' }), { kind: 'move', to: 'dead/a.b/x' });
    assert.deepEqual(fate("$&$'", { destination: '/queue/#', deadLetter: '{queue}.dead' }), { kind: 'move', to: "$&$'.dead" });
    assert.deepEqual(fate('a', { destination: '/queue/a', deadLetter: 'none' }), { kind: 'drop' });
    assert.deepEqual(fate('temp:queue:x', { destination: '/queue/#', deadLetter: 'graveyard' }), { kind: 'drop' });
  });

  test('give nothing up in a queue that holds dead letters, so that they travel in no circle', () => {
    const policies: DestinationPolicy[] = [
      { destination: '/queue/a', deadLetter: 'b' },
      { destination: '/queue/b', deadLetter: 'a' },
      { destination: '/queue/c.#', deadLetter: '{queue}.dead' },
      { destination: '/queue/#', deadLetter: 'none', nack: 'discard' },
    ];
    for (const queue of ['a', 'b', 'DLQ.x', 'c.1.dead', 'x.dead']) assert.deepEqual(fate(queue, ...policies), { kind: 'keep' }, queue);
    for (const queue of ['DLQ.', '.dead', 'x', 'none', 'ab']) assert.deepEqual(fate(queue, ...policies), { kind: 'drop' }, queue);
  });
});
