import { test } from 'node:test';
import assert from 'node:assert/strict';
import { ConfigError } from './config.ts';
import { splitRedis } from './redis-choice.ts';

class Client {
  readonly options = {};
  duplicate(): Client {
    return new Client();
  }
}

test('a Redis is named by a URL, as redis or as redisUrl', () => {
  assert.deepEqual(splitRedis(undefined, undefined), { values: { redisUrl: undefined, redis: {} }, client: undefined });
  for (const split of [splitRedis('redis://h', undefined), splitRedis('redis://h', ''), splitRedis(undefined, 'redis://h')]) {
    assert.deepEqual(split, { values: { redisUrl: 'redis://h', redis: {} }, client: undefined });
  }
});

test('a plain object is a section of options, any other one a client', () => {
  const client = new Client();
  assert.equal(splitRedis(client, undefined).client, client);
  assert.deepEqual(splitRedis({ prefix: 'a' }, 'redis://h'), { values: { redisUrl: 'redis://h', redis: { prefix: 'a' } }, client: undefined });
  assert.deepEqual(splitRedis({ prefix: 'a', connection: client }, undefined), { values: { redisUrl: undefined, redis: { prefix: 'a' } }, client });
  // A client of `redis` is an object made from an instance.
  const derived = Object.create(client) as Client;
  assert.equal(splitRedis(derived, undefined).client, derived);
});

test('naming two is refused, and so will be what is neither URL nor client', () => {
  assert.throws(() => splitRedis('redis://a', 'redis://b'), ConfigError);
  assert.throws(() => splitRedis({ connection: new Client() }, 'redis://b'), ConfigError);
  assert.equal(splitRedis(null as never, undefined).values.redisUrl, null);
});
