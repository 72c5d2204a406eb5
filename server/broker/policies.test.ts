import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Policies, type DestinationPolicy } from './policies.ts';

const rule = (destination: string, maxMessages: number): DestinationPolicy => ({ destination, log: { maxMessages, maxAgeMs: 0 } });
const boundOf = (policies: Policies, canonical: string): number | undefined => policies.of(canonical).log?.maxMessages;

describe('policies', () => {
  test('match by words, and the first that matches wins', () => {
    const policies = new Policies([rule('/topic/chat.lobby', 1), rule('/topic/chat.#', 2), rule('/topic/*.news', 3), { destination: '/topic/#' }]);
    assert.equal(boundOf(policies, '/topic/chat.lobby'), 1);
    assert.equal(boundOf(policies, '/topic/chat'), 2);
    assert.equal(boundOf(policies, '/topic/chat.a.b'), 2);
    assert.equal(boundOf(policies, '/topic/chat.news'), 2);
    assert.equal(boundOf(policies, '/topic/daily.news'), 3);
    assert.equal(boundOf(policies, '/topic/other'), undefined);
  });

  test('are for one kind of destination', () => {
    const policies = new Policies([rule('/topic/>', 1), { destination: '/queue/a.*' }]);
    assert.equal(boundOf(policies, '/topic/a.b'), 1);
    assert.equal(boundOf(policies, '/queue/a.b'), undefined);
    assert.equal(boundOf(policies, '/temp-topic/a'), undefined);
  });

  test('give the same answer however many names were asked for', () => {
    const policies = new Policies([rule('/topic/a.#', 1)]);
    for (let each = 0; each < 20_000; each++) {
      assert.equal(boundOf(policies, `/topic/a.${each}`), 1);
      assert.equal(boundOf(policies, `/topic/b.${each}`), undefined);
      assert.equal(boundOf(policies, '/topic/a'), 1);
    }
  });

  test('are nothing where there are none', () => {
    assert.deepEqual(new Policies([]).of('/topic/a'), {});
  });
});
